/* Compresses and encrypts a value for one place in the cache, and opens it again. */
#include <cachekit.h>
#include <stdio.h>

int main(void)
{
    const uint8_t tenant[] = "acme", cache_key[] = "users:all"; /* used without their NUL */
    const uint8_t value[] = "[{\"id\":1,\"name\":\"Ada\",\"role\":\"reader\"},"
                            "{\"id\":2,\"name\":\"Grace\",\"role\":\"reader\"},"
                            "{\"id\":3,\"name\":\"Radia\",\"role\":\"reader\"},"
                            "{\"id\":4,\"name\":\"Barbara\",\"role\":\"reader\"}]";
    uint8_t master[CACHEKIT_KEY_SIZE], *sealed = NULL, *opened = NULL;
    size_t sealed_len = 0, opened_len = 0;
    CachekitKeyring *keyring = NULL;

    /* A key for this run. A real one comes from where you keep secrets. */
    CachekitError err = cachekit_generate_key(master);
    if (err == CACHEKIT_OK)
        err = cachekit_keyring_new(
            master, sizeof master, NULL, NULL, 0, tenant, sizeof tenant - 1, &keyring);
    cachekit_wipe(master, sizeof master);
    if (err == CACHEKIT_OK)
        err = cachekit_keyring_seal(keyring, "json", cache_key, sizeof cache_key - 1, value,
            sizeof value - 1, &sealed, &sealed_len);
    if (CACHEKIT_SUCCEEDED(err))
        err = cachekit_keyring_open(keyring, "json", cache_key, sizeof cache_key - 1, sealed,
            sealed_len, &opened, &opened_len, NULL);
    if (err == CACHEKIT_OK)
        printf("%zu bytes, %zu sealed, %zu opened\n%.*s\n", sizeof value - 1, sealed_len,
            opened_len, (int)opened_len, (const char *)opened);
    else
        fprintf(
            stderr, "cachekit: %s: %s\n", cachekit_error_string(err), cachekit_last_error_detail());

    cachekit_free_buffer(opened);
    cachekit_free_buffer(sealed);
    cachekit_keyring_free(keyring);
    return err != CACHEKIT_OK;
}
