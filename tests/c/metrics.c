/* What handles count, and structs that grow. */
#include "functions.h"

static CachekitMetrics of_storage(const CachekitByteStorage *storage)
{
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    CHECK_OK(cachekit_byte_storage_get_metrics(storage, &m));
    return m;
}

static CachekitMetrics of_encryptor(const CachekitEncryptor *encryptor)
{
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    CHECK_OK(cachekit_encryptor_get_metrics(encryptor, &m));
    return m;
}

static CachekitMetrics of_keyring(const CachekitKeyring *keyring)
{
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    CHECK_OK(cachekit_keyring_get_metrics(keyring, &m));
    return m;
}

#define CHECK_COUNTS(m, operations, errors, in, out)                                               \
    check_counts(#m, &(m), operations, errors, in, out, __LINE__)
static void check_counts(const char *name, const CachekitOperationMetrics *m, uint64_t operations,
    uint64_t errors, uint64_t in, uint64_t out, int line)
{
    check_that(m->operations == operations && m->errors == errors && m->bytes_in == in &&
                   m->bytes_out == out,
        __FILE__, line,
        "%s is %llu operations, %llu errors, %llu in, %llu out, "
        "not %llu, %llu, %llu, %llu",
        name, (unsigned long long)m->operations, (unsigned long long)m->errors,
        (unsigned long long)m->bytes_in, (unsigned long long)m->bytes_out,
        (unsigned long long)operations, (unsigned long long)errors, (unsigned long long)in,
        (unsigned long long)out);
    CHECK(m->timed_operations <= m->operations - m->errors);
    CHECK(m->timed_operations == 0 ? m->total_ns == 0 : m->total_ns > 0 || CHECK_COARSE_CLOCK);
    CHECK(m->last_ns <= m->total_ns);
}

static CachekitMetrics of_handle(kind k, const void *handle)
{
    return k == STORAGE     ? of_storage(handle)
           : k == ENCRYPTOR ? of_encryptor(handle)
                            : of_keyring(handle);
}

TEST(a_new_handle_has_done_nothing)
{
    for (kind k = STORAGE; k < KINDS; k++) {
        CASE("handle of type %d", (int)k);
        void *handle = new_handle(k);
        CachekitMetrics m = of_handle(k, handle);
        CHECK_NUMBER(sizeof m, m.struct_size);
        CHECK_FILLED(0, &m.store, 4 * sizeof m.store);
        CHECK(m.last_compression_ratio >= 0 && m.last_compression_ratio <= 0);
        CHECK_NUMBER(cachekit_hardware_acceleration_enabled(), m.hardware_accelerated);
        free_handle(k, handle);
    }
}

TEST(storage_counts_exactly)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *envelope = NULL, *data = NULL, *noise = malloc(100000);
    size_t len = 0, n = 0, out = 0;
    fill_records(noise, 100000);
    for (int i = 0; i < 100; i++) {
        CHECK_OK(cachekit_byte_storage_store(storage, HELLO, NULL, &envelope, &len));
        CHECK_NUMBER(42, len);
        if (i < 70)
            CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, len, &data, &n));
        cachekit_free_buffer(data);
        data = NULL;
        envelope[30] ^= 1;
        if (i < 30)
            CHECK(cachekit_byte_storage_retrieve(storage, envelope, len, &data, &n) != CACHEKIT_OK);
        cachekit_free_buffer(envelope);
    }
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_byte_storage_store(storage, HELLO, "\xff", &envelope, &len));
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_byte_storage_store(storage, noise, 512 * MIB + 1, NULL, &envelope, &len));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_byte_storage_retrieve(storage, NULL, 0, &data, &n));
    CachekitMetrics m = of_storage(storage);
    CHECK_COUNTS(m.store, 102, 2, 100 * 16, 100 * 42);
    CHECK_COUNTS(m.retrieve, 101, 31, 70 * 42, 70 * 16);
    CHECK_COUNTS(m.encrypt, 0, 0, 0, 0);
    CHECK_COUNTS(m.decrypt, 0, 0, 0, 0);
    CHECK(
        m.last_compression_ratio > 16 / 42.0 - 1e-9 && m.last_compression_ratio < 16 / 42.0 + 1e-9);

    /* A large payload is timed; validation and estimates do not count. */
    double ratio;
    uint64_t timed = m.store.timed_operations;
    CHECK(timed >= 1 && timed <= 8);
    CHECK_OK(cachekit_byte_storage_store(storage, noise, 100000, NULL, &envelope, &out));
    CHECK_OK(cachekit_byte_storage_validate(storage, envelope, out));
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, noise, 100000, &ratio));
    m = of_storage(storage);
    CHECK_COUNTS(m.store, 103, 2, 100 * 16 + 100000, 100 * 42 + out);
    CHECK_COUNTS(m.retrieve, 101, 31, 70 * 42, 70 * 16);
    CHECK_NUMBER(timed + 1, m.store.timed_operations);
    CHECK(m.last_compression_ratio > 100000.0 / (double)out - 1e-9 &&
          m.last_compression_ratio < 100000.0 / (double)out + 1e-9);
    CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, out, &data, &n));
    m = of_storage(storage);
    CHECK_COUNTS(m.retrieve, 102, 31, 70 * 42 + out, 70 * 16 + 100000);
    cachekit_free_buffer(data);
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    free(noise);
}

