#include "ops.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(text) (const uint8_t *)(text), strlen(text)
#define CK (job->lib->ck)
#define HAND (job->lib->hand)

/* Takes over a result that the library allocated. */
static int taken(Job *job, int rc, uint8_t *result)
{
    if (rc != 0)
        return rc;
    if (job->keep)
        memcpy(job->out, result, job->out_len);
    CK.free_buffer(result);
    return 0;
}

/* --- compress, decompress, checksum, inspect --- */

static int ck_compress(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return CK.compress(in->data, in->len, job->out, &job->out_len);
}

static int hand_compress(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return HAND.compress(in->data, in->len, job->out, &job->out_len, &job->checksum);
}

static int ck_decompress(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return CK.decompress(in->data, in->len, job->out, &job->out_len);
}

static int hand_decompress(Job *job, const Item *in)
{
    job->out_len = job->in->plain_size;
    return HAND.decompress(in->data, in->len, in->checksum, job->out, &job->out_len);
}

static int ck_checksum(Job *job, const Item *in)
{
    job->out_len = 8;
    return CK.checksum(in->data, in->len, job->out);
}

static int hand_checksum(Job *job, const Item *in)
{
    uint64_t sum = HAND.checksum(in->data, in->len);
    for (int i = 0; i < 8; i++)
        job->out[i] = (uint8_t)(sum >> (56 - 8 * i));
    job->out_len = 8;
    return 0;
}

static int ck_inspect(Job *job, const Item *in)
{
    struct {
        size_t struct_size, original_size, compressed_size;
        uint8_t checksum[8];
        const char *format;
        size_t format_len;
    } info = {.struct_size = sizeof info};
    int rc = CK.envelope_inspect(in->data, in->len, &info);
    job->out_len = info.original_size;
    return rc;
}

/* --- the same with results that the library allocates --- */

static int ck_store(Job *job, const Item *in)
{
    uint8_t *result;
    int rc = CK.byte_storage_store(
        job->handles->storage, in->data, in->len, NULL, &result, &job->out_len);
    return taken(job, rc, result);
}

static int ck_retrieve(Job *job, const Item *in)
{
    uint8_t *result;
    int rc =
        CK.byte_storage_retrieve(job->handles->storage, in->data, in->len, &result, &job->out_len);
    return taken(job, rc, result);
}

/* malloc of the most it can be, the call, free: what a program without `store` does for a result
 * of its own. */
static int allocated(Job *job, const Item *in, size_t bound, Call call)
{
    Job own = *job;
    own.capacity = bound;
    own.out = malloc(bound);
    if (own.out == NULL)
        return -1;
    int rc = call(&own, in);
    job->out_len = own.out_len;
    job->checksum = own.checksum;
    if (rc == 0 && job->keep)
        memcpy(job->out, own.out, own.out_len);
    free(own.out);
    return rc;
}

static int ck_store_by_compress(Job *job, const Item *in)
{
    return allocated(job, in, CK.compressed_bound(in->len), ck_compress);
}

static int ck_retrieve_by_decompress(Job *job, const Item *in)
{
    return allocated(job, in, job->in->plain_size, ck_decompress);
}

static int hand_store(Job *job, const Item *in)
{
    return allocated(job, in, HAND.bound(in->len), hand_compress);
}

static int hand_retrieve(Job *job, const Item *in)
{
    return allocated(job, in, job->in->plain_size, hand_decompress);
}

/* --- the same at a level of compression --- */

static int ck_at(Job *job, const Item *in, size_t level)
{
    uint8_t *result;
    int rc = CK.byte_storage_store(
        job->handles->leveled[level], in->data, in->len, NULL, &result, &job->out_len);
    return taken(job, rc, result);
}

static int hand_compress_at(Job *job, const Item *in, size_t level)
{
    job->out_len = job->capacity;
    return HAND.compress_level(
        in->data, in->len, levels[level], job->out, &job->out_len, &job->checksum);
}

static int hand_compress_3(Job *job, const Item *in) { return hand_compress_at(job, in, LEVEL_3); }
static int hand_compress_6(Job *job, const Item *in) { return hand_compress_at(job, in, LEVEL_6); }
static int hand_compress_9(Job *job, const Item *in) { return hand_compress_at(job, in, LEVEL_9); }

static int ck_level_3(Job *job, const Item *in) { return ck_at(job, in, LEVEL_3); }
static int ck_level_6(Job *job, const Item *in) { return ck_at(job, in, LEVEL_6); }
static int ck_level_9(Job *job, const Item *in) { return ck_at(job, in, LEVEL_9); }

