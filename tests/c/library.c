/* Version, texts, wiping, buffers, and what the ABI has fixed. */
#include "fixture.h"

#include <limits.h>

/* The layout that programs are compiled against. */
#define LAYOUT(type, field, offset)                                                                \
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
_Static_assert(sizeof(CachekitError) == 4, "CachekitError is an int");
LAYOUT(CachekitEnvelopeInfo, struct_size, 0);
LAYOUT(CachekitEnvelopeInfo, original_size, 8);
LAYOUT(CachekitEnvelopeInfo, compressed_size, 16);
LAYOUT(CachekitEnvelopeInfo, checksum, 24);
LAYOUT(CachekitEnvelopeInfo, format, 32);
LAYOUT(CachekitEnvelopeInfo, format_len, 40);
_Static_assert(sizeof(CachekitEnvelopeInfo) == 48, "CachekitEnvelopeInfo");
LAYOUT(CachekitOperationMetrics, operations, 0);
LAYOUT(CachekitOperationMetrics, errors, 8);
LAYOUT(CachekitOperationMetrics, bytes_in, 16);
LAYOUT(CachekitOperationMetrics, bytes_out, 24);
LAYOUT(CachekitOperationMetrics, timed_operations, 32);
LAYOUT(CachekitOperationMetrics, total_ns, 40);
LAYOUT(CachekitOperationMetrics, last_ns, 48);
LAYOUT(CachekitMetrics, store, 8);
LAYOUT(CachekitMetrics, retrieve, 64);
LAYOUT(CachekitMetrics, encrypt, 120);
LAYOUT(CachekitMetrics, decrypt, 176);
LAYOUT(CachekitMetrics, last_compression_ratio, 232);
LAYOUT(CachekitMetrics, hardware_accelerated, 240);
_Static_assert(sizeof(CachekitMetrics) == 248, "CachekitMetrics");
LAYOUT(CachekitTenantKeys, encryption, 8);
LAYOUT(CachekitTenantKeys, authentication, 40);
LAYOUT(CachekitTenantKeys, cache_keys, 72);
_Static_assert(sizeof(CachekitTenantKeys) == 104, "CachekitTenantKeys");

TEST(limits_are_those_of_the_formats)
{
    CHECK_NUMBER(512 * MIB, CACHEKIT_MAX_PAYLOAD_SIZE);
    CHECK_NUMBER(512 * MIB, CACHEKIT_MAX_ENVELOPE_SIZE);
    CHECK_NUMBER(8, CACHEKIT_CHECKSUM_SIZE);
    CHECK_NUMBER(32, CACHEKIT_KEY_SIZE);
    CHECK_NUMBER(16, CACHEKIT_FINGERPRINT_SIZE);
    CHECK_NUMBER(12, CACHEKIT_NONCE_SIZE);
    CHECK_NUMBER(16, CACHEKIT_TAG_SIZE);
    CHECK_NUMBER(28, CACHEKIT_CIPHERTEXT_OVERHEAD);
    CHECK_NUMBER(16, CACHEKIT_MIN_MASTER_KEY_SIZE);
    CHECK_NUMBER(255, CACHEKIT_MAX_DOMAIN_SIZE);
    CHECK_NUMBER(1024, CACHEKIT_MAX_SALT_SIZE);
    CHECK_NUMBER(3, CACHEKIT_MAX_DECRYPT_ONLY_KEYS);
    CHECK_NUMBER(64 + 1 + 64 + 1 + 64 + 1, CACHEKIT_INTEROP_KEY_BUFFER_SIZE);
}

TEST(version_of_library_and_header_agree)
{
    char text[32];
    CHECK_NUMBER(CACHEKIT_VERSION_NUMBER, cachekit_version_number());
    CHECK_TEXT(CACHEKIT_VERSION_STRING, cachekit_version_string());
    (void)snprintf(text, sizeof text, "%d.%d.%d", CACHEKIT_VERSION_MAJOR, CACHEKIT_VERSION_MINOR,
        CACHEKIT_VERSION_PATCH);
    CHECK_TEXT(text, cachekit_version_string());
}

TEST(build_info_names_what_runs)
{
    const char *info = cachekit_build_info();
    CHECK(info != NULL && strncmp(info, "go1.", 4) == 0);
    CHECK(info != NULL && strstr(info, " aes=") != NULL && strstr(info, " lz4=") != NULL);
    CHECK(info == cachekit_build_info());
}

