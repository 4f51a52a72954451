#include "lib.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

const uint8_t master_key[32] = {0x4f, 0x1c, 0x92, 0x77, 0x0b, 0xe3, 0x58, 0xad, 0x36, 0xc0, 0x19,
    0x8f, 0x61, 0xd4, 0x2a, 0xbe, 0x73, 0x05, 0xec, 0x48, 0x9d, 0xf1, 0x24, 0x6a, 0xb7, 0x3e, 0x80,
    0xcb, 0x15, 0x5f, 0xd8, 0x02};
const char tenant[] = "tenant-42";
const char cache_key[] = "users:profile:100042";
const char domain[] = "encryption";
const int levels[LEVEL_COUNT] = {3, 6, 9};
uint8_t tenant_key[32];
uint8_t aad[64];
size_t aad_len;

bool lib_parse(Lib *lib, char *spec)
{
    char *api = strchr(spec, '='), *path = api ? strchr(api, ':') : NULL;
    if (path == NULL)
        return false;
    *api++ = '\0';
    *path++ = '\0';
    *lib = (Lib){.name = spec, .path = path, .is_hand = strcmp(api, "hand") == 0};
    return lib->is_hand || strcmp(api, "cachekit") == 0;
}

/* A pointer to a function through a pointer to data: what POSIX asks of dlsym and ISO C leaves
 * open. */
static void symbol(void *so, const char *name, void *function)
{
    void *address = dlsym(so, name);
    memcpy(function, &address, sizeof address);
}

#define CK(name) symbol(lib->so, "cachekit_" #name, &lib->ck.name)
#define HAND(name) symbol(lib->so, "hand_" #name, &lib->hand.name)

bool lib_load(Lib *lib)
{
    lib->so = dlopen(lib->path, RTLD_NOW | RTLD_LOCAL);
    if (lib->so == NULL) {
        fprintf(stderr, "%s left out: %s\n", lib->name, dlerror());
        return false;
    }
    if (lib->is_hand) {
        HAND(bound), HAND(compress), HAND(compress_level), HAND(decompress), HAND(checksum);
        HAND(cipher_new), HAND(cipher_free), HAND(encrypt), HAND(decrypt), HAND(derive),
            HAND(versions);
        return true;
    }
    CK(compress), CK(decompress), CK(compressed_bound), CK(checksum);
    CK(byte_storage_new), CK(byte_storage_free), CK(byte_storage_store), CK(byte_storage_retrieve);
    CK(byte_storage_set_level), CK(envelope_inspect), CK(encryptor_new), CK(encryptor_free),
        CK(encrypt), CK(decrypt);
    CK(derive_key), CK(derive_tenant_keys), CK(keyring_new), CK(keyring_free), CK(keyring_encrypt);
    CK(keyring_decrypt), CK(keyring_seal), CK(keyring_open), CK(byte_storage_store_many);
    CK(byte_storage_retrieve_many), CK(keyring_seal_many), CK(keyring_open_many), CK(free_buffer),
        CK(version_string);
    return true;
}

bool handles_open(Handles *h, const Lib *lib)
{
    *h = (Handles){0};
    if (lib->is_hand) {
        h->keyed = lib->hand.cipher_new(tenant_key);
        h->unkeyed = lib->hand.cipher_new(NULL);
        return h->keyed != NULL && h->unkeyed != NULL;
    }
    if (lib->ck.encryptor_new != NULL && (h->encryptor = lib->ck.encryptor_new(NULL)) == NULL)
        return false;
    if (lib->ck.byte_storage_new != NULL && (h->storage = lib->ck.byte_storage_new(NULL)) == NULL)
        return false;
    for (size_t i = 0; i < LEVEL_COUNT && lib->ck.byte_storage_set_level != NULL; i++)
        if ((h->leveled[i] = lib->ck.byte_storage_new(NULL)) == NULL ||
            lib->ck.byte_storage_set_level(h->leveled[i], levels[i]) != 0)
            return false;
    return lib->ck.keyring_new == NULL ||
           lib->ck.keyring_new(master_key, sizeof master_key, NULL, NULL, 0,
               (const uint8_t *)tenant, strlen(tenant), &h->keyring) == 0;
}

void handles_close(Handles *h, const Lib *lib)
{
    if (lib->is_hand) {
        lib->hand.cipher_free(h->keyed);
        lib->hand.cipher_free(h->unkeyed);
        return;
    }
    if (h->encryptor != NULL)
        lib->ck.encryptor_free(h->encryptor);
    if (h->storage != NULL)
        lib->ck.byte_storage_free(h->storage);
    for (size_t i = 0; i < LEVEL_COUNT; i++)
        if (h->leveled[i] != NULL)
            lib->ck.byte_storage_free(h->leveled[i]);
    if (h->keyring != NULL)
        lib->ck.keyring_free(h->keyring);
}

size_t derive_salt(uint8_t out[64])
{
    return (size_t)snprintf((char *)out, 64, "cachekit_v1_%c%s%c%c%s", (int)strlen(domain), domain,
        0, (int)strlen(tenant), tenant);
}

static void aad_part(const char *part)
{
    aad[aad_len + 3] = (uint8_t)strlen(part); /* a big-endian u32; every part here is short */
    memcpy(aad + aad_len + 4, part, strlen(part));
    aad_len += 4 + strlen(part);
}

bool secrets_init(const Lib *libs, size_t count)
{
    aad[0] = 3;
    aad_len = 1;
    aad_part(tenant);
    aad_part(cache_key);
    aad_part("msgpack");
    aad_part("True");

    uint8_t salt[64];
    size_t salt_len = derive_salt(salt);
    for (size_t i = 0; i < count; i++) {
        const Lib *lib = &libs[i];
        if (lib->is_hand)
            return lib->hand.derive(master_key, sizeof master_key, salt, salt_len,
                       (const uint8_t *)domain, strlen(domain), tenant_key) == 0;
        if (lib->ck.derive_key != NULL)
            return lib->ck.derive_key(master_key, sizeof master_key, (const uint8_t *)tenant,
                       strlen(tenant), (const uint8_t *)domain, strlen(domain), tenant_key) == 0;
    }
    return true;
}
