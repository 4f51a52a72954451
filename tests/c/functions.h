/* Every function that returns a code, in one table, so that a rule that holds
 * for all of them can be tested on all of them. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "fixture.h"

typedef enum kind { NO_HANDLE, STORAGE, ENCRYPTOR, KEYRING, KINDS } kind;

/* Where a function puts its result. */
typedef enum result {
    NOTHING,
    MADE,    /* uint8_t **, size_t * */
    RESULTS, /* uint8_t **, of a batch */
    BUFFER,  /* uint8_t *, size_t *: the caller's buffer */
    FIXED,   /* uint8_t *, of a size that is known */
    RATIO,
    METRICS,
    INFO,
    TENANT_KEYS,
    NEW_KEYRING
} result;

/* Inputs that make the functions succeed. */
typedef enum sample {
    NONE,
    DATA,
    ENVELOPE,
    KEY,
    AAD,
    CIPHERTEXT,      /* of DATA under KEY and AAD */
    RING_CIPHERTEXT, /* of DATA under the keyring and AAD */
    MASTER,
    TENANT_ID,
    DOMAIN,
    CACHE_KEY,
    SEALED,         /* DATA at CACHE_KEY */
    DOCUMENT,       /* [42] in MessagePack */
    SEALED_INTEROP, /* DOCUMENT at the key "u:g:1" */
    SAMPLES
} sample;

typedef struct input {
    const uint8_t *p;
    size_t len;
} input;

/* All that any function takes; each takes some of it. */
typedef struct arguments {
    void *handle;
    input in[3];
    const char *text[2];
    const uint8_t *fixed;
    const CachekitMetrics *counted;
    uint8_t *out;
    size_t *out_len;
    uint8_t **made;
    size_t *index;
    double *ratio;
    CachekitMetrics *metrics;
    CachekitEnvelopeInfo *info;
    CachekitTenantKeys *tenant_keys;
    CachekitKeyring **keyring;
} arguments;

/* What arguments point to. */
typedef struct places {
    uint8_t out[CACHEKIT_METRICS_TEXT_BUFFER_SIZE / 8];
    size_t out_len;
    uint8_t *made;
    size_t index;
    double ratio;
    CachekitMetrics metrics;
    CachekitEnvelopeInfo info;
    CachekitTenantKeys tenant_keys;
    CachekitKeyring *keyring;
} places;

typedef struct function {
    const char *name;
    CachekitError (*call)(const arguments *);
    kind handle;
    result result;
    struct {
        sample sample;
        CachekitError if_empty; /* the answer for NULL with length 0 */
    } in[3];
    struct {
        const char *sample;
        CachekitError if_null;
    } text[2];
    /* Has size_t *key_index; a const uint8_t * without a length; metrics to read. */
    bool index, fixed, counted;
} function;

static inline CachekitItem one_item(
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *in, size_t in_len)
{
    CachekitItem item;
    memset(&item, POISON, sizeof item);
    item.cache_key = cache_key, item.cache_key_len = cache_key_len;
    item.in = in, item.in_len = in_len;
    return item;
}

#define CALL(name, ...)                                                                            \
    static CachekitError call_##name(const arguments *a) { return cachekit_##name(__VA_ARGS__); }
#define IN(i) a->in[i].p, a->in[i].len
#define OUT a->out, a->out_len
#define NO_KEY NULL, 0
#define BATCH(...) &(CachekitItem[]){one_item(__VA_ARGS__)}[0], 1, sizeof(CachekitItem), a->made