TEST(encryptors_count_exactly)
{
    CachekitEncryptor *encryptor = new_encryptor();
    uint8_t sealed[44], out[16], *large = calloc(1, 200100);
    size_t len;
    for (int i = 0; i < 200; i++) {
        len = 44;
        CHECK_OK(cachekit_encrypt(encryptor, key, 32, BYTES("aad"), HELLO, sealed, &len));
        len = 16;
        if (i < 150)
            CHECK_OK(cachekit_decrypt(encryptor, key, 32, BYTES("aad"), sealed, 44, out, &len));
        else if (i < 170)
            CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
                cachekit_decrypt(encryptor, key, 32, NULL, 0, sealed, 44, out, &len));
    }
    len = 44;
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
        cachekit_encrypt(encryptor, key, 31, NULL, 0, HELLO, sealed, &len));
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_decrypt(encryptor, key, 32, NULL, 0, sealed, 27, out, &len));
    CachekitMetrics m = of_encryptor(encryptor);
    CHECK_COUNTS(m.encrypt, 201, 1, 200 * 16, 200 * 44);
    CHECK_COUNTS(m.decrypt, 171, 21, 150 * 44, 150 * 16);
    CHECK_COUNTS(m.store, 0, 0, 0, 0);
    CHECK_COUNTS(m.retrieve, 0, 0, 0, 0);
    CHECK(m.encrypt.timed_operations >= 1);

    uint64_t timed = m.encrypt.timed_operations;
    len = 100028;
    CHECK_OK(cachekit_encrypt(encryptor, key, 32, NULL, 0, large, 100000, large + 100000, &len));
    m = of_encryptor(encryptor);
    CHECK_COUNTS(m.encrypt, 202, 1, 200 * 16 + 100000, 200 * 44 + 100028);
    CHECK_NUMBER(timed + 1, m.encrypt.timed_operations);
    CHECK(m.encrypt.last_ns > 0);
    free(large);
    cachekit_encryptor_free(encryptor);
}

/* One in so many of the payloads below 64 KiB, as the header says. */
enum { TIMED_ONE_IN = 256 };

TEST(small_payloads_are_timed_now_and_then)
{
    CachekitEncryptor *encryptor = new_encryptor();
    uint8_t out[44];
    for (int i = 0; i < 100 * TIMED_ONE_IN; i++) {
        size_t len = sizeof out;
        if (cachekit_encrypt(encryptor, key, 32, NULL, 0, HELLO, out, &len) != CACHEKIT_OK)
            FAIL("encrypt");
    }
    CachekitMetrics m = of_encryptor(encryptor);
    CHECK_COUNTS(m.encrypt, 100 * TIMED_ONE_IN, 0, 1600 * TIMED_ONE_IN, 4400 * TIMED_ONE_IN);
    CHECK(m.encrypt.timed_operations >= 90 && m.encrypt.timed_operations <= 110);
    cachekit_encryptor_free(encryptor);
}