static int hand_level_3(Job *job, const Item *in)
{
    return allocated(job, in, HAND.bound(in->len), hand_compress_3);
}

static int hand_level_6(Job *job, const Item *in)
{
    return allocated(job, in, HAND.bound(in->len), hand_compress_6);
}

static int hand_level_9(Job *job, const Item *in)
{
    return allocated(job, in, HAND.bound(in->len), hand_compress_9);
}

/* --- encryption: the key with each call, or kept --- */

static int ck_encrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return CK.encrypt(job->handles->encryptor, tenant_key, sizeof tenant_key, aad, aad_len,
        in->data, in->len, job->out, &job->out_len);
}

static int ck_decrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return CK.decrypt(job->handles->encryptor, tenant_key, sizeof tenant_key, aad, aad_len,
        in->data, in->len, job->out, &job->out_len);
}

static int ck_keyring_encrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return CK.keyring_encrypt(
        job->handles->keyring, aad, aad_len, in->data, in->len, job->out, &job->out_len);
}

static int ck_keyring_decrypt(Job *job, const Item *in)
{
    size_t index;
    job->out_len = job->capacity;
    return CK.keyring_decrypt(
        job->handles->keyring, aad, aad_len, in->data, in->len, job->out, &job->out_len, &index);
}

static int hand_encrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return HAND.encrypt(job->handles->unkeyed, tenant_key, aad, aad_len, in->data, in->len,
        job->out, &job->out_len);
}

static int hand_decrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return HAND.decrypt(job->handles->unkeyed, tenant_key, aad, aad_len, in->data, in->len,
        job->out, &job->out_len);
}

static int hand_keyring_encrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return HAND.encrypt(
        job->handles->keyed, NULL, aad, aad_len, in->data, in->len, job->out, &job->out_len);
}

static int hand_keyring_decrypt(Job *job, const Item *in)
{
    job->out_len = job->capacity;
    return HAND.decrypt(
        job->handles->keyed, NULL, aad, aad_len, in->data, in->len, job->out, &job->out_len);
}

/* --- seal and open: compress and encrypt in one, two or three calls --- */

static int ck_seal(Job *job, const Item *in)
{
    uint8_t *result;
    int rc = CK.keyring_seal(
        job->handles->keyring, NULL, BYTES(cache_key), in->data, in->len, &result, &job->out_len);
    return taken(job, rc, result);
}

static int ck_open(Job *job, const Item *in)
{
    uint8_t *result;
    size_t index;
    int rc = CK.keyring_open(job->handles->keyring, NULL, BYTES(cache_key), in->data, in->len,
        &result, &job->out_len, &index);
    return taken(job, rc, result);
}

static int ck_seal_by_two(Job *job, const Item *in)
{
    size_t n = job->capacity;
    int rc = CK.compress(in->data, in->len, job->scratch, &n);
    if (rc != 0)
        return rc;
    return ck_encrypt(job, &(Item){.data = job->scratch, .len = n});
}

static int ck_open_by_two(Job *job, const Item *in)
{
    size_t n = job->capacity;
    int rc = CK.decrypt(job->handles->encryptor, tenant_key, sizeof tenant_key, aad, aad_len,
        in->data, in->len, job->scratch, &n);
    if (rc != 0)
        return rc;
    return ck_decompress(job, &(Item){.data = job->scratch, .len = n});
}

/* H stores its checksum in front of the block. */
static int hand_seal(Job *job, const Item *in)
{
    size_t n = job->capacity - 8;
    int rc = HAND.compress(in->data, in->len, job->scratch + 8, &n, &job->checksum);
    if (rc != 0)
        return rc;
    memcpy(job->scratch, &job->checksum, 8);
    return hand_keyring_encrypt(job, &(Item){.data = job->scratch, .len = n + 8});
}

static int hand_open(Job *job, const Item *in)
{
    Item block = {.data = job->scratch + 8, .len = job->capacity};
    int rc = HAND.decrypt(
        job->handles->keyed, NULL, aad, aad_len, in->data, in->len, job->scratch, &block.len);
    if (rc != 0)
        return rc;
    block.len -= 8;
    memcpy(&block.checksum, job->scratch, 8);
    return hand_decompress(job, &block);
}

/* --- many at once: BATCH items, or as many calls in a loop --- */

enum { BATCH = 16 };