CALL(byte_storage_set_level, a->handle, CACHEKIT_DEFAULT_LEVEL)
CALL(byte_storage_set_max_payload, a->handle, CACHEKIT_MAX_PAYLOAD_SIZE)
CALL(byte_storage_store, a->handle, IN(0), a->text[0], a->made, a->out_len)
CALL(byte_storage_retrieve, a->handle, IN(0), a->made, a->out_len)
CALL(byte_storage_store_into, a->handle, IN(0), a->text[0], OUT)
CALL(byte_storage_retrieve_into, a->handle, IN(0), OUT)
CALL(byte_storage_validate, a->handle, IN(0))
CALL(byte_storage_estimate_compression, a->handle, IN(0), a->ratio)
CALL(byte_storage_get_metrics, a->handle, a->metrics)
CALL(envelope_inspect, IN(0), a->info)
CALL(metrics_text, a->counted, a->text[0], (char *)a->out, a->out_len)
CALL(compress, IN(0), OUT)
CALL(decompress, IN(0), OUT)
CALL(checksum, IN(0), a->out)
CALL(verify_checksum, IN(0), a->fixed)
CALL(encrypt, a->handle, IN(0), IN(1), IN(2), OUT)
CALL(decrypt, a->handle, IN(0), IN(1), IN(2), OUT)
CALL(encryptor_get_metrics, a->handle, a->metrics)
CALL(derive_key, IN(0), IN(1), IN(2), a->out)
CALL(derive_tenant_keys, IN(0), IN(1), a->tenant_keys)
CALL(generate_key, a->out)
CALL(parse_master_key, a->text[0], OUT)
CALL(key_fingerprint, IN(0), a->out)
CALL(keyring_new, IN(0), NULL, NULL, 0, IN(1), a->keyring)
CALL(keyring_from_env, IN(0), a->keyring)
CALL(keyring_set_level, a->handle, CACHEKIT_DEFAULT_LEVEL)
CALL(keyring_set_max_payload, a->handle, CACHEKIT_MAX_PAYLOAD_SIZE)
CALL(keyring_fingerprint, a->handle, 0, a->out)
CALL(keyring_encrypt, a->handle, IN(0), IN(1), OUT)
CALL(keyring_decrypt, a->handle, IN(0), IN(1), OUT, a->index)
CALL(keyring_decrypt_at, a->handle, 0, IN(0), IN(1), OUT)
CALL(keyring_get_metrics, a->handle, a->metrics)
CALL(keyring_seal, a->handle, a->text[0], IN(0), IN(1), a->made, a->out_len)
CALL(keyring_open, a->handle, a->text[0], IN(0), IN(1), a->made, a->out_len, a->index)
CALL(keyring_seal_into, a->handle, a->text[0], IN(0), IN(1), OUT)
CALL(keyring_open_into, a->handle, a->text[0], IN(0), IN(1), OUT, a->index)
CALL(byte_storage_store_many, a->handle, a->text[0], BATCH(NO_KEY, IN(0)))
CALL(byte_storage_retrieve_many, a->handle, BATCH(NO_KEY, IN(0)))
CALL(keyring_seal_many, a->handle, a->text[0], BATCH(IN(0), IN(1)))
CALL(keyring_open_many, a->handle, a->text[0], BATCH(IN(0), IN(1)))
CALL(aad, IN(0), IN(1), a->text[0], true, a->text[1], OUT)
CALL(msgpack_check, IN(0))
CALL(interop_key, a->text[0], a->text[1], IN(0), (char *)a->out, a->out_len)
CALL(interop_value, IN(0), OUT)
CALL(keyring_seal_interop, a->handle, a->text[0], IN(0), OUT)
CALL(keyring_open_interop, a->handle, a->text[0], IN(0), OUT, a->index)

#undef CALL
#undef IN
#undef OUT
#undef NO_KEY
#undef BATCH

#define ROW(function) .name = "cachekit_" #function, .call = call_##function
#define EMPTY_OK CACHEKIT_OK
#define EMPTY_BAD CACHEKIT_INVALID_INPUT
#define NULL_BAD CACHEKIT_NULL_POINTER
#define SHORT_KEY CACHEKIT_INVALID_KEY_LENGTH

