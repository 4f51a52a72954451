/* The functions that Go exports to the shim. Written by hand, so that a
 * changed Go export does not compile. They get checked arguments: no NULL
 * where memory is needed, no handles but slots that are held. Those that
 * return int return a CachekitError; they set *len on success, and to the size
 * needed with CACHEKIT_BUFFER_TOO_SMALL. A result at uint8_t **out is allocated
 * with ck_buffer_new. cgo knows no const; nothing writes to an input. */
#ifndef CKGO_H
#define CKGO_H

/* What the header declares is exported, whatever CFLAGS say. */
#pragma GCC visibility push(default)
#include "cachekit.h"
#pragma GCC visibility pop

/* Library */
extern int ckgo_start(void);
extern int ckgo_build_info(char *out, size_t capacity);
extern int ckgo_hardware_accelerated(void);

/* Objects, known by their slot. A constructor sets *object to the pointer by which Go owns
 * the object, for ckgo_destroy. */
extern int ckgo_byte_storage_new(uint32_t slot, char *format, size_t format_len, void **object);
extern int ckgo_encryptor_new(uint32_t slot, void **object);
extern int ckgo_keyring_new(uint32_t slot, uint8_t *current, size_t current_len, uint8_t **others,
    size_t *other_lens, size_t others_count, uint8_t *tenant, size_t tenant_len, void **object);
extern int ckgo_keyring_from_env(uint32_t slot, char *current, size_t current_len, char *previous,
    size_t previous_len, uint8_t *tenant, size_t tenant_len, void **object);
extern void ckgo_destroy(uint32_t slot, void *object);

/* Storage */
extern int ckgo_storage_set_level(uint32_t slot, int level);
extern int ckgo_storage_set_max_payload(uint32_t slot, size_t bytes);
extern int ckgo_store(uint32_t slot, uint8_t *data, size_t data_len, char *format,
    size_t format_len, uint8_t **out, size_t *len);
extern int ckgo_retrieve(
    uint32_t slot, uint8_t *envelope, size_t envelope_len, uint8_t **out, size_t *len);