static const Item *following(const Job *job, const Item *in, size_t i)
{
    return &job->in->items[((size_t)(in - job->in->items) + i) % job->in->count];
}

static int looped(Job *job, const Item *in, Call call)
{
    int rc = 0;
    for (size_t i = BATCH; i-- > 0;) /* the first one last: its result stays */
        rc |= call(job, following(job, in, i));
    return rc;
}

static void fill_batch(Job *job, const Item *in, BatchItem items[BATCH])
{
    for (size_t i = 0; i < BATCH; i++) {
        const Item *from = following(job, in, i);
        items[i] = (BatchItem){.cache_key = (const uint8_t *)cache_key,
            .cache_key_len = strlen(cache_key),
            .in = from->data,
            .in_len = from->len};
    }
}

static int taken_batch(Job *job, int rc, const BatchItem items[BATCH], uint8_t *results)
{
    if (rc != 0)
        return rc;
    job->out_len = items[0].out_len;
    if (job->keep)
        memcpy(job->out, items[0].out, job->out_len);
    CK.free_buffer(results);
    return 0;
}

static int ck_store_many(Job *job, const Item *in)
{
    BatchItem items[BATCH];
    uint8_t *results;
    fill_batch(job, in, items);
    int rc = CK.byte_storage_store_many(
        job->handles->storage, NULL, items, BATCH, sizeof *items, &results);
    return taken_batch(job, rc, items, results);
}

static int ck_retrieve_many(Job *job, const Item *in)
{
    BatchItem items[BATCH];
    uint8_t *results;
    fill_batch(job, in, items);
    int rc =
        CK.byte_storage_retrieve_many(job->handles->storage, items, BATCH, sizeof *items, &results);
    return taken_batch(job, rc, items, results);
}

static int ck_seal_many(Job *job, const Item *in)
{
    BatchItem items[BATCH];
    uint8_t *results;
    fill_batch(job, in, items);
    int rc =
        CK.keyring_seal_many(job->handles->keyring, NULL, items, BATCH, sizeof *items, &results);
    return taken_batch(job, rc, items, results);
}

static int ck_open_many(Job *job, const Item *in)
{
    BatchItem items[BATCH];
    uint8_t *results;
    fill_batch(job, in, items);
    int rc =
        CK.keyring_open_many(job->handles->keyring, NULL, items, BATCH, sizeof *items, &results);
    return taken_batch(job, rc, items, results);
}

static int ck_store_each(Job *job, const Item *in) { return looped(job, in, ck_store_by_compress); }
static int ck_retrieve_each(Job *job, const Item *in)
{
    return looped(job, in, ck_retrieve_by_decompress);
}
static int ck_seal_each(Job *job, const Item *in) { return looped(job, in, ck_seal_by_two); }
static int ck_open_each(Job *job, const Item *in) { return looped(job, in, ck_open_by_two); }
static int hand_store_each(Job *job, const Item *in) { return looped(job, in, hand_store); }
static int hand_retrieve_each(Job *job, const Item *in) { return looped(job, in, hand_retrieve); }
static int hand_seal_each(Job *job, const Item *in) { return looped(job, in, hand_seal); }
static int hand_open_each(Job *job, const Item *in) { return looped(job, in, hand_open); }

/* --- keys and handles --- */

static int ck_derive(Job *job, const Item *in)
{
    (void)in;
    job->out_len = 32;
    return CK.derive_key(master_key, sizeof master_key, BYTES(tenant), BYTES(domain), job->out);
}

static int hand_derive(Job *job, const Item *in)
{
    static uint8_t salt[64];
    static size_t salt_len;
    (void)in;
    if (salt_len == 0)
        salt_len = derive_salt(salt);
    job->out_len = 32;
    return HAND.derive(master_key, sizeof master_key, salt, salt_len, BYTES(domain), job->out);
}

static int ck_tenant_keys(Job *job, const Item *in)
{
    (void)in;
    size_t struct_size = sizeof struct_size + 96;
    memcpy(job->out, &struct_size, sizeof struct_size);
    return CK.derive_tenant_keys(master_key, sizeof master_key, BYTES(tenant), job->out);
}

static int ck_tenant_keys_by_three(Job *job, const Item *in)
{
    return ck_derive(job, in) | ck_derive(job, in) | ck_derive(job, in);
}

static int hand_tenant_keys(Job *job, const Item *in)
{
    return hand_derive(job, in) | hand_derive(job, in) | hand_derive(job, in);
}

