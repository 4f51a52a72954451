#include "shim.h"

CachekitError ck_get_metrics(const void *handle, ck_type type,
    int (*read)(uint32_t slot, CachekitMetrics *metrics), CachekitMetrics *metrics)
{
    CachekitMetrics all = {0};
    ck_ref ref;
    ck_clear_struct(metrics, sizeof *metrics);
    CachekitError err = ck_check_struct(metrics, 1);
    if (err == CACHEKIT_OK)
        err = ck_hold(NULL, handle, type, &ref);
    if (err == CACHEKIT_OK) {
        err = ck_leave(ref, CK_GO(read(ref.index, &all)));
        ck_fill_struct(metrics, &all, sizeof all);
    }
    return err;
}

CachekitError cachekit_metrics_text(
    const CachekitMetrics *metrics, const char *name, char *out, size_t *out_len)
{
    CachekitMetrics all = {0};
    size_t capacity = ck_capacity(out_len);
    CachekitError err = ck_check_struct(metrics, 1);
    if (err == CACHEKIT_OK)
        err = ck_enter(CK_FIRST(CK_NULL(out), CK_NULL(out_len)));
    if (err != CACHEKIT_OK)
        return err;
    ck_read_struct(&all, metrics, sizeof all);
    return (CachekitError)CK_GO(
        ckgo_metrics_text(&all, TEXT(name), ck_strlen(name), out, capacity, out_len));
}