static const function functions[] = {
    {ROW(byte_storage_set_level), STORAGE, NOTHING},
    {ROW(byte_storage_set_max_payload), STORAGE, NOTHING},
    {ROW(byte_storage_store), STORAGE, MADE, {{DATA, EMPTY_OK}}, {{"json", EMPTY_OK}}},
    {ROW(byte_storage_retrieve), STORAGE, MADE, {{ENVELOPE, EMPTY_BAD}}},
    {ROW(byte_storage_store_into), STORAGE, BUFFER, {{DATA, EMPTY_OK}}, {{"json", EMPTY_OK}}},
    {ROW(byte_storage_retrieve_into), STORAGE, BUFFER, {{ENVELOPE, EMPTY_BAD}}},
    {ROW(byte_storage_validate), STORAGE, NOTHING, {{ENVELOPE, EMPTY_BAD}}},
    {ROW(byte_storage_estimate_compression), STORAGE, RATIO, {{DATA, EMPTY_OK}}},
    {ROW(byte_storage_get_metrics), STORAGE, METRICS},
    {ROW(envelope_inspect), NO_HANDLE, INFO, {{ENVELOPE, EMPTY_BAD}}},
    {ROW(metrics_text), NO_HANDLE, BUFFER, {{NONE, EMPTY_OK}}, {{"orders", EMPTY_OK}},
        .counted = true},
    {ROW(compress), NO_HANDLE, BUFFER, {{DATA, EMPTY_OK}}},
    {ROW(decompress), NO_HANDLE, BUFFER, {{ENVELOPE, EMPTY_BAD}}},
    {ROW(checksum), NO_HANDLE, FIXED, {{DATA, EMPTY_OK}}},
    {ROW(verify_checksum), NO_HANDLE, NOTHING, {{DATA, CACHEKIT_CHECKSUM_MISMATCH}}, .fixed = true},
    {ROW(encrypt), ENCRYPTOR, BUFFER, {{KEY, SHORT_KEY}, {AAD, EMPTY_OK}, {DATA, EMPTY_OK}}},
    {ROW(decrypt), ENCRYPTOR, BUFFER,
        {{KEY, SHORT_KEY}, {AAD, CACHEKIT_DECRYPTION_FAILED}, {CIPHERTEXT, EMPTY_BAD}}},
    {ROW(encryptor_get_metrics), ENCRYPTOR, METRICS},
    {ROW(derive_key), NO_HANDLE, FIXED,
        {{MASTER, SHORT_KEY}, {TENANT_ID, EMPTY_BAD}, {DOMAIN, EMPTY_BAD}}},
    {ROW(derive_tenant_keys), NO_HANDLE, TENANT_KEYS,
        {{MASTER, SHORT_KEY}, {TENANT_ID, EMPTY_BAD}}},
    {ROW(generate_key), NO_HANDLE, FIXED},
    {ROW(parse_master_key), NO_HANDLE, BUFFER, {{NONE, EMPTY_OK}}, {{MASTER_HEX, NULL_BAD}}},
    {ROW(key_fingerprint), NO_HANDLE, FIXED, {{KEY, EMPTY_OK}}},
    {ROW(keyring_new), NO_HANDLE, NEW_KEYRING, {{MASTER, SHORT_KEY}, {TENANT_ID, EMPTY_BAD}}},
    {ROW(keyring_from_env), NO_HANDLE, NEW_KEYRING, {{TENANT_ID, EMPTY_BAD}}},
    {ROW(keyring_set_level), KEYRING, NOTHING},
    {ROW(keyring_set_max_payload), KEYRING, NOTHING},
    {ROW(keyring_fingerprint), KEYRING, FIXED},
    {ROW(keyring_encrypt), KEYRING, BUFFER, {{AAD, EMPTY_OK}, {DATA, EMPTY_OK}}},
    {ROW(keyring_decrypt), KEYRING, BUFFER,
        {{AAD, CACHEKIT_DECRYPTION_FAILED}, {RING_CIPHERTEXT, EMPTY_BAD}}, .index = true},
    {ROW(keyring_decrypt_at), KEYRING, BUFFER,
        {{AAD, CACHEKIT_DECRYPTION_FAILED}, {RING_CIPHERTEXT, EMPTY_BAD}}},
    {ROW(keyring_get_metrics), KEYRING, METRICS},
    {ROW(keyring_seal), KEYRING, MADE, {{CACHE_KEY, EMPTY_OK}, {DATA, EMPTY_OK}},
        {{"msgpack", EMPTY_OK}}},
    {ROW(keyring_open), KEYRING, MADE,
        {{CACHE_KEY, CACHEKIT_DECRYPTION_FAILED}, {SEALED, EMPTY_BAD}}, {{"msgpack", EMPTY_OK}},
        .index = true},
    {ROW(keyring_seal_into), KEYRING, BUFFER, {{CACHE_KEY, EMPTY_OK}, {DATA, EMPTY_OK}},
        {{"msgpack", EMPTY_OK}}},
    {ROW(keyring_open_into), KEYRING, BUFFER,
        {{CACHE_KEY, CACHEKIT_DECRYPTION_FAILED}, {SEALED, EMPTY_BAD}}, {{"msgpack", EMPTY_OK}},
        .index = true},
    {ROW(byte_storage_store_many), STORAGE, RESULTS, {{DATA, EMPTY_OK}}, {{"json", EMPTY_OK}}},
    {ROW(byte_storage_retrieve_many), STORAGE, RESULTS, {{ENVELOPE, EMPTY_BAD}}},
    {ROW(keyring_seal_many), KEYRING, RESULTS, {{CACHE_KEY, EMPTY_OK}, {DATA, EMPTY_OK}},
        {{"msgpack", EMPTY_OK}}},
    {ROW(keyring_open_many), KEYRING, RESULTS,
        {{CACHE_KEY, CACHEKIT_DECRYPTION_FAILED}, {SEALED, EMPTY_BAD}}, {{"msgpack", EMPTY_OK}}},
    {ROW(aad), NO_HANDLE, BUFFER, {{TENANT_ID, EMPTY_OK}, {CACHE_KEY, EMPTY_OK}},
        {{"msgpack", NULL_BAD}, {"str", EMPTY_OK}}},
    {ROW(msgpack_check), NO_HANDLE, NOTHING, {{DOCUMENT, EMPTY_BAD}}},
    {ROW(interop_key), NO_HANDLE, BUFFER, {{DOCUMENT, EMPTY_BAD}},
        {{"users", NULL_BAD}, {"get_user", NULL_BAD}}},
    {ROW(interop_value), NO_HANDLE, BUFFER, {{DOCUMENT, EMPTY_BAD}}},
    {ROW(keyring_seal_interop), KEYRING, BUFFER, {{DOCUMENT, EMPTY_BAD}}, {{"u:g:1", NULL_BAD}}},
    {ROW(keyring_open_interop), KEYRING, BUFFER, {{SEALED_INTEROP, EMPTY_BAD}},
        {{"u:g:1", NULL_BAD}}, .index = true},
};

enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static input samples[SAMPLES];
static void *handles[KINDS]; /* one of each that is valid */
static uint8_t sample_bytes[4][256];
static uint8_t hello_sum[CACHEKIT_CHECKSUM_SIZE];
static const CachekitMetrics some_metrics = CACHEKIT_METRICS_INIT;

static inline void *new_handle(kind k)
{
    return k == STORAGE     ? (void *)cachekit_byte_storage_new(NULL)
           : k == ENCRYPTOR ? (void *)new_encryptor()
                            : (void *)new_keyring();
}

static inline void free_handle(kind k, void *handle)
{
    if (k == STORAGE)
        cachekit_byte_storage_free(handle);
    else if (k == ENCRYPTOR)
        cachekit_encryptor_free(handle);
    else
        cachekit_keyring_free(handle);
}

/* Fills handles and samples, once. */
static inline void make_samples(void)
{
    static uint8_t envelope[64];
    uint8_t *sealed = NULL;
    size_t len[4] = {256, 256, 256, 256};
    if (handles[STORAGE] != NULL)
        return;
    for (kind k = STORAGE; k < KINDS; k++)
        handles[k] = new_handle(k);
    setenv("CACHEKIT_MASTER_KEY", MASTER_HEX, 1);
    samples[DATA] = (input){HELLO};
    samples[ENVELOPE] = (input){envelope, from_hex(HELLO_ENVELOPE, envelope)};
    samples[KEY] = (input){key, sizeof key};
    samples[AAD] = (input){BYTES("aad")};
    samples[MASTER] = (input){master, sizeof master};
    samples[TENANT_ID] = (input){TENANT};
    samples[DOMAIN] = (input){BYTES("encryption")};
    samples[CACHE_KEY] = (input){BYTES("user:42")};
    samples[DOCUMENT] = (input){BYTES("\x91\x2a")};
    CHECK_OK(cachekit_checksum(HELLO, hello_sum));
    CHECK_OK(cachekit_encrypt(
        handles[ENCRYPTOR], key, sizeof key, BYTES("aad"), HELLO, sample_bytes[0], &len[0]));
    CHECK_OK(
        cachekit_keyring_encrypt(handles[KEYRING], BYTES("aad"), HELLO, sample_bytes[1], &len[1]));
    CHECK_OK(
        cachekit_keyring_seal(handles[KEYRING], NULL, BYTES("user:42"), HELLO, &sealed, &len[2]));
    memcpy(sample_bytes[2], sealed, len[2]);
    cachekit_free_buffer(sealed);
    CHECK_OK(cachekit_keyring_seal_interop(
        handles[KEYRING], "u:g:1", BYTES("\x91\x2a"), sample_bytes[3], &len[3]));
    static const sample made[] = {CIPHERTEXT, RING_CIPHERTEXT, SEALED, SEALED_INTEROP};
    for (int i = 0; i < 4; i++)
        samples[made[i]] = (input){sample_bytes[i], len[i]};
}