/* How many codes the library knows: their numbers follow each other from 0. */
static int count_codes(void)
{
    int n = 0;
    while (strcmp(cachekit_error_name((CachekitError)n), "CACHEKIT_UNKNOWN") != 0)
        n++;
    return n;
}

/* The numbers and names that programs are compiled against. A new code needs no row
 * here before it is released. */
TEST(codes_keep_their_numbers_and_names)
{
#define ROW(number, code) {number, CACHEKIT_##code, "CACHEKIT_" #code}
    static const struct {
        int number;
        CachekitError code;
        const char *name;
    } rows[] = {
        ROW(0, OK),
        ROW(1, INVALID_INPUT),
        ROW(2, CHECKSUM_MISMATCH),
        ROW(3, DECOMPRESSION_FAILED),
        ROW(4, DECRYPTION_FAILED),
        ROW(5, ROTATION_NEEDED),
        ROW(6, COUNTER_EXHAUSTED),
        ROW(7, INVALID_KEY_LENGTH),
        ROW(8, BUFFER_TOO_SMALL),
        ROW(9, NULL_POINTER),
        ROW(10, INPUT_TOO_LARGE),
        ROW(11, DECOMPRESSION_BOMB),
        ROW(12, SIZE_VALIDATION_FAILED),
        ROW(13, RNG_FAILURE),
        ROW(14, DOMAIN_TOO_LONG),
        ROW(15, SALT_TOO_LONG),
        ROW(16, INVALID_HANDLE),
        ROW(17, OUT_OF_MEMORY),
        ROW(18, FORKED),
        ROW(19, INTERNAL),
    };
#undef ROW
    int n = sizeof rows / sizeof rows[0];
    CHECK(count_codes() >= n);
    for (int i = 0; i < n; i++) {
        CASE("code %d", i);
        CHECK_NUMBER(i, rows[i].number);
        CHECK_NUMBER(i, rows[i].code);
        CHECK_TEXT(rows[i].name, cachekit_error_name((CachekitError)i));
    }
}

TEST(every_code_has_a_name_and_a_text_of_its_own)
{
    int n = count_codes();
    CHECK_TEXT("ok", cachekit_error_string(CACHEKIT_OK));
    for (int i = 0; i < n; i++) {
        CASE("code %d", i);
        CachekitError code = (CachekitError)i;
        const char *name = cachekit_error_name(code), *text = cachekit_error_string(code);
        CHECK(strncmp(name, "CACHEKIT_", 9) == 0 && name[9] != '\0');
        CHECK(text[0] != '\0' && strcmp(text, "unknown error") != 0);
        CHECK_NUMBER(
            code == CACHEKIT_OK || code == CACHEKIT_ROTATION_NEEDED, CACHEKIT_SUCCEEDED(code));
        for (int j = 0; j < i; j++)
            CHECK(strcmp(name, cachekit_error_name((CachekitError)j)) != 0 &&
                  strcmp(text, cachekit_error_string((CachekitError)j)) != 0);
    }
}

TEST(numbers_that_are_no_code_have_texts)
{
    int n = count_codes();
    const int numbers[] = {n, n + 1, 64, 255, 256, 1 << 20, INT_MAX, -1, -2, INT_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        CASE("number %d", numbers[i]);
        CHECK_TEXT("unknown error", cachekit_error_string((CachekitError)numbers[i]));
        CHECK_TEXT("CACHEKIT_UNKNOWN", cachekit_error_name((CachekitError)numbers[i]));
    }
}

TEST(hardware_acceleration_is_said_the_same_everywhere)
{
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    CachekitEncryptor *encryptor = new_encryptor();
    CHECK_OK(cachekit_encryptor_get_metrics(encryptor, &m));
    CHECK_NUMBER(cachekit_hardware_acceleration_enabled(), m.hardware_accelerated);
    cachekit_encryptor_free(encryptor);
}

TEST(wipe_zeroes_what_it_is_told_and_no_more)
{
    uint8_t memory[300];
    for (size_t len = 0; len <= 200; len++) {
        CASE("%zu bytes", len);
        memset(memory, POISON, sizeof memory);
        cachekit_wipe(memory + 50, len);
        CHECK_FILLED(POISON, memory, 50);
        CHECK_FILLED(0, memory + 50, len);
        CHECK_FILLED(POISON, memory + 50 + len, sizeof memory - 50 - len);
    }
}

