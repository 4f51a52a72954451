/* A library that is wrong in one way, chosen when it is compiled: what the cross-check must
 * catch. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined WRONG_DATA || defined WRONG_CHECK
/* No envelope at all: 16 bytes in front of the data. */
int cachekit_compress(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    memset(out, 0, 16);
    memcpy(out + 16, in, len);
    *out_len = len + 16;
    return 0;
}

int cachekit_decompress(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    memcpy(out, in + 16, len - 16);
    *out_len = len - 16;
#ifdef WRONG_DATA
    out[*out_len - 1] ^= 1;
#endif
    return 0;
}
#endif

#ifdef WRONG_TAG
static int handle;

void *cachekit_encryptor_new(int *error)
{
    (void)error;
    return &handle;
}

void cachekit_encryptor_free(void *encryptor) { (void)encryptor; }

int cachekit_encrypt(void *encryptor, const uint8_t *key, size_t key_len, const uint8_t *aad,
    size_t aad_len, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    (void)encryptor, (void)key, (void)key_len, (void)aad, (void)aad_len;
    memset(out, 0, len + 28);
    memcpy(out + 12, in, len);
    *out_len = len + 28;
    return 0;
}

/* Looks at no tag. */
int cachekit_decrypt(const void *encryptor, const uint8_t *key, size_t key_len, const uint8_t *aad,
    size_t aad_len, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    (void)encryptor, (void)key, (void)key_len, (void)aad, (void)aad_len;
    memcpy(out, in + 12, len - 28);
    *out_len = len - 28;
    return 0;
}
#endif

#ifdef WRONG_CHECKSUM
int cachekit_checksum(const uint8_t *in, size_t len, uint8_t *out)
{
    memset(out, (int)len ^ in[0], 8);
    return 0;
}

int cachekit_derive_key(const uint8_t *master, size_t master_len, const uint8_t *salt,
    size_t salt_len, const uint8_t *domain, size_t domain_len, uint8_t *out)
{
    (void)master, (void)master_len, (void)salt, (void)salt_len, (void)domain, (void)domain_len;
    memset(out, 7, 32);
    return 0;
}
#endif
