#include "platform.h"
#include "shim.h"

/* The variables of crypt.Masters. Go sees none but those in environment.c, as they
 * were at its start. */
#define CK_MASTER_KEY "CACHEKIT_MASTER_KEY"
#define CK_PREVIOUS_MASTER_KEYS "CACHEKIT_PREVIOUS_MASTER_KEYS"

CachekitError cachekit_keyring_new(const uint8_t *current, size_t current_len,
    const uint8_t *const *decrypt_only, const size_t *decrypt_only_lens, size_t decrypt_only_count,
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitKeyring **out)
{
    if (out != NULL)
        *out = NULL;
    const char *missing = CK_FIRST(CK_NULL(out), CK_MISSING(current, current_len),
        CK_MISSING(decrypt_only, decrypt_only_count),
        CK_MISSING(decrypt_only_lens, decrypt_only_count), CK_MISSING(tenant_id, tenant_id_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    /* If there are more than there can be, Go says so. */
    bool few = decrypt_only_count <= CACHEKIT_MAX_DECRYPT_ONLY_KEYS;
    for (size_t i = 0; few && i < decrypt_only_count; i++)
        if (ck_missing(decrypt_only[i], decrypt_only_lens[i]))
            return ck_no_pointer("a key of decrypt_only is NULL, and its length is not 0");
    ck_ref ref;
    if (!ck_slot_take(&ref))
        return CACHEKIT_OUT_OF_MEMORY;
    int code = CK_GO(ckgo_keyring_new(ref.index, IN(current), current_len,
        (uint8_t **)(uintptr_t)decrypt_only, (size_t *)(uintptr_t)decrypt_only_lens,
        decrypt_only_count, IN(tenant_id), tenant_id_len, ck_object(ref)));
    *out = ck_made(ref, CK_KEYRING, code);
    return (CachekitError)code;
}

/* Makes the keyring of cachekit_keyring_from_env. */
static int read_keys(ck_ref ref, const uint8_t *tenant_id, size_t tenant_id_len)
{
    const char *current = NULL, *previous = NULL;
    int code = CACHEKIT_OUT_OF_MEMORY;
    if (ck_variable(CK_MASTER_KEY, &current) && ck_variable(CK_PREVIOUS_MASTER_KEYS, &previous))
        code = CK_GO(ckgo_keyring_from_env(ref.index, TEXT(current), ck_strlen(current),
            TEXT(previous), ck_strlen(previous), IN(tenant_id), tenant_id_len, ck_object(ref)));
    else
        ck_detail_is("no memory for the keys");
    ck_variable_end(current);
    ck_variable_end(previous);
    return code;
}

CachekitError cachekit_keyring_from_env(
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitKeyring **out)
{
    if (out != NULL)
        *out = NULL;
    const char *missing = CK_FIRST(CK_NULL(out), CK_MISSING(tenant_id, tenant_id_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    ck_ref ref;
    if (!ck_slot_take(&ref))
        return CACHEKIT_OUT_OF_MEMORY;
    int code = read_keys(ref, tenant_id, tenant_id_len);
    *out = ck_made(ref, CK_KEYRING, code);
    return (CachekitError)code;
}

void cachekit_keyring_free(CachekitKeyring *keyring)
{
    if (ck_entered())
        ck_handle_free(keyring, CK_KEYRING);
}

CachekitError cachekit_keyring_set_level(CachekitKeyring *keyring, int level)
{
    ck_ref ref;
    CachekitError err = ck_hold(NULL, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_keyring_set_level(ref.index, level)));
}

CachekitError cachekit_keyring_set_max_payload(CachekitKeyring *keyring, size_t bytes)
{
    ck_ref ref;
    CachekitError err = ck_hold(NULL, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_keyring_set_max_payload(ref.index, bytes)));
}

size_t cachekit_keyring_key_count(const CachekitKeyring *keyring)
{
    ck_ref ref;
    if (ck_hold(NULL, keyring, CK_KEYRING, &ref) != CACHEKIT_OK)
        return 0;
    size_t count = CK_GO(ckgo_keyring_key_count(ref.index));
    ck_release(ref);
    return count;
}

uint64_t cachekit_keyring_get_counter(const CachekitKeyring *keyring)
{
    ck_ref ref;
    if (ck_hold(NULL, keyring, CK_KEYRING, &ref) != CACHEKIT_OK)
        return 0;
    uint64_t made = CK_GO(ckgo_keyring_counter(ref.index));
    ck_release(ref);
    return made;
}

CachekitError cachekit_keyring_fingerprint(
    const CachekitKeyring *keyring, size_t index, uint8_t out[CACHEKIT_FINGERPRINT_SIZE])
{
    ck_ref ref;
    CachekitError err = ck_hold(CK_NULL(out), keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_keyring_fingerprint(ref.index, index, out)));
}

CachekitError cachekit_keyring_encrypt(CachekitKeyring *keyring, const uint8_t *aad, size_t aad_len,
    const uint8_t *plaintext, size_t plaintext_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(aad, aad_len),
        CK_MISSING(plaintext, plaintext_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_keyring_encrypt(ref.index, IN(aad), aad_len, IN(plaintext),
                             plaintext_len, out, capacity, out_len)));
}

