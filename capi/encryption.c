#include "shim.h"

CachekitEncryptor *cachekit_encryptor_new(CachekitError *error)
{
    CachekitEncryptor *encryptor = NULL;
    ck_ref ref;
    CachekitError err = ck_ready();
    if (err == CACHEKIT_OK && !ck_slot_take(&ref))
        err = CACHEKIT_OUT_OF_MEMORY;
    if (err == CACHEKIT_OK) {
        err = (CachekitError)CK_GO(ckgo_encryptor_new(ref.index, ck_object(ref)));
        encryptor = ck_made(ref, CK_ENCRYPTOR, err);
    }
    if (error != NULL)
        *error = err;
    return encryptor;
}

void cachekit_encryptor_free(CachekitEncryptor *encryptor)
{
    if (ck_entered())
        ck_handle_free(encryptor, CK_ENCRYPTOR);
}

uint64_t cachekit_encryptor_get_counter(const CachekitEncryptor *encryptor)
{
    ck_ref ref;
    if (ck_hold(NULL, encryptor, CK_ENCRYPTOR, &ref) != CACHEKIT_OK)
        return 0;
    uint64_t made = CK_GO(ckgo_encryptor_counter(ref.index));
    ck_release(ref);
    return made;
}

CachekitError cachekit_encrypt(CachekitEncryptor *encryptor, const uint8_t *key, size_t key_len,
    const uint8_t *aad, size_t aad_len, const uint8_t *plaintext, size_t plaintext_len,
    uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(key, key_len),
        CK_MISSING(aad, aad_len), CK_MISSING(plaintext, plaintext_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, encryptor, CK_ENCRYPTOR, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_encrypt(ref.index, IN(key), key_len, IN(aad), aad_len,
                             IN(plaintext), plaintext_len, out, capacity, out_len)));
}

CachekitError cachekit_decrypt(const CachekitEncryptor *encryptor, const uint8_t *key,
    size_t key_len, const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext,
    size_t ciphertext_len, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(out), CK_NULL(out_len), CK_MISSING(key, key_len),
        CK_MISSING(aad, aad_len), CK_MISSING(ciphertext, ciphertext_len));
    ck_ref ref;
    CachekitError err = ck_hold(missing, encryptor, CK_ENCRYPTOR, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_decrypt(ref.index, IN(key), key_len, IN(aad), aad_len,
                             IN(ciphertext), ciphertext_len, out, capacity, out_len)));
}

CachekitError cachekit_encryptor_get_metrics(
    const CachekitEncryptor *encryptor, CachekitMetrics *metrics)
{
    return ck_get_metrics(encryptor, CK_ENCRYPTOR, ckgo_encryptor_metrics, metrics);
}

CachekitError cachekit_derive_key(const uint8_t *master, size_t master_len, const uint8_t *salt,
    size_t salt_len, const uint8_t *domain, size_t domain_len, uint8_t out_key[CACHEKIT_KEY_SIZE])
{
    const char *missing = CK_FIRST(CK_NULL(out_key), CK_MISSING(master, master_len),
        CK_MISSING(salt, salt_len), CK_MISSING(domain, domain_len));
    CachekitError err = ck_enter(missing);
    if (err == CACHEKIT_OK)
        err = (CachekitError)CK_GO(ckgo_derive_key(
            IN(master), master_len, IN(salt), salt_len, IN(domain), domain_len, out_key));
    /* Not before: the master key may lie there. */
    if (err != CACHEKIT_OK && out_key != NULL)
        memset(out_key, 0, CACHEKIT_KEY_SIZE);
    return err;
}

CachekitError cachekit_derive_tenant_keys(const uint8_t *master, size_t master_len,
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitTenantKeys *keys)
{
    CachekitTenantKeys all = {0};
    const char *missing =
        CK_FIRST(CK_MISSING(master, master_len), CK_MISSING(tenant_id, tenant_id_len));
    CachekitError err =
        ck_check_struct(keys, offsetof(CachekitTenantKeys, cache_keys) + sizeof all.cache_keys);
    if (err == CACHEKIT_OK)
        err = ck_enter(missing);
    if (err == CACHEKIT_OK)
        err = (CachekitError)CK_GO(
            ckgo_derive_tenant_keys(IN(master), master_len, IN(tenant_id), tenant_id_len, &all));
    /* Not before: the master key may lie there. */
    if (keys != NULL)
        ck_fill_struct(keys, &all, sizeof all);
    ck_wipe(&all, sizeof all);
    return err;
}

CachekitError cachekit_generate_key(uint8_t out[CACHEKIT_KEY_SIZE])
{
    if (out != NULL)
        memset(out, 0, CACHEKIT_KEY_SIZE);
    CachekitError err = ck_enter(CK_NULL(out));
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_generate_key(out));
}

CachekitError cachekit_parse_master_key(const char *hex, uint8_t *out, size_t *out_len)
{
    size_t capacity = ck_capacity(out_len);
    const char *missing = CK_FIRST(CK_NULL(hex), CK_NULL(out), CK_NULL(out_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(
        ckgo_parse_master_key(TEXT(hex), strlen(hex), out, capacity, out_len));
}

CachekitError cachekit_key_fingerprint(
    const uint8_t *key, size_t key_len, uint8_t out[CACHEKIT_FINGERPRINT_SIZE])
{
    const char *missing = CK_FIRST(CK_NULL(out), CK_MISSING(key, key_len));
    CachekitError err = ck_enter(missing);
    if (err != CACHEKIT_OK)
        return err;
    return (CachekitError)CK_GO(ckgo_key_fingerprint(IN(key), key_len, out));
}
