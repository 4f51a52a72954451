#include "platform.h"
#include "shim.h"

/* Texts and names; written from the table in internal/codes. */
static const struct {
    const char *name, *text;
} errors[] = {
#include "error_table.h"
};

static const size_t error_count = sizeof errors / sizeof errors[0];

uint32_t cachekit_version_number(void) { return CACHEKIT_VERSION_NUMBER; }

const char *cachekit_version_string(void) { return CACHEKIT_VERSION_STRING; }

static char build_info[256]; /* with room for two warnings of up to 60 bytes each */
static ck_once build_info_once = CK_ONCE_INIT;

static void read_build_info(void)
{
    if (CK_GO(ckgo_build_info(build_info, sizeof build_info)) != CACHEKIT_OK)
        build_info[0] = '\0';
}

CachekitError cachekit_start(void) { return ck_ready(); }

const char *cachekit_build_info(void)
{
    if (ck_ready() == CACHEKIT_OK)
        ck_once_do(&build_info_once, read_build_info);
    return build_info;
}

const char *cachekit_error_string(CachekitError err)
{
    return (size_t)err < error_count ? errors[err].text : "unknown error";
}

const char *cachekit_error_name(CachekitError err)
{
    return (size_t)err < error_count ? errors[err].name : "CACHEKIT_UNKNOWN";
}

bool cachekit_hardware_acceleration_enabled(void)
{
    return ck_ready() == CACHEKIT_OK && CK_GO(ckgo_hardware_accelerated()) != 0;
}

void cachekit_free_buffer(void *buffer) { ck_buffer_free(buffer); }

void cachekit_wipe(void *memory, size_t len) { ck_wipe(memory, len); }