/* Gives a function arguments that make it succeed, and fills the places of its
 * results with poison. */
static inline arguments prepare(const function *f, places *to)
{
    arguments a = {.handle = handles[f->handle]};
    memset(to, POISON, sizeof *to);
    to->metrics.struct_size = sizeof to->metrics;
    to->info.struct_size = sizeof to->info;
    to->tenant_keys.struct_size = sizeof to->tenant_keys;
    for (int i = 0; i < 3; i++)
        a.in[i] = samples[f->in[i].sample];
    for (int i = 0; i < 2; i++)
        a.text[i] = f->text[i].sample;
    if (f->fixed)
        a.fixed = hello_sum;
    if (f->counted)
        a.counted = &some_metrics;
    if (f->result == BUFFER || f->result == FIXED)
        a.out = to->out;
    if (f->result == BUFFER || f->result == MADE) {
        a.out_len = &to->out_len;
        to->out_len = sizeof to->out;
    }
    if (f->result == MADE || f->result == RESULTS)
        a.made = &to->made;
    if (f->index)
        a.index = &to->index;
    a.ratio = f->result == RATIO ? &to->ratio : NULL;
    a.metrics = f->result == METRICS ? &to->metrics : NULL;
    a.info = f->result == INFO ? &to->info : NULL;
    a.tenant_keys = f->result == TENANT_KEYS ? &to->tenant_keys : NULL;
    a.keyring = f->result == NEW_KEYRING ? &to->keyring : NULL;
    return a;
}

/* Gives back what a successful call made. */
static inline void discard(const function *f, const places *to)
{
    if (f->result == MADE || f->result == RESULTS)
        cachekit_free_buffer(to->made);
    if (f->result == NEW_KEYRING)
        cachekit_keyring_free(to->keyring);
}

/* Checks that an error left the results as the header says. */
static inline void check_cleared(const function *f, const arguments *a, const places *to)
{
    if (a->out_len != NULL)
        CHECK_NUMBER(0, to->out_len);
    if (a->made != NULL)
        CHECK(to->made == NULL);
    if (a->index != NULL)
        CHECK_NUMBER(0, to->index);
    if (a->keyring != NULL)
        CHECK(to->keyring == NULL);
    if (a->info != NULL)
        CHECK_FILLED(
            0, (const uint8_t *)&to->info + sizeof(size_t), sizeof to->info - sizeof(size_t));
    if (a->tenant_keys != NULL)
        CHECK_FILLED(0, to->tenant_keys.encryption, 3 * CACHEKIT_KEY_SIZE);
    if (a->out != NULL && (strcmp(f->name, "cachekit_derive_key") == 0 ||
                              strcmp(f->name, "cachekit_generate_key") == 0))
        CHECK_FILLED(0, to->out, CACHEKIT_KEY_SIZE);
}

/* Makes a call of this thread fail, with a detail that no function of the table has. */
#define MARKER "struct_size is 1, at least 104 needed"
static inline void set_marker(void)
{
    CachekitTenantKeys keys = {.struct_size = 1};
    if (cachekit_derive_tenant_keys(NULL, 0, NULL, 0, &keys) == CACHEKIT_INVALID_INPUT)
        check_text(MARKER, cachekit_last_error_detail(), __FILE__, __LINE__, "the marker");
}

/* Checks that the detail of a call is a text of its length, and one that can be printed. */
static inline void check_detail(const char *name, const char *file, int line)
{
    const char *detail = cachekit_last_error_detail();
    size_t len = strlen(detail);
    bool printable = len <= CACHEKIT_MAX_DETAIL_SIZE;
    for (size_t i = 0; i < len; i++)
        printable = printable && detail[i] >= ' ' && detail[i] <= '~';
    check_that(printable, file, line, "the detail of %s is \"%s\"", name, detail);
}

/* Calls with arguments that must give an error, and checks what it leaves. */
#define CHECK_REFUSED(want, f, a, to) check_refused(want, f, a, to, __FILE__, __LINE__)
static inline void check_refused(CachekitError want, const function *f, const arguments *a,
    const places *to, const char *file, int line)
{
    set_marker();
    if (!check_code(want, f->call(a), f->name, file, line, "the table"))
        return;
    check_that(strcmp(cachekit_last_error_detail(), MARKER) != 0 || want == CACHEKIT_FORKED, file,
        line, "%s left the detail of another call", f->name);
    check_detail(f->name, file, line);
    check_cleared(f, a, to);
}

#endif
