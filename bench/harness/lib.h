/* The contestants: shared libraries loaded side by side, and the handles that a run keeps for
 * each. */
#ifndef BENCH_LIB_H
#define BENCH_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HandCipher HandCipher;

/* CachekitItem of cachekit.h. */
typedef struct {
    const uint8_t *cache_key;
    size_t cache_key_len;
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len, key_index;
    int error;
} BatchItem;

/* The part of cachekit.h that is timed. Members are NULL where the library lacks the symbol. */
typedef struct {
    int (*compress)(const uint8_t *, size_t, uint8_t *, size_t *);
    int (*decompress)(const uint8_t *, size_t, uint8_t *, size_t *);
    size_t (*compressed_bound)(size_t);
    int (*checksum)(const uint8_t *, size_t, uint8_t *);
    void *(*byte_storage_new)(const char *);
    void (*byte_storage_free)(void *);
    int (*byte_storage_store)(
        const void *, const uint8_t *, size_t, const char *, uint8_t **, size_t *);
    int (*byte_storage_retrieve)(const void *, const uint8_t *, size_t, uint8_t **, size_t *);
    int (*byte_storage_set_level)(void *, int);
    int (*envelope_inspect)(const uint8_t *, size_t, void *);
    void *(*encryptor_new)(int *);
    void (*encryptor_free)(void *);
    int (*encrypt)(void *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *,
        size_t, uint8_t *, size_t *);
    int (*decrypt)(const void *, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *,
        size_t, uint8_t *, size_t *);
    int (*derive_key)(
        const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *);
    int (*derive_tenant_keys)(const uint8_t *, size_t, const uint8_t *, size_t, void *);
    int (*keyring_new)(const uint8_t *, size_t, const uint8_t *const *, const size_t *, size_t,
        const uint8_t *, size_t, void **);
    void (*keyring_free)(void *);
    int (*keyring_encrypt)(
        void *, const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *, size_t *);
    int (*keyring_decrypt)(const void *, const uint8_t *, size_t, const uint8_t *, size_t,
        uint8_t *, size_t *, size_t *);
    int (*keyring_seal)(void *, const char *, const uint8_t *, size_t, const uint8_t *, size_t,
        uint8_t **, size_t *);
    int (*keyring_open)(const void *, const char *, const uint8_t *, size_t, const uint8_t *,
        size_t, uint8_t **, size_t *, size_t *);
    int (*byte_storage_store_many)(
        const void *, const char *, BatchItem *, size_t, size_t, uint8_t **);
    int (*byte_storage_retrieve_many)(const void *, BatchItem *, size_t, size_t, uint8_t **);
    int (*keyring_seal_many)(void *, const char *, BatchItem *, size_t, size_t, uint8_t **);
    int (*keyring_open_many)(const void *, const char *, BatchItem *, size_t, size_t, uint8_t **);
    void (*free_buffer)(void *);
    const char *(*version_string)(void);
} Cachekit;

/* The hand-glued library (peers/hand/hand.h). */
typedef struct {
    size_t (*bound)(size_t);
    int (*compress)(const uint8_t *, size_t, uint8_t *, size_t *, uint64_t *);
    int (*compress_level)(const uint8_t *, size_t, int, uint8_t *, size_t *, uint64_t *);
    int (*decompress)(const uint8_t *, size_t, uint64_t, uint8_t *, size_t *);
    uint64_t (*checksum)(const uint8_t *, size_t);
    HandCipher *(*cipher_new)(const uint8_t *);
    void (*cipher_free)(HandCipher *);
    int (*encrypt)(HandCipher *, const uint8_t *, const uint8_t *, size_t, const uint8_t *, size_t,
        uint8_t *, size_t *);
    int (*decrypt)(HandCipher *, const uint8_t *, const uint8_t *, size_t, const uint8_t *, size_t,
        uint8_t *, size_t *);
    int (*derive)(
        const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *);
    const char *(*versions)(void);
} Hand;

/* The levels of compression that are timed, beside the first. */
enum { LEVEL_3, LEVEL_6, LEVEL_9, LEVEL_COUNT };
extern const int levels[LEVEL_COUNT];

/* One thread's own handles on one library. */
typedef struct {
    void *encryptor, *keyring, *storage; /* cachekit */
    void *leveled[LEVEL_COUNT];          /* cachekit: a storage for each level */
    HandCipher *keyed, *unkeyed;         /* hand: key kept, key with each call */
} Handles;

typedef struct {
    const char *name; /* ours, R, H, or a commit */
    const char *path;
    bool is_hand;
    void *so;
    Cachekit ck;
    Hand hand;
} Lib;

enum { MAX_LIBS = 4 };

/* Parses NAME=API:PATH, API being cachekit or hand; the strings stay the argument's. */
bool lib_parse(Lib *lib, char *spec);

/* Loads the library with its symbols to itself. False, with the reason on stderr, when it cannot
 * be loaded. */
bool lib_load(Lib *lib);

bool handles_open(Handles *h, const Lib *lib);
void handles_close(Handles *h, const Lib *lib);

/* The secrets and names that every contestant works under. */
extern const uint8_t master_key[32];
extern const char tenant[], cache_key[], domain[];
extern uint8_t tenant_key[32]; /* HKDF of the three above; set by secrets_init */
extern uint8_t aad[64];        /* AAD v3 of tenant, cache key, msgpack, compressed */
extern size_t aad_len;

/* Derives tenant_key with the first library that can, and builds the AAD. */
bool secrets_init(const Lib *libs, size_t count);

/* salt of HKDF as the wire format defines it; returns its length. */
size_t derive_salt(uint8_t out[64]);

#endif
