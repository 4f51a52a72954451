/* Loaded before the library: says of every batch that it sealed that rotation is needed,
 * as the library itself does after 2^31 encryptions. */
#define _GNU_SOURCE
#include <cachekit.h>
#include <dlfcn.h>
#include <string.h>

typedef CachekitError seal_many(CachekitKeyring *keyring, const char *format, CachekitItem *items,
    size_t count, size_t item_size, uint8_t **results);

CachekitError cachekit_keyring_seal_many(CachekitKeyring *keyring, const char *format,
    CachekitItem *items, size_t count, size_t item_size, uint8_t **results)
{
    seal_many *real;
    void *found = dlsym(RTLD_NEXT, "cachekit_keyring_seal_many");
    memcpy(&real, &found, sizeof real);
    CachekitError err = real(keyring, format, items, count, item_size, results);
    if (err != CACHEKIT_OK || count == 0)
        return err;
    items[count - 1].error = CACHEKIT_ROTATION_NEEDED;
    return CACHEKIT_ROTATION_NEEDED;
}
