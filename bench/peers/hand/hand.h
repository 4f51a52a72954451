/*
 * What a C programmer glues together when there is no library for it: liblz4, libxxhash and
 * OpenSSL's EVP. No envelope: the caller keeps the checksum and the length beside the block, which
 * costs H nothing here. Every function returns 0 for success.
 */
#ifndef HAND_H
#define HAND_H

#include <stddef.h>
#include <stdint.h>

typedef struct HandCipher HandCipher;

size_t hand_bound(size_t len);
int hand_compress(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len, uint64_t *checksum);
/* At a level of LZ4_compress_HC. */
int hand_compress_level(
    const uint8_t *in, size_t len, int level, uint8_t *out, size_t *out_len, uint64_t *checksum);
int hand_decompress(
    const uint8_t *in, size_t len, uint64_t checksum, uint8_t *out, size_t *out_len);
uint64_t hand_checksum(const uint8_t *in, size_t len);

/* key: 32 bytes that stay expanded in the context, or NULL when each call brings its own. */
HandCipher *hand_cipher_new(const uint8_t *key);
void hand_cipher_free(HandCipher *cipher);

/* key: 32 bytes, or NULL for the one kept. Layout: nonce (12), ciphertext, tag (16). */
int hand_encrypt(HandCipher *cipher, const uint8_t *key, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, size_t *out_len);
int hand_decrypt(HandCipher *cipher, const uint8_t *key, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, size_t *out_len);

/* HKDF-SHA256, 32 bytes out. */
int hand_derive(const uint8_t *master, size_t master_len, const uint8_t *salt, size_t salt_len,
    const uint8_t *info, size_t info_len, uint8_t *out);

/* "liblz4 1.9.4, libxxhash 0.8.1, OpenSSL 3.0.19 ..." as loaded. */
const char *hand_versions(void);

#endif