CachekitError cachekit_keyring_decrypt(const CachekitKeyring *keyring, const uint8_t *aad,
    size_t aad_len, const uint8_t *ciphertext, size_t ciphertext_len, uint8_t *out, size_t *out_len,
    size_t *key_index)
{
    size_t unwanted, *index = ck_clear_index(key_index, &unwanted);
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(aad, aad_len),
        CK_MISSING(ciphertext, ciphertext_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_keyring_decrypt(ref.index, IN(aad), aad_len, IN(ciphertext),
                             ciphertext_len, out, capacity, out_len, index)));
}

CachekitError cachekit_keyring_decrypt_at(const CachekitKeyring *keyring, size_t index,
    const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext, size_t ciphertext_len,
    uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(aad, aad_len),
        CK_MISSING(ciphertext, ciphertext_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_keyring_decrypt_at(ref.index, index, IN(aad), aad_len,
                             IN(ciphertext), ciphertext_len, out, capacity, out_len)));
}

CachekitError cachekit_keyring_get_metrics(const CachekitKeyring *keyring, CachekitMetrics *metrics)
{
    return ck_get_metrics(keyring, CK_KEYRING, ckgo_keyring_metrics, metrics);
}

CachekitError cachekit_keyring_seal(CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *data, size_t data_len,
    uint8_t **sealed, size_t *sealed_len)
{
    ck_clear(sealed, sealed_len);
    format = ck_format(format);
    const char *missing = CK_FIRST(CK_NULL(sealed), CK_NULL(sealed_len),
        CK_MISSING(cache_key, cache_key_len), CK_MISSING(data, data_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_seal(ref.index, TEXT(format), strlen(format), IN(cache_key),
        cache_key_len, IN(data), data_len, sealed, sealed_len));
    return ck_leave_with(ref, code, *sealed, *sealed_len);
}

CachekitError cachekit_keyring_open(const CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *sealed, size_t sealed_len,
    uint8_t **data, size_t *data_len, size_t *key_index)
{
    size_t unwanted, *index = ck_clear_index(key_index, &unwanted);
    ck_clear(data, data_len);
    format = ck_format(format);
    const char *missing = CK_FIRST(CK_NULL(data), CK_NULL(data_len),
        CK_MISSING(cache_key, cache_key_len), CK_MISSING(sealed, sealed_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_open(ref.index, TEXT(format), strlen(format), IN(cache_key),
        cache_key_len, IN(sealed), sealed_len, data, data_len, index));
    return ck_leave_with(ref, code, *data, *data_len);
}

CachekitError cachekit_keyring_seal_into(CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *data, size_t data_len,
    uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    format = ck_format(format);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len),
        CK_MISSING(cache_key, cache_key_len), CK_MISSING(data, data_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(
        ref, CK_GO(ckgo_seal_into(ref.index, TEXT(format), strlen(format), IN(cache_key),
                 cache_key_len, IN(data), data_len, out, capacity, out_len)));
}

CachekitError cachekit_keyring_open_into(const CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *sealed, size_t sealed_len,
    uint8_t *out, size_t *out_len, size_t *key_index)
{
    size_t unwanted, *index = ck_clear_index(key_index, &unwanted);
    size_t capacity = ck_capacity(out_len);
    format = ck_format(format);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len),
        CK_MISSING(cache_key, cache_key_len), CK_MISSING(sealed, sealed_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(
        ref, CK_GO(ckgo_open_into(ref.index, TEXT(format), strlen(format), IN(cache_key),
                 cache_key_len, IN(sealed), sealed_len, out, capacity, out_len, index)));
}

CachekitError cachekit_aad(const uint8_t *tenant_id, size_t tenant_id_len, const uint8_t *cache_key,
    size_t cache_key_len, const char *format, bool compressed, const char *original_type,
    uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_NULL(format),
        CK_MISSING(tenant_id, tenant_id_len), CK_MISSING(cache_key, cache_key_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_aad(IN(tenant_id), tenant_id_len, IN(cache_key), cache_key_len,
        TEXT(format), strlen(format), compressed, TEXT(original_type), ck_strlen(original_type),
        out, capacity, out_len));
}
