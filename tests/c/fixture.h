/* Data that several test programs share. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "check.h"

#define MIB ((size_t)1 << 20)
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define POISON 0xaa

/* 32 bytes of 61: the master key of the known answers in docs/wire-format.md. */
static const uint8_t master[32] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
#define MASTER_HEX "6161616161616161616161616161616161616161616161616161616161616161"
static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";
static const char tenant[] = "cross-sdk-test";
#define TENANT BYTES(tenant)

/* "hello, cachekit!" in its envelope, part by part: the example in
 * docs/wire-format.md. */
#define HELLO_BLOCK "c412f00168656c6c6f2c2063616368656b697421"
#define HELLO_SUM "986dcc8a34ccb63a3c52ccd3"
#define HELLO_SIZE "10"
#define HELLO_FORMAT "a76d73677061636b"
#define HELLO_ENVELOPE "94" HELLO_BLOCK HELLO_SUM HELLO_SIZE HELLO_FORMAT
static const char hello[] = "hello, cachekit!";
#define HELLO BYTES(hello)

static inline size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return n;
}

/* Bytes that no one can compress; the same for the same seed. */
static inline void fill_random(uint8_t *out, size_t n, uint64_t seed)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < n; i += 8) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        memcpy(out + i, &x, n - i < 8 ? n - i : 8);
    }
}

/* Records like those in a cache. */
static inline void fill_records(uint8_t *out, size_t n)
{
    char record[96];
    unsigned id = 1;
    for (size_t i = 0; i < n;) {
        int len = snprintf(record, sizeof record, "{\"id\":%u,\"name\":\"user-%x\",\"score\":%u},",
            id, id * 2654435761u, id * 40503u % 1000);
        size_t take = n - i < (size_t)len ? n - i : (size_t)len;
        memcpy(out + i, record, take);
        i += take;
        id++;
    }
}

static inline CachekitKeyring *new_keyring(void)
{
    CachekitKeyring *keyring = NULL;
    CHECK_OK(cachekit_keyring_new(master, sizeof master, NULL, NULL, 0, TENANT, &keyring));
    return keyring;
}

static inline CachekitEncryptor *new_encryptor(void)
{
    CachekitError err = CACHEKIT_INTERNAL;
    CachekitEncryptor *encryptor = cachekit_encryptor_new(&err);
    check_code(CACHEKIT_OK, err, "cachekit_encryptor_new", __FILE__, __LINE__, "new_encryptor");
    return encryptor;
}

#endif
