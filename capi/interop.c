#include "shim.h"

CachekitError cachekit_msgpack_check(const uint8_t *in, size_t in_len)
{
    if (ck_missing(in, in_len) || ck_forked())
        return ck_no_pointer();
    return (CachekitError)ckgo_msgpack_check(IN(in), in_len);
}

CachekitError cachekit_interop_key(const char *name_space, const char *operation,
    const uint8_t *args, size_t args_len, char *out, size_t *out_len)
{
    if (out_len == NULL)
        return ck_no_pointer();
    size_t capacity = *out_len;
    *out_len = 0;
    if (out == NULL || name_space == NULL || operation == NULL || ck_missing(args, args_len) ||
        ck_forked())
        return ck_no_pointer();
    return (CachekitError)ckgo_interop_key(TEXT(name_space), strlen(name_space), TEXT(operation),
        strlen(operation), IN(args), args_len, out, capacity, out_len);
}

CachekitError cachekit_interop_value(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    if (out_len == NULL)
        return ck_no_pointer();
    size_t capacity = *out_len;
    *out_len = 0;
    if (out == NULL || ck_missing(in, in_len) || ck_forked())
        return ck_no_pointer();
    return (CachekitError)ckgo_interop_value(IN(in), in_len, out, capacity, out_len);
}
