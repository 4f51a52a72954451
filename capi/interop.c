#include "shim.h"

CachekitError cachekit_msgpack_check(const uint8_t *in, size_t in_len)
{
    CachekitError err = ck_enter(CK_MISSING(in, in_len));
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_msgpack_check(IN(in), in_len));
}

CachekitError cachekit_interop_key(const char *name_space, const char *operation,
    const uint8_t *args, size_t args_len, char *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_NULL(name_space),
        CK_NULL(operation), CK_MISSING(args, args_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_interop_key(TEXT(name_space), strlen(name_space),
        TEXT(operation), strlen(operation), IN(args), args_len, out, capacity, out_len));
}

CachekitError cachekit_interop_value(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(in, in_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_interop_value(IN(in), in_len, out, capacity, out_len));
}

CachekitError cachekit_keyring_seal_interop(CachekitKeyring *keyring, const char *interop_key,
    const uint8_t *value, size_t value_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(
        CK_NULL(out), CK_NULL(out_len), CK_NULL(interop_key), CK_MISSING(value, value_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_seal_interop(ref.index, TEXT(interop_key), strlen(interop_key),
                             IN(value), value_len, out, capacity, out_len)));
}

CachekitError cachekit_keyring_open_interop(const CachekitKeyring *keyring, const char *interop_key,
    const uint8_t *sealed, size_t sealed_len, uint8_t *out, size_t *out_len, size_t *key_index)
{
    size_t unwanted, *index = ck_clear_index(key_index, &unwanted);
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(
        CK_NULL(out), CK_NULL(out_len), CK_NULL(interop_key), CK_MISSING(sealed, sealed_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_open_interop(ref.index, TEXT(interop_key), strlen(interop_key),
                             IN(sealed), sealed_len, out, capacity, out_len, index)));
}