static int ck_encryptor(Job *job, const Item *in)
{
    (void)in;
    void *handle = CK.encryptor_new(NULL);
    CK.encryptor_free(handle);
    return handle == NULL;
}

static int hand_cipher(Job *job, const Item *in)
{
    (void)in;
    HandCipher *cipher = HAND.cipher_new(NULL);
    HAND.cipher_free(cipher);
    return cipher == NULL;
}

static int ck_storage(Job *job, const Item *in)
{
    (void)in;
    void *handle = CK.byte_storage_new(NULL);
    CK.byte_storage_free(handle);
    return handle == NULL;
}

static int ck_keyring(Job *job, const Item *in)
{
    (void)in;
    void *handle;
    int rc = CK.keyring_new(master_key, sizeof master_key, NULL, NULL, 0, BYTES(tenant), &handle);
    if (rc == 0)
        CK.keyring_free(handle);
    return rc;
}

static int hand_keyring(Job *job, const Item *in)
{
    (void)in;
    int rc = hand_derive(job, in);
    HandCipher *cipher = HAND.cipher_new(job->out);
    HAND.cipher_free(cipher);
    return rc | (cipher == NULL);
}

#define ALL ((1u << KIND_COUNT) - 1)
#define JSON (1u << KIND_JSON)
#define RECORDS (JSON | 1u << KIND_MSGPACK)
#define NEEDS(name) offsetof(Cachekit, name)

