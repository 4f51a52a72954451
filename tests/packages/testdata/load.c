/* load LIBRARY: loads it as a binding does, and seals and opens a value with it. */
#include <cachekit.h>
#include <dlfcn.h>
#include <stdio.h>

#define FUNCTION(name)                                                                             \
    __typeof__(cachekit_##name) *name = (__typeof__(name))dlsym(library, "cachekit_" #name)

int main(int argc, char **argv)
{
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (library == NULL) {
        printf("%s\n", argc == 2 ? dlerror() : "usage: load LIBRARY");
        return 2;
    }
    FUNCTION(keyring_new);
    FUNCTION(keyring_seal);
    FUNCTION(keyring_open);
    static const uint8_t master[CACHEKIT_KEY_SIZE] = {1}, key[] = "key", value[] = "a value";
    uint8_t *sealed, *opened;
    size_t sealed_len, opened_len;
    CachekitKeyring *keyring;
    CachekitError err =
        keyring_new(master, sizeof master, NULL, NULL, 0, key, sizeof key, &keyring);
    if (err == CACHEKIT_OK)
        err = keyring_seal(
            keyring, "json", key, sizeof key, value, sizeof value - 1, &sealed, &sealed_len);
    if (err == CACHEKIT_OK)
        err = keyring_open(
            keyring, "json", key, sizeof key, sealed, sealed_len, &opened, &opened_len, NULL);
    if (err == CACHEKIT_OK)
        printf("%.*s\n", (int)opened_len, (const char *)opened);
    return (int)err;
}