TEST(keyrings_count_seals_and_opens)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t in[44], out[64], *sealed = NULL, *back = NULL;
    size_t len = 44, sealed_len = 0, back_len = 0;
    CHECK_OK(cachekit_keyring_encrypt(keyring, NULL, 0, HELLO, in, &len));
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt(keyring, NULL, 0, in, 44, out, &len, NULL));
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt_at(keyring, 0, NULL, 0, in, 44, out, &len));
    CachekitMetrics m = of_keyring(keyring);
    CHECK_COUNTS(m.encrypt, 1, 0, 16, 44);
    CHECK_COUNTS(m.decrypt, 2, 0, 88, 32);
    CHECK_COUNTS(m.store, 0, 0, 0, 0);
    CHECK_COUNTS(m.retrieve, 0, 0, 0, 0);

    CHECK_OK(cachekit_keyring_seal(keyring, NULL, BYTES("k"), HELLO, &sealed, &sealed_len));
    CHECK_OK(cachekit_keyring_open(
        keyring, NULL, BYTES("k"), sealed, sealed_len, &back, &back_len, NULL));
    m = of_keyring(keyring);
    CHECK_COUNTS(m.store, 1, 0, 16, 42);
    CHECK_COUNTS(m.encrypt, 2, 0, 16 + 42, 44 + 70);
    CHECK_COUNTS(m.decrypt, 3, 0, 88 + 70, 32 + 42);
    CHECK_COUNTS(m.retrieve, 1, 0, 42, 16);

    cachekit_free_buffer(back);
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, cachekit_keyring_open(keyring, NULL, BYTES("x"), sealed,
                                               sealed_len, &back, &back_len, NULL));
    len = 30;
    CHECK_OK(cachekit_keyring_seal_interop(keyring, "u:g:1", BYTES("\x91\x2a"), in, &len));
    m = of_keyring(keyring);
    CHECK_COUNTS(m.decrypt, 4, 1, 88 + 70, 32 + 42);
    CHECK_COUNTS(m.retrieve, 1, 0, 42, 16);
    CHECK_COUNTS(m.encrypt, 3, 0, 16 + 42 + 2, 44 + 70 + 30);
    cachekit_free_buffer(sealed);
    cachekit_keyring_free(keyring);
}

/* The codes that each function must have given below, so that the test has seen how
 * they count. Functions that count in no metrics have false. */
