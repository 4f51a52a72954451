/* Stands before the library, and says of whatever encrypts that rotation is needed, as the
 * library itself does after 2^31 encryptions. */
#define _GNU_SOURCE
#include <cachekit.h>
#include <dlfcn.h>
#include <string.h>

#define REAL(name)                                                                                 \
    __typeof__(&name) real;                                                                        \
    void *found = dlsym(RTLD_NEXT, #name);                                                         \
    memcpy(&real, &found, sizeof real)

static CachekitError warned(CachekitError err)
{
    return err == CACHEKIT_OK ? CACHEKIT_ROTATION_NEEDED : err;
}

CachekitError cachekit_encrypt(CachekitEncryptor *encryptor, const uint8_t *key, size_t key_len,
    const uint8_t *aad, size_t aad_len, const uint8_t *plaintext, size_t plaintext_len,
    uint8_t *out, size_t *out_len)
{
    REAL(cachekit_encrypt);
    return warned(
        real(encryptor, key, key_len, aad, aad_len, plaintext, plaintext_len, out, out_len));
}

CachekitError cachekit_keyring_encrypt(CachekitKeyring *keyring, const uint8_t *aad, size_t aad_len,
    const uint8_t *plaintext, size_t plaintext_len, uint8_t *out, size_t *out_len)
{
    REAL(cachekit_keyring_encrypt);
    return warned(real(keyring, aad, aad_len, plaintext, plaintext_len, out, out_len));
}

CachekitError cachekit_keyring_seal_into(CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *data, size_t data_len,
    uint8_t *out, size_t *out_len)
{
    REAL(cachekit_keyring_seal_into);
    return warned(real(keyring, format, cache_key, cache_key_len, data, data_len, out, out_len));
}

CachekitError cachekit_keyring_seal_interop(CachekitKeyring *keyring, const char *interop_key,
    const uint8_t *value, size_t value_len, uint8_t *out, size_t *out_len)
{
    REAL(cachekit_keyring_seal_interop);
    return warned(real(keyring, interop_key, value, value_len, out, out_len));
}

CachekitError cachekit_keyring_seal_many(CachekitKeyring *keyring, const char *format,
    CachekitItem *items, size_t count, size_t item_size, uint8_t **results)
{
    REAL(cachekit_keyring_seal_many);
    CachekitError err = real(keyring, format, items, count, item_size, results);
    if (count == 0)
        return err;
    items[count - 1].error = warned(items[count - 1].error);
    return warned(err);
}

uint64_t cachekit_encryptor_get_counter(const CachekitEncryptor *encryptor)
{
    (void)encryptor;
    return UINT64_C(1) << 31;
}

uint64_t cachekit_keyring_get_counter(const CachekitKeyring *keyring)
{
    (void)keyring;
    return UINT64_C(1) << 31;
}