// clang-format off: it would give each field a line of its own
const Op ops[] = {
    {.name = "compress", .kinds = ALL, .sized = true,
     .symbol = NEEDS(compress), .direct = ck_compress, .hand = hand_compress},
    {.name = "decompress", .forward = "compress", .kinds = ALL, .sized = true,
     .symbol = NEEDS(decompress), .direct = ck_decompress, .hand = hand_decompress},
    {.name = "compress_level_3", .kinds = RECORDS, .sized = true,
     .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_set_level), .direct = ck_level_3,
     .hand = hand_level_3, .hand_note = "malloc, XXH3, LZ4_compress_HC, free"},
    {.name = "compress_level_6", .kinds = RECORDS, .sized = true,
     .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_set_level), .direct = ck_level_6,
     .hand = hand_level_6, .hand_note = "malloc, XXH3, LZ4_compress_HC, free"},
    {.name = "compress_level_9", .kinds = RECORDS, .sized = true,
     .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_set_level), .direct = ck_level_9,
     .hand = hand_level_9, .hand_note = "malloc, XXH3, LZ4_compress_HC, free"},
    {.name = "checksum", .kinds = JSON, .sized = true, .shared_format = true,
     .symbol = NEEDS(checksum), .direct = ck_checksum, .hand = hand_checksum},
    {.name = "encrypt", .kinds = JSON, .sized = true, .shared_format = true,
     .symbol = NEEDS(encrypt), .direct = ck_encrypt, .hand = hand_encrypt},
    {.name = "decrypt", .forward = "encrypt", .kinds = JSON, .sized = true, .shared_format = true,
     .symbol = NEEDS(decrypt), .direct = ck_decrypt, .hand = hand_decrypt},
    {.name = "keyring_encrypt", .kinds = JSON, .sized = true, .shared_format = true,
     .symbol = NEEDS(keyring_encrypt), .direct = ck_keyring_encrypt,
     .stand_in = ck_encrypt, .others = {NEEDS(encrypt), NEEDS(encrypt)},
     .stand_in_note = "cachekit_encrypt, key with each call",
     .hand = hand_keyring_encrypt, .hand_note = "OpenSSL, key kept in the context"},
    {.name = "keyring_decrypt", .forward = "keyring_encrypt", .kinds = JSON, .sized = true,
     .shared_format = true,
     .symbol = NEEDS(keyring_decrypt), .direct = ck_keyring_decrypt,
     .stand_in = ck_decrypt, .others = {NEEDS(decrypt), NEEDS(decrypt)},
     .stand_in_note = "cachekit_decrypt, key with each call",
     .hand = hand_keyring_decrypt, .hand_note = "OpenSSL, key kept in the context"},
    {.name = "seal", .kinds = JSON, .sized = true, .allocates = true,
     .symbol = NEEDS(keyring_seal), .direct = ck_seal,
     .stand_in = ck_seal_by_two, .others = {NEEDS(compress), NEEDS(encrypt)},
     .stand_in_note = "cachekit_compress, then cachekit_encrypt",
     .hand = hand_seal, .hand_note = "XXH3, LZ4, OpenSSL with the key kept"},
    {.name = "open", .forward = "seal", .kinds = JSON, .sized = true, .allocates = true,
     .symbol = NEEDS(keyring_open), .direct = ck_open,
     .stand_in = ck_open_by_two, .others = {NEEDS(decrypt), NEEDS(decompress)},
     .stand_in_note = "cachekit_decrypt, then cachekit_decompress",
     .hand = hand_open, .hand_note = "OpenSSL with the key kept, LZ4, XXH3"},
    {.name = "store", .kinds = JSON, .sized = true, .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_store), .direct = ck_store,
     .stand_in = ck_store_by_compress, .others = {NEEDS(compressed_bound), NEEDS(compress)},
     .stand_in_note = "malloc, cachekit_compress, free",
     .hand = hand_store, .hand_note = "malloc, XXH3, LZ4, free"},
    {.name = "retrieve", .forward = "store", .kinds = JSON, .sized = true,
     .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_retrieve), .direct = ck_retrieve,
     .stand_in = ck_retrieve_by_decompress, .others = {NEEDS(decompress), NEEDS(decompress)},
     .stand_in_note = "malloc, cachekit_decompress, free",
     .hand = hand_retrieve, .hand_note = "malloc, LZ4, XXH3, free"},
    {.name = "store_many", .kinds = JSON, .sized = true, .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_store_many), .direct = ck_store_many,
     .stand_in = ck_store_each, .others = {NEEDS(compressed_bound), NEEDS(compress)},
     .stand_in_note = "a loop of malloc, cachekit_compress, free",
     .hand = hand_store_each, .hand_note = "a loop of malloc, XXH3, LZ4, free", .batch = BATCH},
    {.name = "retrieve_many", .forward = "store", .kinds = JSON, .sized = true,
     .allocates = true, .all_allocate = true,
     .symbol = NEEDS(byte_storage_retrieve_many), .direct = ck_retrieve_many,
     .stand_in = ck_retrieve_each, .others = {NEEDS(decompress), NEEDS(decompress)},
     .stand_in_note = "a loop of malloc, cachekit_decompress, free",
     .hand = hand_retrieve_each, .hand_note = "a loop of malloc, LZ4, XXH3, free",
     .batch = BATCH},
    {.name = "seal_many", .kinds = JSON, .sized = true, .allocates = true,
     .symbol = NEEDS(keyring_seal_many), .direct = ck_seal_many,
     .stand_in = ck_seal_each, .others = {NEEDS(compress), NEEDS(encrypt)},
     .stand_in_note = "a loop of cachekit_compress, then cachekit_encrypt",
     .hand = hand_seal_each, .hand_note = "a loop of XXH3, LZ4, OpenSSL with the key kept",
     .batch = BATCH},
    {.name = "open_many", .forward = "seal", .kinds = JSON, .sized = true, .allocates = true,
     .symbol = NEEDS(keyring_open_many), .direct = ck_open_many,
     .stand_in = ck_open_each, .others = {NEEDS(decrypt), NEEDS(decompress)},
     .stand_in_note = "a loop of cachekit_decrypt, then cachekit_decompress",
     .hand = hand_open_each, .hand_note = "a loop of OpenSSL with the key kept, LZ4, XXH3",
     .batch = BATCH},
    {.name = "inspect", .forward = "compress", .kinds = JSON, .sized = true,
     .symbol = NEEDS(envelope_inspect), .direct = ck_inspect},
    {.name = "derive_key",
     .symbol = NEEDS(derive_key), .direct = ck_derive, .hand = hand_derive},
    {.name = "derive_tenant_keys",
     .symbol = NEEDS(derive_tenant_keys), .direct = ck_tenant_keys,
     .stand_in = ck_tenant_keys_by_three, .others = {NEEDS(derive_key), NEEDS(derive_key)},
     .stand_in_note = "cachekit_derive_key three times",
     .hand = hand_tenant_keys, .hand_note = "HKDF three times"},
    {.name = "encryptor_new_free",
     .symbol = NEEDS(encryptor_new), .direct = ck_encryptor, .hand = hand_cipher},
    {.name = "keyring_new_free",
     .symbol = NEEDS(keyring_new), .direct = ck_keyring,
     .hand = hand_keyring, .hand_note = "HKDF, then two EVP contexts with the key"},
    {.name = "byte_storage_new_free",
     .symbol = NEEDS(byte_storage_new), .direct = ck_storage},
};
// clang-format on
const size_t op_count = sizeof ops / sizeof *ops;

