/* Compresses and encrypts a value, then brings it back. */
#include <cachekit.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int main(void)
{
    const char *value = "[{\"id\":1,\"name\":\"Ada\",\"role\":\"reader\"},"
                        "{\"id\":2,\"name\":\"Grace\",\"role\":\"reader\"},"
                        "{\"id\":3,\"name\":\"Radia\",\"role\":\"reader\"},"
                        "{\"id\":4,\"name\":\"Barbara\",\"role\":\"reader\"}]";
    const char *tenant = "acme", *domain = "encryption", *cache_key = "users:all";
    uint8_t master[CACHEKIT_KEY_SIZE], key[CACHEKIT_KEY_SIZE] = {0};
    uint8_t sealed[512], opened[512];
    size_t sealed_len = sizeof sealed, opened_len = sizeof opened;
    uint8_t *envelope = NULL, *data = NULL;
    size_t envelope_len = 0, data_len = 0;
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitEncryptor *encryptor = cachekit_encryptor_new(NULL);
    CachekitError err = CACHEKIT_RNG_FAILURE;

    /* A key for this run. A real one comes from where you keep secrets. */
    if (getentropy(master, sizeof master) != 0)
        goto done;
    err = cachekit_derive_key(master, sizeof master, (const uint8_t *)tenant, strlen(tenant),
        (const uint8_t *)domain, strlen(domain), key);
    cachekit_wipe(master, sizeof master);
    if (err != CACHEKIT_OK)
        goto done;

    err = cachekit_byte_storage_store(
        storage, (const uint8_t *)value, strlen(value), NULL, &envelope, &envelope_len);
    if (err != CACHEKIT_OK)
        goto done;

    /* The cache key is authenticated too: copied to another key, this entry does not open. */
    err = cachekit_encrypt(encryptor, key, sizeof key, (const uint8_t *)cache_key,
        strlen(cache_key), envelope, envelope_len, sealed, &sealed_len);
    if (!CACHEKIT_SUCCEEDED(err))
        goto done;

    err = cachekit_decrypt(encryptor, key, sizeof key, (const uint8_t *)cache_key,
        strlen(cache_key), sealed, sealed_len, opened, &opened_len);
    if (err != CACHEKIT_OK)
        goto done;
    err = cachekit_byte_storage_retrieve(storage, opened, opened_len, &data, &data_len);
    if (err != CACHEKIT_OK)
        goto done;

    printf("%zu bytes: %zu in an envelope, %zu encrypted, %zu back\n%.*s\n", strlen(value),
        envelope_len, sealed_len, data_len, (int)data_len, (const char *)data);

done:
    if (err != CACHEKIT_OK)
        fprintf(stderr, "cachekit: %s\n", cachekit_error_string(err));
    cachekit_wipe(key, sizeof key);
    cachekit_wipe(opened, sizeof opened);
    cachekit_free_buffer(data);
    cachekit_free_buffer(envelope);
    cachekit_encryptor_free(encryptor);
    cachekit_byte_storage_free(storage);
    return err != CACHEKIT_OK;
}