/* A library-allocated buffer that holds n bytes of poison. */
static uint8_t *make_buffer(size_t n)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *data = malloc(n + 1), *envelope = NULL, *buffer = NULL;
    size_t envelope_len = 0, len = 0;
    if (data == NULL)
        return NULL;
    memset(data, POISON, n);
    CHECK_OK(cachekit_byte_storage_store(storage, data, n, NULL, &envelope, &envelope_len));
    CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &buffer, &len));
    CHECK_NUMBER(n, len);
    CHECK(buffer != NULL);
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    free(data);
    return buffer;
}

static const size_t buffer_sizes[] = {0, 1, 63, 64, 65, 1000, 4032, 4096, 8192, 100000, MIB,
    32 * MIB - 200, 32 * MIB - 64, 32 * MIB, 40 * MIB};
enum { BUFFER_SIZES = sizeof buffer_sizes / sizeof buffer_sizes[0] };

TEST(buffers_are_aligned_and_writable)
{
    for (int i = 0; i < BUFFER_SIZES; i++) {
        CASE("%zu bytes", buffer_sizes[i]);
        uint8_t *buffer = make_buffer(buffer_sizes[i]);
        CHECK_NUMBER(0, (uintptr_t)buffer % 64);
        CHECK_FILLED(POISON, buffer, buffer_sizes[i]);
        memset(buffer, 1, buffer_sizes[i]);
        cachekit_free_buffer(buffer);
    }
}

/* Reads memory that may have gone; what is not there counts as wiped. */
static size_t count_poison(const uint8_t *at, size_t n)
{
    uint8_t *copy = calloc(1, n);
    size_t count = 0;
    if (copy != NULL && peek(at, copy, n))
        for (size_t i = 0; i < n; i++)
            count += copy[i] == POISON;
    free(copy);
    return count;
}

TEST(free_buffer_wipes)
{
    if (check_slow())
        SKIP("valgrind does not show the real memory");
    static const size_t sizes[] = {64, 1000, 4096, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CASE("%zu bytes", sizes[i]);
        uint8_t *buffer = make_buffer(sizes[i]);
        CHECK_NUMBER(sizes[i], count_poison(buffer, sizes[i]));
        cachekit_free_buffer(buffer);
        /* The allocator writes to freed memory: a few of its bytes may look like poison. */
        CHECK(count_poison(buffer, sizes[i]) <= 16);
    }
}

TEST(free_buffer_ignores_what_is_no_buffer)
{
    if (check_slow())
        SKIP("looks in front of foreign memory, which valgrind reports");
    static uint8_t somewhere[256];
    size_t size = page_size();
    uint8_t stack[256], *heap = malloc(256), *page = reserve(3 * size);
    for (size_t i = 0; i < 256; i++) {
        cachekit_free_buffer(stack + i);
        cachekit_free_buffer(somewhere + i);
        cachekit_free_buffer(heap + i);
    }
    cachekit_free_buffer((void *)(uintptr_t)1);
    if (CHECK(page != NULL)) {
        CHECK(forbid(page, size));
        for (size_t i = size; i < 3 * size; i++)
            cachekit_free_buffer(page + i); /* with nothing in front of it */
        release(page, 3 * size);
    }
    free(heap);
}

TEST(free_buffer_ignores_pointers_into_a_buffer)
{
    static const size_t sizes[] = {64, 1000, 100000, 33 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CASE("%zu bytes", sizes[i]);
        uint8_t *buffer = make_buffer(sizes[i]);
        for (size_t at = 1; at < 9000 && at < sizes[i]; at++)
            cachekit_free_buffer(buffer + at);
        CHECK_FILLED(POISON, buffer, sizes[i]);
        cachekit_free_buffer(buffer);
    }
}

TEST(free_buffer_ignores_a_forged_prefix)
{
    /* A copy of the 64 bytes in front of a buffer does not make other memory one. */
    _Alignas(64) uint8_t copy[192];
    if (check_slow())
        SKIP("looks in front of foreign memory, which valgrind reports");
    uint8_t *buffer = make_buffer(64);
    CHECK(peek(buffer - 64, copy, 128));
    cachekit_free_buffer(copy + 64);
    CHECK_FILLED(POISON, copy + 64, 64);
    cachekit_free_buffer(buffer);
}

TEST(free_buffer_twice)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("a double free is answered by a look at freed memory");
#ifndef __GLIBC__
    SKIP("the allocator may have given the freed memory back, with nothing to look at");
#endif
    for (size_t n = 0; n <= 1000; n += 100) {
        uint8_t *buffer = make_buffer(n);
        cachekit_free_buffer(buffer);
        cachekit_free_buffer(buffer);
        cachekit_free_buffer(buffer);
    }
}