static const struct {
    const char *name;
    bool counts;
    CachekitError codes[8];
} met[] = {
    {"cachekit_byte_storage_set_level", false, {CACHEKIT_OK}},
    {"cachekit_byte_storage_set_max_payload", false, {CACHEKIT_OK}},
    {"cachekit_byte_storage_store", true, {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE}},
    {"cachekit_byte_storage_retrieve", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_DECOMPRESSION_BOMB,
            CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
            CACHEKIT_SIZE_VALIDATION_FAILED}},
    {"cachekit_byte_storage_store_into", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL}},
    {"cachekit_byte_storage_retrieve_into", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_DECOMPRESSION_BOMB,
            CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
            CACHEKIT_SIZE_VALIDATION_FAILED, CACHEKIT_BUFFER_TOO_SMALL}},
    {"cachekit_byte_storage_validate", false, {CACHEKIT_INVALID_INPUT, CACHEKIT_CHECKSUM_MISMATCH}},
    {"cachekit_byte_storage_estimate_compression", false, {CACHEKIT_INPUT_TOO_LARGE}},
    {"cachekit_encrypt", true,
        {CACHEKIT_INVALID_KEY_LENGTH, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL,
            CACHEKIT_INTERNAL}},
    {"cachekit_decrypt", true,
        {CACHEKIT_INVALID_KEY_LENGTH, CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE,
            CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_DECRYPTION_FAILED, CACHEKIT_INTERNAL}},
    {"cachekit_keyring_set_level", false, {CACHEKIT_OK}},
    {"cachekit_keyring_set_max_payload", false, {CACHEKIT_OK}},
    {"cachekit_keyring_fingerprint", false, {CACHEKIT_NULL_POINTER}},
    {"cachekit_keyring_encrypt", true,
        {CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_INTERNAL}},
    {"cachekit_keyring_decrypt", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL,
            CACHEKIT_DECRYPTION_FAILED, CACHEKIT_INTERNAL}},
    {"cachekit_keyring_decrypt_at", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL,
            CACHEKIT_DECRYPTION_FAILED, CACHEKIT_INTERNAL}},
    {"cachekit_keyring_seal", true, {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE}},
    {"cachekit_keyring_open", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_DECRYPTION_FAILED,
            CACHEKIT_DECOMPRESSION_BOMB, CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
            CACHEKIT_SIZE_VALIDATION_FAILED}},
    {"cachekit_keyring_seal_into", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL}},
    {"cachekit_keyring_open_into", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_DECRYPTION_FAILED,
            CACHEKIT_DECOMPRESSION_BOMB, CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
            CACHEKIT_SIZE_VALIDATION_FAILED, CACHEKIT_BUFFER_TOO_SMALL}},
    {"cachekit_byte_storage_store_many", true, {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE}},
    {"cachekit_byte_storage_retrieve_many", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_DECOMPRESSION_BOMB,
            CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
            CACHEKIT_SIZE_VALIDATION_FAILED}},
    {"cachekit_keyring_seal_many", true, {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE}},
    {"cachekit_keyring_open_many", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_DECRYPTION_FAILED,
            CACHEKIT_DECOMPRESSION_BOMB, CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
            CACHEKIT_SIZE_VALIDATION_FAILED}},
    {"cachekit_keyring_seal_interop", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL,
            CACHEKIT_INTERNAL}},
    {"cachekit_keyring_open_interop", true,
        {CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL,
            CACHEKIT_DECRYPTION_FAILED, CACHEKIT_INTERNAL}},
};
enum { MET = sizeof met / sizeof met[0] };

static uint64_t met_codes; /* bits, of the function at hand */

static uint64_t errors_in(const CachekitMetrics *m)
{
    return m->store.errors + m->retrieve.errors + m->encrypt.errors + m->decrypt.errors;
}

/* An operation that failed took in and gave out nothing. */
static void check_no_bytes(
    const CachekitOperationMetrics *before, const CachekitOperationMetrics *after)
{
    if (after->errors != before->errors)
        CHECK(after->operations == before->operations + 1 && after->bytes_in == before->bytes_in &&
              after->bytes_out == before->bytes_out && after->total_ns == before->total_ns);
}

static void check_counted(const function *f, const arguments *a, const places *to, bool counts)
{
    CachekitMetrics before = of_handle(f->handle, a->handle);
    CachekitError got = f->call(a);
    CachekitMetrics after = of_handle(f->handle, a->handle);
    met_codes |= (uint64_t)1 << got;
    uint64_t errors = errors_in(&after) - errors_in(&before);
    /* This one has decrypted by then, and says so in the header. */
    bool decrypted = strcmp(f->name, "cachekit_keyring_open_into") == 0;
    if (got == CACHEKIT_BUFFER_TOO_SMALL && decrypted)
        check_that(errors == 0 && after.decrypt.operations == before.decrypt.operations + 1 &&
                       after.retrieve.operations == before.retrieve.operations,
            __FILE__, __LINE__, "a buffer that is too small is not one decryption");
    else if (!counts || got == CACHEKIT_NULL_POINTER || got == CACHEKIT_BUFFER_TOO_SMALL)
        check_that(memcmp(&before, &after, sizeof before) == 0, __FILE__, __LINE__,
            "%s counts, and must not", cachekit_error_name(got));
    else
        check_that(errors == (got != CACHEKIT_OK), __FILE__, __LINE__, "%s counts as %d errors",
            cachekit_error_name(got), (int)errors);
    check_no_bytes(&before.store, &after.store);
    check_no_bytes(&before.retrieve, &after.retrieve);
    check_no_bytes(&before.encrypt, &after.encrypt);
    check_no_bytes(&before.decrypt, &after.decrypt);
    if (got == CACHEKIT_OK)
        discard(f, to);
}

