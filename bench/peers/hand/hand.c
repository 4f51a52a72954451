#include "hand.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <lz4hc.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <xxhash.h>

enum { NONCE = 12, TAG = 16 };

size_t hand_bound(size_t len) { return (size_t)LZ4_compressBound((int)len); }

int hand_compress(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len, uint64_t *checksum)
{
    if (len > LZ4_MAX_INPUT_SIZE || *out_len > INT_MAX)
        return -1;
    *checksum = XXH3_64bits(in, len);
    int n = LZ4_compress_default((const char *)in, (char *)out, (int)len, (int)*out_len);
    *out_len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : -1;
}

int hand_compress_level(
    const uint8_t *in, size_t len, int level, uint8_t *out, size_t *out_len, uint64_t *checksum)
{
    if (len > LZ4_MAX_INPUT_SIZE || *out_len > INT_MAX)
        return -1;
    *checksum = XXH3_64bits(in, len);
    int n = LZ4_compress_HC((const char *)in, (char *)out, (int)len, (int)*out_len, level);
    *out_len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : -1;
}

int hand_decompress(const uint8_t *in, size_t len, uint64_t checksum, uint8_t *out, size_t *out_len)
{
    if (len > INT_MAX || *out_len > INT_MAX)
        return -1;
    int n = LZ4_decompress_safe((const char *)in, (char *)out, (int)len, (int)*out_len);
    *out_len = n >= 0 ? (size_t)n : 0;
    return n >= 0 && XXH3_64bits(out, (size_t)n) == checksum ? 0 : -1;
}

uint64_t hand_checksum(const uint8_t *in, size_t len) { return XXH3_64bits(in, len); }

/* One context a direction, made once: the fastest way EVP has. */
struct HandCipher {
    EVP_CIPHER_CTX *seal, *open;
    uint8_t instance[8];
    uint32_t counter;
};

HandCipher *hand_cipher_new(const uint8_t *key)
{
    HandCipher *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->seal = EVP_CIPHER_CTX_new();
    c->open = EVP_CIPHER_CTX_new();
    if (c->seal == NULL || c->open == NULL || RAND_bytes(c->instance, sizeof c->instance) != 1 ||
        EVP_EncryptInit_ex(c->seal, EVP_aes_256_gcm(), NULL, key, NULL) != 1 ||
        EVP_DecryptInit_ex(c->open, EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
        hand_cipher_free(c);
        return NULL;
    }
    return c;
}

void hand_cipher_free(HandCipher *c)
{
    if (c == NULL)
        return;
    EVP_CIPHER_CTX_free(c->seal);
    EVP_CIPHER_CTX_free(c->open);
    free(c);
}

int hand_encrypt(HandCipher *c, const uint8_t *key, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    int n = 0, last = 0;
    if (len > INT_MAX || aad_len > INT_MAX || *out_len < len + NONCE + TAG ||
        c->counter == UINT32_MAX)
        return -1;
    memcpy(out, c->instance, sizeof c->instance);
    for (int i = 0; i < 4; i++)
        out[8 + i] = (uint8_t)(c->counter >> (24 - 8 * i));
    c->counter++;
    if (EVP_EncryptInit_ex(c->seal, NULL, NULL, key, out) != 1 ||
        EVP_EncryptUpdate(c->seal, NULL, &n, aad, (int)aad_len) != 1 ||
        EVP_EncryptUpdate(c->seal, out + NONCE, &n, in, (int)len) != 1 ||
        EVP_EncryptFinal_ex(c->seal, out + NONCE + n, &last) != 1 ||
        EVP_CIPHER_CTX_ctrl(c->seal, EVP_CTRL_GCM_GET_TAG, TAG, out + NONCE + len) != 1)
        return -1;
    *out_len = len + NONCE + TAG;
    return 0;
}

int hand_decrypt(HandCipher *c, const uint8_t *key, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    int n = 0, last = 0;
    if (len < NONCE + TAG || len > INT_MAX || aad_len > INT_MAX || *out_len < len - NONCE - TAG)
        return -1;
    size_t body = len - NONCE - TAG;
    /* EVP takes the expected tag through a pointer that is not const and only reads it. */
    uint8_t tag[TAG];
    memcpy(tag, in + NONCE + body, TAG);
    if (EVP_DecryptInit_ex(c->open, NULL, NULL, key, in) != 1 ||
        EVP_DecryptUpdate(c->open, NULL, &n, aad, (int)aad_len) != 1 ||
        EVP_DecryptUpdate(c->open, out, &n, in + NONCE, (int)body) != 1 ||
        EVP_CIPHER_CTX_ctrl(c->open, EVP_CTRL_GCM_SET_TAG, TAG, tag) != 1 ||
        EVP_DecryptFinal_ex(c->open, out + n, &last) != 1)
        return -1;
    *out_len = body;
    return 0;
}

int hand_derive(const uint8_t *master, size_t master_len, const uint8_t *salt, size_t salt_len,
    const uint8_t *info, size_t info_len, uint8_t *out)
{
    static EVP_KDF *hkdf; /* fetched once: the fetch is the slow part */
    if (hkdf == NULL && (hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL)) == NULL)
        return -1;
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(hkdf);
    if (ctx == NULL)
        return -1;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)master, master_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_len),
        OSSL_PARAM_construct_end(),
    };
    int ok = EVP_KDF_derive(ctx, out, 32, params);
    EVP_KDF_CTX_free(ctx);
    return ok == 1 ? 0 : -1;
}

const char *hand_versions(void)
{
    static char text[160];
    snprintf(text, sizeof text, "liblz4 %s, libxxhash %u.%u.%u, %s", LZ4_versionString(),
        XXH_versionNumber() / 10000, XXH_versionNumber() / 100 % 100, XXH_versionNumber() % 100,
        OpenSSL_version(OPENSSL_VERSION));
    return text;
}