extern int ckgo_store_into(uint32_t slot, uint8_t *data, size_t data_len, char *format,
    size_t format_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_retrieve_into(uint32_t slot, uint8_t *envelope, size_t envelope_len, uint8_t *out,
    size_t capacity, size_t *len);
extern int ckgo_validate(uint32_t slot, uint8_t *envelope, size_t envelope_len);
extern int ckgo_compression_ratio(uint32_t slot, uint8_t *data, size_t data_len, double *ratio);
extern int ckgo_inspect(uint8_t *envelope, size_t envelope_len, CachekitEnvelopeInfo *info);
extern int ckgo_compress(uint8_t *in, size_t in_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_decompress(uint8_t *in, size_t in_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_checksum(uint8_t *data, size_t data_len, uint8_t *out);
extern int ckgo_verify_checksum(uint8_t *data, size_t data_len, uint8_t *expected);
extern int ckgo_storage_metrics(uint32_t slot, CachekitMetrics *metrics);

extern int ckgo_metrics_text(
    CachekitMetrics *metrics, char *name, size_t name_len, char *out, size_t capacity, size_t *len);

/* Encryption */
extern uint64_t ckgo_encryptor_counter(uint32_t slot);
extern int ckgo_encrypt(uint32_t slot, uint8_t *key, size_t key_len, uint8_t *aad, size_t aad_len,
    uint8_t *plaintext, size_t plaintext_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_decrypt(uint32_t slot, uint8_t *key, size_t key_len, uint8_t *aad, size_t aad_len,
    uint8_t *ciphertext, size_t ciphertext_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_encryptor_metrics(uint32_t slot, CachekitMetrics *metrics);
extern int ckgo_derive_key(uint8_t *master, size_t master_len, uint8_t *salt, size_t salt_len,
    uint8_t *domain, size_t domain_len, uint8_t *out);
extern int ckgo_derive_tenant_keys(uint8_t *master, size_t master_len, uint8_t *tenant,
    size_t tenant_len, CachekitTenantKeys *keys);
extern int ckgo_parse_master_key(
    char *hex, size_t hex_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_generate_key(uint8_t *out);
extern int ckgo_key_fingerprint(uint8_t *key, size_t key_len, uint8_t *out);

/* Keyring */
extern int ckgo_keyring_set_level(uint32_t slot, int level);
extern int ckgo_keyring_set_max_payload(uint32_t slot, size_t bytes);
extern size_t ckgo_keyring_key_count(uint32_t slot);
extern uint64_t ckgo_keyring_counter(uint32_t slot);
extern int ckgo_keyring_fingerprint(uint32_t slot, size_t index, uint8_t *out);
extern int ckgo_keyring_encrypt(uint32_t slot, uint8_t *aad, size_t aad_len, uint8_t *plaintext,
    size_t plaintext_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_keyring_decrypt(uint32_t slot, uint8_t *aad, size_t aad_len, uint8_t *ciphertext,
    size_t ciphertext_len, uint8_t *out, size_t capacity, size_t *len, size_t *index);
extern int ckgo_keyring_decrypt_at(uint32_t slot, size_t index, uint8_t *aad, size_t aad_len,
    uint8_t *ciphertext, size_t ciphertext_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_keyring_metrics(uint32_t slot, CachekitMetrics *metrics);

/* Entries */
extern int ckgo_seal(uint32_t slot, char *format, size_t format_len, uint8_t *cache_key,
    size_t cache_key_len, uint8_t *data, size_t data_len, uint8_t **out, size_t *len);
extern int ckgo_open(uint32_t slot, char *format, size_t format_len, uint8_t *cache_key,
    size_t cache_key_len, uint8_t *sealed, size_t sealed_len, uint8_t **out, size_t *len,
    size_t *index);
extern int ckgo_seal_into(uint32_t slot, char *format, size_t format_len, uint8_t *cache_key,
    size_t cache_key_len, uint8_t *data, size_t data_len, uint8_t *out, size_t capacity,
    size_t *len);
extern int ckgo_open_into(uint32_t slot, char *format, size_t format_len, uint8_t *cache_key,
    size_t cache_key_len, uint8_t *sealed, size_t sealed_len, uint8_t *out, size_t capacity,
    size_t *len, size_t *index);
extern int ckgo_aad(uint8_t *tenant, size_t tenant_len, uint8_t *cache_key, size_t cache_key_len,
    char *format, size_t format_len, int compressed, char *original_type, size_t original_type_len,
    uint8_t *out, size_t capacity, size_t *len);

/* Many at once */
extern int ckgo_store_many(uint32_t slot, char *format, size_t format_len, CachekitItem *items,
    size_t count, size_t item_size, uint8_t **results, size_t *len);
extern int ckgo_retrieve_many(uint32_t slot, CachekitItem *items, size_t count, size_t item_size,
    uint8_t **results, size_t *len);
extern int ckgo_seal_many(uint32_t slot, char *format, size_t format_len, CachekitItem *items,
    size_t count, size_t item_size, uint8_t **results, size_t *len);
extern int ckgo_open_many(uint32_t slot, char *format, size_t format_len, CachekitItem *items,
    size_t count, size_t item_size, uint8_t **results, size_t *len);

/* Interop mode */
extern int ckgo_msgpack_check(uint8_t *in, size_t in_len);
extern int ckgo_interop_key(char *name_space, size_t name_space_len, char *operation,
    size_t operation_len, uint8_t *args, size_t args_len, char *out, size_t capacity, size_t *len);
extern int ckgo_interop_value(
    uint8_t *in, size_t in_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_seal_interop(uint32_t slot, char *key, size_t key_len, uint8_t *value,
    size_t value_len, uint8_t *out, size_t capacity, size_t *len);
extern int ckgo_open_interop(uint32_t slot, char *key, size_t key_len, uint8_t *sealed,
    size_t sealed_len, uint8_t *out, size_t capacity, size_t *len, size_t *index);

#endif