/* Encrypts what no library would, as an entry or an interop value of the keyring. */
static input sealed_as(const function *f, const uint8_t *plaintext, size_t len, uint8_t *out)
{
    bool entry = f->in[0].sample == CACHE_KEY;
    uint8_t aad[256];
    size_t aad_len = sizeof aad, out_len = 256;
    input cache_key = samples[CACHE_KEY];
    if (!entry)
        cache_key = (input){BYTES("u:g:1")};
    CHECK_OK(
        cachekit_aad(TENANT, cache_key.p, cache_key.len, "msgpack", entry, NULL, aad, &aad_len));
    CHECK_OK(
        cachekit_keyring_encrypt(handles[KEYRING], aad, aad_len, plaintext, len, out, &out_len));
    return (input){out, out_len};
}

/* Tries a function with one argument after the other changed. */
static void try_errors(const function *f, bool counts)
{
    places to;
    uint8_t copy[256], sealed[256], wrong[64];
    int last = f->in[2].sample != NONE ? 2 : f->in[1].sample != NONE ? 1 : 0;
    arguments a = prepare(f, &to);
#define TRY(...)                                                                                   \
    do {                                                                                           \
        a = prepare(f, &to);                                                                       \
        __VA_ARGS__;                                                                               \
        check_counted(f, &a, &to, counts);                                                         \
    } while (0)
    TRY((void)0);
    for (int i = 0; i <= last && f->in[i].sample != NONE; i++) {
        CASE("%s, input %d", f->name, i);
        TRY(a.in[i].p = NULL);
        TRY(a.in[i] = ((input){NULL, 0}));
        TRY(a.in[i].len = 1);
        if (f->in[i].sample != AAD) /* of which there is no limit */
            TRY(a.in[i].len = SIZE_MAX / 2);
        memcpy(copy, samples[f->in[i].sample].p, samples[f->in[i].sample].len);
        for (size_t bit = 0; bit < 8 * samples[f->in[i].sample].len; bit++) {
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            TRY(a.in[i].p = copy);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    for (int i = 0; i < 2 && f->text[i].sample != NULL; i++) {
        CASE("%s, text %d", f->name, i);
        TRY(a.text[i] = NULL);
        TRY(a.text[i] = "\xff");
        TRY(a.text[i] = "another");
    }
    CASE("%s, results", f->name);
    TRY(a.out = NULL, a.made = NULL);
    if (f->result == BUFFER) {
        TRY(a.out_len = NULL);
        TRY(to.out_len = 0);
        TRY(to.out_len = 1);
        TRY(memcpy(copy + 1, a.in[last].p, a.in[last].len), a.in[last].p = copy + 1, a.out = copy);
    }
    bool retrieves = f->in[0].sample == ENVELOPE;
    if (retrieves || f->in[last].sample == SEALED ||
        (f->index && f->in[last].sample != RING_CIPHERTEXT)) {
        static const char *const envelopes[] = {"94c40100" HELLO_SUM "cd03e9" HELLO_FORMAT,
            "94" HELLO_BLOCK HELLO_SUM "11" HELLO_FORMAT,
            "94" HELLO_BLOCK HELLO_SUM "0f" HELLO_FORMAT,
            "94" HELLO_BLOCK "986dcc8a34ccb63a3c52ccd4" HELLO_SIZE HELLO_FORMAT,
            "94" HELLO_BLOCK HELLO_SUM HELLO_SIZE "a46a736f6e", "94"};
        for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
            CASE("%s, %s", f->name, envelopes[i]);
            size_t len = from_hex(envelopes[i], wrong);
            input in = {wrong, len};
            if (!retrieves)
                in = sealed_as(f, wrong, len, sealed);
            TRY(a.in[last] = in);
        }
    }
#undef TRY
}

TEST(each_error_counts_once)
{
    make_samples();
    size_t n = 0;
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        if (f->handle == NO_HANDLE || f->result == METRICS)
            continue;
        CASE("%s", f->name);
        CHECK(n < MET);
        if (n == MET || strcmp(met[n].name, f->name) != 0) {
            FAIL("a function with a handle has no row in met, tests/c/metrics.c");
            return;
        }
        met_codes = 0;
        try_errors(f, met[n].counts);
        for (size_t i = 0; i < 8 && met[n].codes[i] != CACHEKIT_OK; i++) {
            CASE("%s", f->name);
            check_that(met_codes >> met[n].codes[i] & 1, __FILE__, __LINE__, "no %s",
                cachekit_error_name(met[n].codes[i]));
        }
        n++;
    }
    CHECK_NUMBER(MET, n);
}

