#include "shim.h"

CachekitByteStorage *cachekit_byte_storage_new(const char *default_format)
{
    ck_ref ref;
    if (ck_ready() != CACHEKIT_OK || !ck_slot_take(&ref))
        return NULL;
    const char *format = ck_format(default_format);
    int code =
        CK_GO(ckgo_byte_storage_new(ref.index, TEXT(format), strlen(format), ck_object(ref)));
    return ck_made(ref, CK_BYTE_STORAGE, code);
}

void cachekit_byte_storage_free(CachekitByteStorage *storage)
{
    if (ck_entered())
        ck_handle_free(storage, CK_BYTE_STORAGE);
}

CachekitError cachekit_byte_storage_set_level(CachekitByteStorage *storage, int level)
{
    ck_ref ref;
    CachekitError err = ck_hold(NULL, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_storage_set_level(ref.index, level)));
}

CachekitError cachekit_byte_storage_set_max_payload(CachekitByteStorage *storage, size_t bytes)
{
    ck_ref ref;
    CachekitError err = ck_hold(NULL, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_storage_set_max_payload(ref.index, bytes)));
}

CachekitError cachekit_byte_storage_store(const CachekitByteStorage *storage, const uint8_t *data,
    size_t data_len, const char *format, uint8_t **envelope, size_t *envelope_len)
{
    ck_clear(envelope, envelope_len);
    const char *missing =
        CK_FIRST(CK_NULL(envelope), CK_NULL(envelope_len), CK_MISSING(data, data_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_store(
        ref.index, IN(data), data_len, TEXT(format), ck_strlen(format), envelope, envelope_len));
    return ck_leave_with(ref, code, *envelope, *envelope_len);
}

CachekitError cachekit_byte_storage_retrieve(const CachekitByteStorage *storage,
    const uint8_t *envelope, size_t envelope_len, uint8_t **data, size_t *data_len)
{
    ck_clear(data, data_len);
    const char *missing =
        CK_FIRST(CK_NULL(data), CK_NULL(data_len), CK_MISSING(envelope, envelope_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_retrieve(ref.index, IN(envelope), envelope_len, data, data_len));
    return ck_leave_with(ref, code, *data, *data_len);
}

CachekitError cachekit_byte_storage_store_into(const CachekitByteStorage *storage,
    const uint8_t *data, size_t data_len, const char *format, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(data, data_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_store_into(ref.index, IN(data), data_len, TEXT(format),
                             ck_strlen(format), out, capacity, out_len)));
}

CachekitError cachekit_byte_storage_retrieve_into(const CachekitByteStorage *storage,
    const uint8_t *envelope, size_t envelope_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing =
        CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(envelope, envelope_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref,
        CK_GO(ckgo_retrieve_into(ref.index, IN(envelope), envelope_len, out, capacity, out_len)));
}

CachekitError cachekit_byte_storage_validate(
    const CachekitByteStorage *storage, const uint8_t *envelope, size_t envelope_len)
{
    ck_ref ref;
    CachekitError err = ck_hold(CK_MISSING(envelope, envelope_len), storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_validate(ref.index, IN(envelope), envelope_len)));
}

CachekitError cachekit_byte_storage_estimate_compression(
    const CachekitByteStorage *storage, const uint8_t *data, size_t data_len, double *ratio)
{
    if (ratio != NULL)
        *ratio = 0;
    const char *missing = CK_FIRST(CK_NULL(ratio), CK_MISSING(data, data_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_compression_ratio(ref.index, IN(data), data_len, ratio)));
}

CachekitError cachekit_byte_storage_get_metrics(
    const CachekitByteStorage *storage, CachekitMetrics *metrics)
{
    return ck_get_metrics(storage, CK_BYTE_STORAGE, ckgo_storage_metrics, metrics);
}

CachekitError cachekit_envelope_inspect(
    const uint8_t *envelope, size_t envelope_len, CachekitEnvelopeInfo *info)
{
    CachekitEnvelopeInfo all = {0};
    ck_clear_struct(info, sizeof *info);
    CachekitError err = ck_check_struct(info, 1);
    if (err == CACHEKIT_OK)
        err = ck_enter(CK_MISSING(envelope, envelope_len));
    if (err == CACHEKIT_OK) {
        err = (CachekitError)CK_GO(ckgo_inspect(IN(envelope), envelope_len, &all));
        ck_fill_struct(info, &all, sizeof all);
    }
    return err;
}

CachekitError cachekit_compress(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(in, in_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_compress(IN(in), in_len, out, capacity, out_len));
}

CachekitError cachekit_decompress(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(in, in_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_decompress(IN(in), in_len, out, capacity, out_len));
}

/* What an envelope may have beside its payload: LZ4 adds in_len / 255 + 16 bytes
 * to what it cannot compress, and the rest has up to 120 with CK_DEFAULT_FORMAT,
 * more than core needs. */
enum { BLOCK_EXTRA = 16, ENVELOPE_EXTRA = 120 };

size_t cachekit_compressed_bound(size_t in_len)
{
    size_t extra = in_len / 255 + BLOCK_EXTRA + ENVELOPE_EXTRA;
    return in_len > SIZE_MAX - extra ? SIZE_MAX : in_len + extra;
}

CachekitError cachekit_checksum(
    const uint8_t *data, size_t len, uint8_t out[CACHEKIT_CHECKSUM_SIZE])
{
    const char *missing = CK_FIRST(CK_NULL(out), CK_MISSING(data, len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_checksum(IN(data), len, out));
}

CachekitError cachekit_verify_checksum(
    const uint8_t *data, size_t len, const uint8_t expected[CACHEKIT_CHECKSUM_SIZE])
{
    const char *missing = CK_FIRST(CK_NULL(expected), CK_MISSING(data, len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_verify_checksum(IN(data), len, IN(expected)));
}