const Op *op_by_name(const char *name)
{
    for (size_t i = 0; i < op_count; i++)
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    return NULL;
}

static bool has(const Lib *lib, size_t offset)
{
    void *symbol;
    memcpy(&symbol, (const char *)&lib->ck + offset, sizeof symbol);
    return symbol != NULL;
}

Call op_call(const Op *op, const Lib *lib, const char **note)
{
    const char *unused;
    if (note == NULL)
        note = &unused;
    *note = NULL;
    if (lib->is_hand) {
        *note = op->hand_note;
        return op->hand;
    }
    if (has(lib, op->symbol))
        return op->direct;
    if (op->stand_in == NULL || !has(lib, op->others[0]) || !has(lib, op->others[1]))
        return NULL;
    *note = op->stand_in_note;
    return op->stand_in;
}

Pool pool_plain(Kind kind, size_t size, size_t count)
{
    Pool pool = {calloc(count, sizeof(Item)), count, size};
    uint8_t *bytes = malloc(count * size + 1);
    if (pool.items == NULL || bytes == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        pool.items[i] = (Item){.data = bytes + i * size, .len = size};
        data_fill(kind, i, pool.items[i].data, size);
    }
    return pool;
}

Pool pool_sealed(const Pool *plain, Job *job, Call forward)
{
    Pool pool = {calloc(plain->count, sizeof(Item)), plain->count, plain->plain_size};
    uint8_t *bytes = malloc(plain->count * job->capacity), *at = bytes;
    if (pool.items == NULL || bytes == NULL)
        abort();
    job->in = plain;
    job->keep = true;
    pool.items[0].data = bytes; /* so that pool_free finds it after a failure */
    for (size_t i = 0; i < plain->count; i++) {
        if (forward(job, &plain->items[i]) != 0) {
            pool_free(&pool);
            break;
        }
        pool.items[i] = (Item){.data = at, .len = job->out_len, .checksum = job->checksum};
        memcpy(at, job->out, job->out_len);
        at += job->out_len;
    }
    job->keep = false;
    return pool;
}

void pool_free(Pool *pool)
{
    if (pool->items != NULL)
        free(pool->items[0].data); /* the items share one block */
    free(pool->items);
    *pool = (Pool){0};
}

bool job_open(Job *job, const Lib *lib, const Handles *handles, size_t plain_size)
{
    *job = (Job){.lib = lib, .handles = handles};
    /* above every bound: block, envelope, nonce, tag */
    job->capacity = plain_size + plain_size / 255 + 256;
    job->out = malloc(job->capacity);
    job->scratch = malloc(job->capacity);
    if (job->out == NULL || job->scratch == NULL)
        return false;
    memset(job->out, 1, job->capacity);
    memset(job->scratch, 1, job->capacity);
    return true;
}

void job_close(Job *job)
{
    free(job->out);
    free(job->scratch);
}

bool envelope_parse(const uint8_t *envelope, size_t len, Item *block)
{
    const uint8_t *p = envelope + 1, *end = envelope + len;
    if (len < 12 || envelope[0] != 0x94 || *p < 0xc4 || *p > 0xc6)
        return false;
    size_t n = 0;
    for (int width = 1 << (*p++ - 0xc4); width > 0; width--)
        n = n << 8 | *p++;
    if (n + 9 > (size_t)(end - p) || p[n] != 0x98)
        return false;
    *block = (Item){.data = (uint8_t *)(uintptr_t)p, .len = n};
    p += n + 1;
    for (int i = 0; i < 8 && p < end; i++, p++) {
        if (*p == 0xcc)
            p++;
        block->checksum = block->checksum << 8 | *p;
    }
    return p < end;
}

static uint8_t *put_sized(uint8_t *p, uint8_t header32, size_t n)
{
    *p++ = header32;
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(n >> shift);
    return p;
}

size_t envelope_wrap(const Item *block, size_t plain_size, uint8_t *out)
{
    uint8_t *p = out;
    *p++ = 0x94;
    p = put_sized(p, 0xc6, block->len);
    memcpy(p, block->data, block->len);
    p += block->len;
    *p++ = 0x98;
    for (int shift = 56; shift >= 0; shift -= 8) {
        *p++ = 0xcc;
        *p++ = (uint8_t)(block->checksum >> shift);
    }
    p = put_sized(p, 0xce, plain_size);
    memcpy(p, "\xa7msgpack", 8);
    return (size_t)(p + 8 - out);
}