TEST(initialisers_are_the_size_and_zeros)
{
    CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;
    CHECK_NUMBER(sizeof metrics, metrics.struct_size);
    CHECK_NUMBER(sizeof info, info.struct_size);
    CHECK_NUMBER(sizeof keys, keys.struct_size);
    CHECK_FILLED(0, &metrics.store, 4 * sizeof metrics.store);
    CHECK(!(metrics.last_compression_ratio > 0 || metrics.hardware_accelerated));
    CHECK_FILLED(0, &info.original_size, sizeof info - sizeof info.struct_size);
    CHECK_FILLED(0, keys.encryption, sizeof keys - sizeof keys.struct_size);
}

/* A caller that was compiled against another version of a struct. */
typedef union grown {
    uint8_t bytes[512];
    CachekitMetrics metrics;
    CachekitEnvelopeInfo info;
    CachekitTenantKeys keys;
} grown;

/* Below least bytes a struct is refused, since it cannot hold what the caller needs. */
static void check_grown(const char *name, CachekitError (*call)(grown *), size_t size, size_t least)
{
    grown whole, g;
    memset(&whole, POISON, sizeof whole);
    whole.metrics.struct_size = size;
    CASE("%s", name);
    CHECK_OK(call(&whole));
    for (size_t n = 1; n <= sizeof g.bytes; n++) {
        CASE("%s of %zu bytes", name, n);
        memset(&g, POISON, sizeof g);
        g.metrics.struct_size = n;
        if (n < least)
            memset(whole.bytes + sizeof(size_t), 0, n);
        else if (n == least)
            CHECK_OK(call(&whole));
        CHECK_CODE(n < least ? CACHEKIT_INVALID_INPUT : CACHEKIT_OK, call(&g));
        CHECK_NUMBER(n, g.metrics.struct_size);
        size_t filled = n < size ? n : size;
        if (filled > sizeof(size_t))
            CHECK_BYTES(
                whole.bytes + sizeof(size_t), g.bytes + sizeof(size_t), filled - sizeof(size_t));
        else
            filled = sizeof(size_t);
        /* What comes behind a struct that the library knows less of is left. */
        CHECK_FILLED(POISON, g.bytes + filled, sizeof g.bytes - filled);
    }
}

static CachekitByteStorage *storage;
static CachekitEncryptor *encryptor;
static CachekitKeyring *keyring;

static CachekitError storage_metrics(grown *g)
{
    return cachekit_byte_storage_get_metrics(storage, &g->metrics);
}
static CachekitError encryptor_metrics(grown *g)
{
    return cachekit_encryptor_get_metrics(encryptor, &g->metrics);
}
static CachekitError keyring_metrics(grown *g)
{
    return cachekit_keyring_get_metrics(keyring, &g->metrics);
}
static CachekitError inspect(grown *g)
{
    static uint8_t envelope[64];
    return cachekit_envelope_inspect(envelope, from_hex(HELLO_ENVELOPE, envelope), &g->info);
}
static CachekitError derive(grown *g)
{
    return cachekit_derive_tenant_keys(master, sizeof master, TENANT, &g->keys);
}

