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
