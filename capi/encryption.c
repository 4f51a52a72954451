#include "shim.h"

CachekitEncryptor *cachekit_encryptor_new(CachekitError *error)
{
    CachekitError ignored;
    if (error == NULL)
        error = &ignored;
    ck_ref ref;
    *error = ck_ready();
    if (*error == CACHEKIT_OK && !ck_slot_take(&ref))
        *error = CACHEKIT_OUT_OF_MEMORY;
    if (*error != CACHEKIT_OK)
        return NULL;
    *error = (CachekitError)CK_GO(ckgo_encryptor_new(ref.index, ck_object(ref)));
    if (*error != CACHEKIT_OK) {
        ck_slot_return(ref);
        return NULL;
    }
    return ck_slot_publish(ref, CK_ENCRYPTOR);
}

void cachekit_encryptor_free(CachekitEncryptor *encryptor)
{
    if (ck_entered())
        ck_handle_free(encryptor, CK_ENCRYPTOR);
}

uint64_t cachekit_encryptor_get_counter(const CachekitEncryptor *encryptor)
{
    ck_ref ref;
    if (ck_enter(encryptor, CK_ENCRYPTOR, &ref) != CACHEKIT_OK)
        return 0;
    uint64_t made = CK_GO(ckgo_encryptor_counter(ref.index));
    ck_release(ref);
    return made;
}

CachekitError cachekit_encrypt(CachekitEncryptor *encryptor, const uint8_t *key, size_t key_len,
    const uint8_t *aad, size_t aad_len, const uint8_t *plaintext, size_t plaintext_len,
    uint8_t *out, size_t *out_len)
{
    if (out_len == NULL)
        return ck_no_pointer();
    size_t capacity = *out_len;
    *out_len = 0;
    if (out == NULL || ck_missing(key, key_len) || ck_missing(aad, aad_len) ||
        ck_missing(plaintext, plaintext_len))
        return ck_no_pointer();
    ck_ref ref;
    CachekitError err = ck_enter(encryptor, CK_ENCRYPTOR, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_encrypt(ref.index, IN(key), key_len, IN(aad), aad_len,
                             IN(plaintext), plaintext_len, out, capacity, out_len)));
}

CachekitError cachekit_decrypt(const CachekitEncryptor *encryptor, const uint8_t *key,
    size_t key_len, const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext,
    size_t ciphertext_len, uint8_t *out, size_t *out_len)
{
    if (out_len == NULL)
        return ck_no_pointer();
    size_t capacity = *out_len;
    *out_len = 0;
    if (out == NULL || ck_missing(key, key_len) || ck_missing(aad, aad_len) ||
        ck_missing(ciphertext, ciphertext_len))
        return ck_no_pointer();
    ck_ref ref;
    CachekitError err = ck_enter(encryptor, CK_ENCRYPTOR, &ref);
    if (err != CACHEKIT_OK)
        return err;
    return ck_leave(ref, CK_GO(ckgo_decrypt(ref.index, IN(key), key_len, IN(aad), aad_len,
                             IN(ciphertext), ciphertext_len, out, capacity, out_len)));
}

CachekitError cachekit_encryptor_get_metrics(
    const CachekitEncryptor *encryptor, CachekitMetrics *metrics)
{
    CachekitMetrics all = {0};
    CK_ENTER_STRUCT(metrics, &all);
    ck_ref ref;
    CachekitError err = ck_enter(encryptor, CK_ENCRYPTOR, &ref);
    if (err != CACHEKIT_OK)
        return err;
    err = ck_leave(ref, CK_GO(ckgo_encryptor_metrics(ref.index, &all)));
    CK_FILL_STRUCT(metrics, &all);
    return err;
}

CachekitError cachekit_derive_key(const uint8_t *master, size_t master_len, const uint8_t *salt,
    size_t salt_len, const uint8_t *domain, size_t domain_len, uint8_t out_key[CACHEKIT_KEY_SIZE])
{
    if (out_key == NULL)
        return ck_no_pointer();
    CachekitError err = CACHEKIT_OK;
    if (ck_missing(master, master_len) || ck_missing(salt, salt_len) ||
        ck_missing(domain, domain_len))
        err = ck_no_pointer();
    if (err == CACHEKIT_OK)
        err = ck_ready();
    if (err == CACHEKIT_OK)
        err = (CachekitError)CK_GO(ckgo_derive_key(
            IN(master), master_len, IN(salt), salt_len, IN(domain), domain_len, out_key));
    /* Not before: the master key may lie there. */
    if (err != CACHEKIT_OK)
        memset(out_key, 0, CACHEKIT_KEY_SIZE);
    return err;
}

CachekitError cachekit_derive_tenant_keys(const uint8_t *master, size_t master_len,
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitTenantKeys *keys)
{
    CachekitTenantKeys all = {0};
    if (keys == NULL)
        return ck_no_pointer();
    CachekitError err = ck_forked() ? CACHEKIT_FORKED : CACHEKIT_OK;
    if (err == CACHEKIT_OK &&
        keys->struct_size < offsetof(CachekitTenantKeys, cache_keys) + sizeof all.cache_keys)
        err = CACHEKIT_INVALID_INPUT;
    if (err == CACHEKIT_OK &&
        (ck_missing(master, master_len) || ck_missing(tenant_id, tenant_id_len)))
        err = CACHEKIT_NULL_POINTER;
    if (err == CACHEKIT_OK)
        err = ck_ready();
    if (err == CACHEKIT_OK)
        err = (CachekitError)CK_GO(
            ckgo_derive_tenant_keys(IN(master), master_len, IN(tenant_id), tenant_id_len, &all));
    /* Not before: the master key may lie there. */
    CK_FILL_STRUCT(keys, &all);
    ck_wipe(&all, sizeof all);
    return err;
}

CachekitError cachekit_key_fingerprint(
    const uint8_t *key, size_t key_len, uint8_t out[CACHEKIT_FINGERPRINT_SIZE])
{
    if (out == NULL || ck_missing(key, key_len))
        return ck_no_pointer();
    CK_ENTER();
    return (CachekitError)CK_GO(ckgo_key_fingerprint(IN(key), key_len, out));
}