TEST(structs_of_every_size)
{
    uint8_t *envelope = NULL;
    size_t len;
    storage = cachekit_byte_storage_new(NULL);
    encryptor = new_encryptor();
    keyring = new_keyring();
    CHECK_OK(cachekit_byte_storage_store(storage, HELLO, NULL, &envelope, &len));
    check_grown("metrics of a storage", storage_metrics, sizeof(CachekitMetrics), 1);
    check_grown("metrics of an encryptor", encryptor_metrics, sizeof(CachekitMetrics), 1);
    check_grown("metrics of a keyring", keyring_metrics, sizeof(CachekitMetrics), 1);
    check_grown("envelope info", inspect, sizeof(CachekitEnvelopeInfo), 1);
    check_grown("tenant keys", derive, sizeof(CachekitTenantKeys), sizeof(CachekitTenantKeys));
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    cachekit_encryptor_free(encryptor);
    cachekit_keyring_free(keyring);
}

/* ---- As text ---- */

static CachekitMetrics different_metrics(void)
{
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    CachekitOperationMetrics *all[] = {&m.store, &m.retrieve, &m.encrypt, &m.decrypt};
    for (uint64_t i = 0; i < 4; i++)
        *all[i] = (CachekitOperationMetrics){i * 10 + 1, i * 10 + 2, i * 10 + 3, i * 10 + 4,
            i * 10 + 5, i * 1000000000 + 600000000, i * 10 + 7};
    m.last_compression_ratio = 2.5;
    m.hardware_accelerated = true;
    return m;
}

/* How often a piece stands in a text. */
static size_t count(const char *text, const char *piece)
{
    size_t n = 0;
    while ((text = strstr(text, piece)) != NULL)
        n++, text++;
    return n;
}

TEST(metrics_as_text)
{
    static char text[CACHEKIT_METRICS_TEXT_BUFFER_SIZE], without[sizeof text];
    static const char *const lines[] = {
        "# HELP cachekit_operations_total ",
        "\n# TYPE cachekit_operations_total counter\n",
        "\ncachekit_operations_total{name=\"orders\",operation=\"store\"} 1\n",
        "\ncachekit_errors_total{name=\"orders\",operation=\"retrieve\"} 12\n",
        "\ncachekit_input_bytes_total{name=\"orders\",operation=\"encrypt\"} 23\n",
        "\ncachekit_output_bytes_total{name=\"orders\",operation=\"decrypt\"} 34\n",
        "\ncachekit_timed_operations_total{name=\"orders\",operation=\"store\"} 5\n",
        "\ncachekit_timed_seconds_total{name=\"orders\",operation=\"retrieve\"} 1.6\n",
        "\ncachekit_last_seconds{name=\"orders\",operation=\"decrypt\"} 0.000000037\n",
        "\ncachekit_last_compression_ratio{name=\"orders\"} 2.5\n",
        "\ncachekit_hardware_accelerated{name=\"orders\"} 1\n",
    };
    CachekitMetrics m = different_metrics();
    size_t len = sizeof text;
    CHECK_OK(cachekit_metrics_text(&m, "orders", text, &len));
    CHECK_NUMBER(strlen(text) + 1, len);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CASE("%s", lines[i]);
        CHECK_NUMBER(1, count(text, lines[i]));
    }
    CHECK_NUMBER(9 * 2 + 30, count(text, "\n"));
    CASE("without a name");
    len = sizeof text;
    CHECK_OK(cachekit_metrics_text(&m, NULL, text, &len));
    CHECK_NUMBER(1, count(text, "\ncachekit_errors_total{operation=\"retrieve\"} 12\n"));
    CHECK_NUMBER(1, count(text, "\ncachekit_hardware_accelerated 1\n"));
    len = sizeof without;
    CHECK_OK(cachekit_metrics_text(&m, "", without, &len));
    CHECK_TEXT(text, without);

    CASE("of a keyring");
    CachekitKeyring *used = new_keyring();
    uint8_t *sealed = NULL;
    CHECK_OK(cachekit_keyring_seal(used, NULL, BYTES("k"), HELLO, &sealed, &len));
    m = of_keyring(used);
    len = sizeof text;
    CHECK_OK(cachekit_metrics_text(&m, NULL, text, &len));
    CHECK_NUMBER(1, count(text, "\ncachekit_input_bytes_total{operation=\"store\"} 16\n"));
    cachekit_free_buffer(sealed);
    cachekit_keyring_free(used);
}

