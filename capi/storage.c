#include "shim.h"

CachekitByteStorage *cachekit_byte_storage_new(const char *default_format)
{
    ck_ref ref;
    if (ck_ready() != CACHEKIT_OK || !ck_slot_take(&ref))
        return NULL;
    if (default_format == NULL)
        default_format = "msgpack";
    if (CK_GO(ckgo_byte_storage_new(
            ref.index, TEXT(default_format), strlen(default_format), ck_object(ref))) !=
        CACHEKIT_OK) {
        ck_slot_return(ref);
        return NULL;
    }
    return ck_slot_publish(ref, CK_BYTE_STORAGE);
}

void cachekit_byte_storage_free(CachekitByteStorage *storage)
{
    if (ck_entered())
        ck_handle_free(storage, CK_BYTE_STORAGE);
}

CachekitError cachekit_byte_storage_store(const CachekitByteStorage *storage, const uint8_t *data,
    size_t data_len, const char *format, uint8_t **envelope, size_t *envelope_len)
{
    if (envelope != NULL)
        *envelope = NULL;
    if (envelope_len != NULL)
        *envelope_len = 0;
    if (envelope == NULL || envelope_len == NULL || ck_missing(data, data_len))
        return ck_no_pointer();
    ck_ref ref;
    CachekitError err = ck_enter(storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_store(
        ref.index, IN(data), data_len, TEXT(format), ck_strlen(format), envelope, envelope_len));
    return ck_leave_with(ref, code, *envelope, *envelope_len);
}

CachekitError cachekit_byte_storage_retrieve(const CachekitByteStorage *storage,
    const uint8_t *envelope, size_t envelope_len, uint8_t **data, size_t *data_len)
{
    if (data != NULL)
        *data = NULL;
    if (data_len != NULL)
        *data_len = 0;
    if (data == NULL || data_len == NULL || ck_missing(envelope, envelope_len))
        return ck_no_pointer();
    ck_ref ref;
    CachekitError err = ck_enter(storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_retrieve(ref.index, IN(envelope), envelope_len, data, data_len));
    return ck_leave_with(ref, code, *data, *data_len);
}

CachekitError cachekit_byte_storage_validate(
    const CachekitByteStorage *storage, const uint8_t *envelope, size_t envelope_len)
{
    if (ck_missing(envelope, envelope_len))
        return ck_no_pointer();
    ck_ref ref;
    CachekitError err = ck_enter(storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_validate(IN(envelope), envelope_len)));
}

CachekitError cachekit_byte_storage_estimate_compression(
    const CachekitByteStorage *storage, const uint8_t *data, size_t data_len, double *ratio)
{
    if (ratio != NULL)
        *ratio = 0;
    if (ratio == NULL || ck_missing(data, data_len))
        return ck_no_pointer();
    ck_ref ref;
    CachekitError err = ck_enter(storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_compression_ratio(IN(data), data_len, ratio)));
}

CachekitError cachekit_byte_storage_get_metrics(
    const CachekitByteStorage *storage, CachekitMetrics *metrics)
{
    CachekitMetrics all = {0};
    CK_ENTER_STRUCT(metrics, &all);
    ck_ref ref;
    CachekitError err = ck_enter(storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    err = ck_leave(ref, CK_GO(ckgo_storage_metrics(ref.index, &all)));
    CK_FILL_STRUCT(metrics, &all);
    return err;
}

CachekitError cachekit_envelope_inspect(
    const uint8_t *envelope, size_t envelope_len, CachekitEnvelopeInfo *info)
{
    CachekitEnvelopeInfo all = {0};
    CK_ENTER_STRUCT(info, &all);
    if (ck_missing(envelope, envelope_len))
        return CACHEKIT_NULL_POINTER;
    CK_ENTER();
    CachekitError err = (CachekitError)CK_GO(ckgo_inspect(IN(envelope), envelope_len, &all));
    CK_FILL_STRUCT(info, &all);
    return err;
}

CachekitError cachekit_compress(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    if (out_len == NULL)
        return ck_no_pointer();
    size_t capacity = *out_len;
    *out_len = 0;
    if (out == NULL || ck_missing(in, in_len))
        return ck_no_pointer();
    CK_ENTER();
    return (CachekitError)CK_GO(ckgo_compress(IN(in), in_len, out, capacity, out_len));
}

CachekitError cachekit_decompress(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    if (out_len == NULL)
        return ck_no_pointer();
    size_t capacity = *out_len;
    *out_len = 0;
    if (out == NULL || ck_missing(in, in_len))
        return ck_no_pointer();
    CK_ENTER();
    return (CachekitError)CK_GO(ckgo_decompress(IN(in), in_len, out, capacity, out_len));
}

size_t cachekit_compressed_bound(size_t in_len)
{
    size_t extra = in_len / 255 + 16 + 120;
    return in_len > SIZE_MAX - extra ? SIZE_MAX : in_len + extra;
}

CachekitError cachekit_checksum(
    const uint8_t *data, size_t len, uint8_t out[CACHEKIT_CHECKSUM_SIZE])
{
    if (out == NULL || ck_missing(data, len))
        return ck_no_pointer();
    CK_ENTER();
    return (CachekitError)CK_GO(ckgo_checksum(IN(data), len, out));
}

CachekitError cachekit_verify_checksum(
    const uint8_t *data, size_t len, const uint8_t expected[CACHEKIT_CHECKSUM_SIZE])
{
    if (expected == NULL || ck_missing(data, len))
        return ck_no_pointer();
    CK_ENTER();
    return (CachekitError)CK_GO(ckgo_verify_checksum(IN(data), len, IN(expected)));
}