TEST(names_in_the_text)
{
    static char text[CACHEKIT_METRICS_TEXT_BUFFER_SIZE + 1], name[1026];
    CachekitMetrics m = different_metrics();
    size_t len = sizeof text;
    CHECK_OK(cachekit_metrics_text(&m, "a \"\\\n\xc3\xa9", text, &len));
    CHECK_NUMBER(30, count(text, "{name=\"a \\\"\\\\\\n\xc3\xa9\""));

    /* The worst name, in a buffer of the bound. */
    for (size_t n = 0; n <= 1025; n += n < 1000 ? 100 : 1) {
        CASE("a name of %zu bytes", n);
        memset(name, '"', n);
        name[n] = '\0';
        memset(text, POISON, sizeof text);
        size_t bound = 4096 + 60 * strlen(name);
        len = bound;
        if (n > CACHEKIT_MAX_METRICS_NAME_SIZE) {
            CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_metrics_text(&m, name, text, &len));
            continue;
        }
        CHECK(bound <= CACHEKIT_METRICS_TEXT_BUFFER_SIZE);
        CHECK_OK(cachekit_metrics_text(&m, name, text, &len));
        CHECK_NUMBER(strlen(text) + 1, len);
        CHECK_FILLED(POISON, text + bound, sizeof text - bound);
    }
    static const char *const bad[] = {"\xff", "ok\xc3", "\xed\xa0\x80"};
    for (size_t i = 0; i < 3; i++) {
        len = sizeof text;
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_metrics_text(&m, bad[i], text, &len));
        CHECK_NUMBER(0, len);
    }
}

TEST(text_in_a_buffer_that_is_too_small)
{
    static char text[8192], again[8192];
    CachekitMetrics m = different_metrics();
    size_t whole = 0;
    CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, cachekit_metrics_text(&m, "n", text, &whole));
    CHECK(whole > 1000 && whole < sizeof text);
    for (size_t n = 0; n <= whole + 1; n++) {
        CASE("%zu of %zu bytes", n, whole);
        size_t len = n;
        memset(again, POISON, sizeof again);
        CHECK_CODE(n < whole ? CACHEKIT_BUFFER_TOO_SMALL : CACHEKIT_OK,
            cachekit_metrics_text(&m, "n", again, &len));
        CHECK_NUMBER(whole, len);
        CHECK_FILLED(
            POISON, again + (n < whole ? 0 : whole), sizeof again - (n < whole ? 0 : whole));
    }
}

/* A struct of any size: what is whole in it is printed, and nothing behind it is read,
 * which stands at the end of a page here. */
TEST(text_of_structs_of_every_size)
{
    static char text[8192];
    size_t page = page_size();
    uint8_t *end = reserve(2 * page) + page;
    CachekitMetrics m = different_metrics();
    CHECK(forbid(end, page));
    for (size_t n = sizeof m.struct_size; n <= sizeof m + 64; n++) {
        CachekitMetrics *part = (CachekitMetrics *)(void *)(end - (n + 7) / 8 * 8);
        size_t len = sizeof text;
        CASE("a struct of %zu bytes", n);
        memset(part, POISON, (size_t)(end - (uint8_t *)part));
        memcpy(part, &m, n < sizeof m ? n : sizeof m);
        part->struct_size = n;
        CHECK_OK(cachekit_metrics_text(part, NULL, text, &len));
        CHECK_NUMBER(strlen(text) + 1, len);
        size_t operations = (n - sizeof m.struct_size) / sizeof m.store;
        bool ratio = n >= offsetof(CachekitMetrics, hardware_accelerated);
        bool accelerated = n > offsetof(CachekitMetrics, hardware_accelerated);
        operations = operations < 4 ? operations : 4;
        CHECK_NUMBER(operations, count(text, "\ncachekit_errors_total{"));
        CHECK_NUMBER(operations > 0 ? 7 * 2 : 0, count(text, "# ") - 2 * ratio - 2 * accelerated);
        CHECK_NUMBER(ratio, count(text, "\ncachekit_last_compression_ratio 2.5\n"));
        CHECK_NUMBER(accelerated, count(text, "\ncachekit_hardware_accelerated 1\n"));
    }
    release(end - page, 2 * page);
}
