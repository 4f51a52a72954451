/* What cachekit_last_error_detail says. That no failing call leaves the text of another
 * one is checked by CHECK_REFUSED too, for all functions. */
#include "functions.h"

#include <stdatomic.h>

#define DETAIL(text) CHECK_TEXT(text, cachekit_last_error_detail())

/* An envelope in hexadecimal digits, retrieved. */
static CachekitError retrieve(const char *hex)
{
    uint8_t envelope[256], *out = NULL;
    size_t len = 0;
    return cachekit_byte_storage_retrieve(
        handles[STORAGE], envelope, from_hex(hex, envelope), &out, &len);
}

TEST(what_is_wrong_with_an_envelope)
{
    static const struct {
        const char *hex, *detail;
        CachekitError code;
    } cases[] = {
        {"", "truncated at byte 0", CACHEKIT_INVALID_INPUT},
        {"94c412f00168", "truncated at byte 6, in compressed_data", CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM HELLO_SIZE "a76d7367", "truncated at byte 38, in format",
            CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM HELLO_SIZE, "truncated at byte 34, in format",
            CACHEKIT_INVALID_INPUT},
        {"10", "neither an array nor a map at byte 0", CACHEKIT_INVALID_INPUT},
        {"c1", "byte 0 is c1, which begins nothing", CACHEKIT_INVALID_INPUT},
        {"93" HELLO_BLOCK HELLO_SUM HELLO_SIZE, "an array of 3, 4 needed", CACHEKIT_INVALID_INPUT},
        {"94c0" HELLO_SUM HELLO_SIZE HELLO_FORMAT,
            "neither bytes nor an array at byte 1, in compressed_data", CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK "97" HELLO_SIZE HELLO_FORMAT "000000000000",
            "7 bytes before byte 22, 8 needed, in checksum", CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM "ff" HELLO_FORMAT,
            "no unsigned integer at byte 33, in original_size", CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM HELLO_SIZE "10", "no text at byte 34, in format",
            CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM HELLO_SIZE "a1ff",
            "text before byte 36 is not UTF-8, in format", CACHEKIT_INVALID_INPUT},
        {HELLO_ENVELOPE "0000", "2 bytes after the envelope, which ends at byte 42",
            CACHEKIT_INVALID_INPUT},
        {"81a6666f726d6174" HELLO_FORMAT, "the map has no compressed_data", CACHEKIT_INVALID_INPUT},
        {"434b0300000002", "written by the Python SDK's private frame (CK 03)",
            CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM "ce23c34600" HELLO_FORMAT,
            "original size 600000000, at most 536870912", CACHEKIT_INPUT_TOO_LARGE},
        {"94" HELLO_BLOCK HELLO_SUM "cfffffffffffffffff" HELLO_FORMAT,
            "original size above 9223372036854775807, at most 536870912", CACHEKIT_INPUT_TOO_LARGE},
        {"94" HELLO_BLOCK HELLO_SUM "cd4651" HELLO_FORMAT,
            "original size 18001, at most 1000 for each of 18 compressed bytes",
            CACHEKIT_DECOMPRESSION_BOMB},
        {"94c400" HELLO_SUM HELLO_SIZE HELLO_FORMAT, "compressed_data is empty",
            CACHEKIT_DECOMPRESSION_BOMB},
        {"94" HELLO_BLOCK HELLO_SUM "0f" HELLO_FORMAT,
            "the block of 18 bytes is broken, or holds more than 15",
            CACHEKIT_DECOMPRESSION_FAILED},
        {"94" HELLO_BLOCK HELLO_SUM "11" HELLO_FORMAT, "16 bytes decompressed, original size 17",
            CACHEKIT_SIZE_VALIDATION_FAILED},
    };
    make_samples();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CASE("%s", cases[i].hex);
        check_code(cases[i].code, retrieve(cases[i].hex), "cachekit_byte_storage_retrieve",
            __FILE__, __LINE__, "retrieve");
        DETAIL(cases[i].detail);
    }
}

TEST(what_is_wrong_with_keys)
{
    static const uint8_t zeros[2048];
    uint8_t out[64];
    size_t len = sizeof out;
    CachekitKeyring *ring = NULL;
    const uint8_t *others[] = {key, zeros, key, key};
    size_t lens[] = {32, 10, 32, 32};
    make_samples();
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
        cachekit_keyring_new(master, 15, NULL, NULL, 0, TENANT, &ring));
    DETAIL("current master key: 15 bytes, at least 16 needed");
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
        cachekit_keyring_new(master, 32, others, lens, 2, TENANT, &ring));
    DETAIL("decrypt-only key 2: 10 bytes, at least 16 needed");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_keyring_new(master, 32, others, lens, 4, TENANT, &ring));
    DETAIL("more than 3 decrypt-only keys, 4 given");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_keyring_new(key, 32, others, lens, 1, TENANT, &ring));
    DETAIL("the current key is among the decrypt-only ones, as number 1 of them");
    others[1] = NULL;
    CHECK_CODE(
        CACHEKIT_NULL_POINTER, cachekit_keyring_new(key, 32, others, lens, 2, TENANT, &ring));
    DETAIL("a key of decrypt_only is NULL, and its length is not 0");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_keyring_new(key, 32, NULL, NULL, 0, NULL, 0, &ring));
    DETAIL("the tenant id, or salt, is empty");
    CHECK_CODE(
        CACHEKIT_SALT_TOO_LONG, cachekit_keyring_new(key, 32, NULL, NULL, 0, zeros, 1025, &ring));
    DETAIL("a tenant id, or salt, of 1025 bytes, at most 1024");
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, cachekit_derive_key(zeros, 3, TENANT, TENANT, out));
    DETAIL("a master key of 3 bytes, at least 16 needed");
    CHECK_CODE(CACHEKIT_DOMAIN_TOO_LONG, cachekit_derive_key(zeros, 16, TENANT, zeros, 256, out));
    DETAIL("a domain of 256 bytes, at most 255");
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
        cachekit_encrypt(handles[ENCRYPTOR], key, 31, NULL, 0, HELLO, out, &len));
    DETAIL("a key of 31 bytes, 32 needed");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_keyring_fingerprint(handles[KEYRING], SIZE_MAX, out));
    DETAIL("no key has the index 9223372036854775807, there are 1");
}

TEST(what_is_wrong_with_keys_as_text)
{
    uint8_t out[64];
    size_t len = sizeof out;
    CachekitKeyring *ring = NULL;
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, cachekit_parse_master_key("6161", out, &len));
    DETAIL("a master key: 4 digits are 2 bytes, 32 or more are needed");
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_parse_master_key("0x" MASTER_HEX, out, &len));
    DETAIL("a master key: begins with 0x");
    len = 31;
    CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, cachekit_parse_master_key(MASTER_HEX, out, &len));
    DETAIL("32 bytes needed, 31 given");
    unsetenv("CACHEKIT_MASTER_KEY");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_from_env(TENANT, &ring));
    DETAIL("CACHEKIT_MASTER_KEY is not set");
    setenv("CACHEKIT_MASTER_KEY", MASTER_HEX "\n", 1);
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_from_env(TENANT, &ring));
    DETAIL("CACHEKIT_MASTER_KEY: 65 characters, the last is white space");
    setenv("CACHEKIT_MASTER_KEY", MASTER_HEX, 1);
    setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", "42" MASTER_HEX ", 6161", 1);
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, cachekit_keyring_from_env(TENANT, &ring));
    DETAIL("item 2 of CACHEKIT_PREVIOUS_MASTER_KEYS: 4 digits are 2 bytes, 32 or more are needed");
    setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", MASTER_HEX, 1);
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_from_env(TENANT, &ring));
    DETAIL("the current key is among the decrypt-only ones, as number 1 of them");
    unsetenv("CACHEKIT_PREVIOUS_MASTER_KEYS");
}

TEST(what_is_wrong_with_a_name)
{
    char text[64], name[1026];
    size_t len = sizeof text;
    CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
    memset(name, 'n', sizeof name);
    name[1025] = '\0';
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_metrics_text(&metrics, name, text, &len));
    DETAIL("a name of 1025 bytes, at most 1024");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_metrics_text(&metrics, "\xff", text, &len));
    DETAIL("the name is not UTF-8");
    CHECK_CODE(CACHEKIT_NULL_POINTER, cachekit_metrics_text(NULL, NULL, text, &len));
    DETAIL("the struct is NULL");
}

TEST(what_is_wrong_with_a_ciphertext)
{
    uint8_t out[64], sealed[256], *data = NULL;
    size_t len = sizeof out, index = 0;
    input s;
    make_samples();
    s = samples[RING_CIPHERTEXT];
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_decrypt(handles[KEYRING], BYTES("other"), s.p, s.len, out, &len, &index));
    DETAIL("keys tried: 1, ciphertext: 44 bytes, AAD: 5 bytes");
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_keyring_decrypt(handles[KEYRING], NULL, 0, s.p, 27, out, &len, &index));
    DETAIL("a ciphertext of 27 bytes, at least 28 needed");
    len = 10;
    CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL,
        cachekit_keyring_decrypt(handles[KEYRING], BYTES("aad"), s.p, s.len, out, &len, &index));
    DETAIL("16 bytes needed, 10 given");
    memcpy(sealed, samples[DATA].p, samples[DATA].len);
    len = sizeof sealed;
    CHECK_NUMBER(CACHEKIT_INTERNAL, cachekit_keyring_encrypt(handles[KEYRING], NULL, 0, sealed,
                                        samples[DATA].len, sealed, &len));
    DETAIL("input and output overlap");

    /* An envelope of another format, under the AAD of "msgpack". */
    uint8_t aad[64], *envelope = NULL;
    size_t aad_len = sizeof aad, envelope_len = 0;
    CHECK_OK(cachekit_aad(TENANT, BYTES("k"), "msgpack", true, NULL, aad, &aad_len));
    CHECK_OK(cachekit_byte_storage_store(
        handles[STORAGE], HELLO, "other format", &envelope, &envelope_len));
    len = sizeof sealed;
    CHECK_OK(cachekit_keyring_encrypt(
        handles[KEYRING], aad, aad_len, envelope, envelope_len, sealed, &len));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_open(handles[KEYRING], NULL, BYTES("k"),
                                           sealed, len, &data, &envelope_len, NULL));
    DETAIL("another format in the envelope, 12 bytes long, than asked for, 7 bytes long");
    cachekit_free_buffer(envelope);
}

TEST(what_is_wrong_with_a_document)
{
    char name[CACHEKIT_INTEROP_KEY_BUFFER_SIZE];
    uint8_t out[64];
    size_t len = sizeof name;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(BYTES("\x92\x01")));
    DETAIL("MessagePack claims more content than there is, at byte 0 of 2");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(BYTES("\x92\x01\xc1")));
    DETAIL("malformed MessagePack, or cut short, at byte 2 of 3");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_interop_key("u", "op",
                                    BYTES("\x93\x01\x91\x02\xcb\x7f\xf8\0\0\0\0\0\0"), name, &len));
    DETAIL("NaN and infinities have no canonical form, at byte 4 of 13, in argument 3");
    len = sizeof name;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_key("U", "op", BYTES("\x90"), name, &len));
    DETAIL("the namespace does not match [a-z0-9][a-z0-9._-]{0,63} without \"..\"");
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_value(BYTES("\x82\xa1"
                                                                    "a\x01\xa1"
                                                                    "a\x02"),
                                           out, &len));
    DETAIL("the same map key twice, at byte 4 of 7");
}

TEST(what_is_wrong_with_arguments)
{
    uint8_t out[8];
    CachekitMetrics metrics = {0};
    void *freed;
    make_samples();
    freed = cachekit_byte_storage_new(NULL);
    cachekit_byte_storage_free(freed);
    CHECK_CODE(CACHEKIT_NULL_POINTER, cachekit_checksum(HELLO, NULL));
    DETAIL("out is NULL");
    CHECK_CODE(CACHEKIT_NULL_POINTER, cachekit_checksum(NULL, 1, out));
    DETAIL("data is NULL, and len is not 0");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_byte_storage_get_metrics(handles[STORAGE], &metrics));
    DETAIL("struct_size is 0, at least 1 needed");
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, cachekit_byte_storage_validate(NULL, HELLO));
    DETAIL("the handle is NULL");
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, cachekit_byte_storage_validate(freed, HELLO));
    DETAIL("the handle was freed, or never was one");
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, cachekit_byte_storage_validate(handles[KEYRING], HELLO));
    DETAIL("the handle is that of a keyring");
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, cachekit_byte_storage_validate(handles[ENCRYPTOR], HELLO));
    DETAIL("the handle is that of an encryptor");
    CHECK_NUMBER(0, cachekit_keyring_key_count(handles[STORAGE]));
    DETAIL("the handle is that of a storage");
    CHECK(cachekit_byte_storage_new("\xff") == NULL);
    DETAIL("the format is not UTF-8");
}

/* A call that succeeds leaves the text alone, and one that fails without one clears it. */
TEST_ALONE(the_text_is_that_of_the_last_failure)
{
    uint8_t sum[8];
    DETAIL("");
    CHECK_CODE(CACHEKIT_NULL_POINTER, cachekit_checksum(HELLO, NULL));
    DETAIL("out is NULL");
    make_samples();
    const char *text = cachekit_last_error_detail();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        places to;
        arguments a = prepare(f, &to);
        CASE("%s", f->name);
        if (check_code(CACHEKIT_OK, f->call(&a), f->name, __FILE__, __LINE__, "the table"))
            discard(f, &to);
        CHECK(cachekit_last_error_detail() == text);
        DETAIL("out is NULL");
    }
    CASE("%s", "");
    CHECK_OK(cachekit_checksum(HELLO, sum));
    sum[0] ^= 1;
    CHECK_CODE(CACHEKIT_CHECKSUM_MISMATCH, cachekit_verify_checksum(HELLO, sum));
    DETAIL("of 16 bytes");
}

/* Of every function: what Go refuses, and buffers that are too small. */
TEST(no_failure_leaves_the_text_of_another)
{
    int refused = 0;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++)
        for (int i = 0; i < 4; i++) {
            places to;
            arguments a = prepare(f, &to);
            CASE("%s, %d", f->name, i);
            if (i == 3 && f->result == BUFFER)
                to.out_len = 1;
            else if (i < 3 && f->in[i].sample != NONE)
                a.in[i] = (input){NULL, 0};
            else
                continue;
            set_marker();
            if (CACHEKIT_SUCCEEDED(f->call(&a))) {
                discard(f, &to);
                DETAIL(MARKER);
                continue;
            }
            refused++;
            CHECK(strcmp(cachekit_last_error_detail(), MARKER) != 0);
            CHECK(*cachekit_last_error_detail() != '\0');
            check_detail(f->name, __FILE__, __LINE__);
        }
    CHECK(refused > FUNCTIONS);
}

/* ---- threads ---- */

static void *fail_with_a_size(void *arg)
{
    size_t n = (size_t)(uintptr_t)arg, rounds = (size_t)check_rounds(20000);
    char want[64];
    uint8_t out[64];
    DETAIL("");
    snprintf(want, sizeof want, "a key of %zu bytes, 32 needed", n);
    for (size_t i = 0; i < rounds; i++) {
        size_t len = sizeof out;
        if (cachekit_encrypt(handles[ENCRYPTOR], key, n, NULL, 0, HELLO, out, &len) !=
                CACHEKIT_INVALID_KEY_LENGTH ||
            strcmp(want, cachekit_last_error_detail()) != 0) {
            DETAIL(want);
            break;
        }
    }
    return NULL;
}

TEST(threads_have_texts_of_their_own)
{
    pthread_t threads[4];
    make_samples();
    CHECK_CODE(CACHEKIT_NULL_POINTER, cachekit_checksum(HELLO, NULL));
    for (uintptr_t i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_create(&threads[i], NULL, fail_with_a_size, (void *)(i + 1)));
    for (int i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_join(threads[i], NULL));
    DETAIL("out is NULL");
}

static void *fail_once(void *arg)
{
    set_marker();
    DETAIL(MARKER);
    return arg;
}

static void end_threads_that_failed(int n)
{
    for (int i = 0; i < n; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, fail_once, NULL) == 0)
            pthread_join(thread, NULL);
        else
            FAIL("no thread");
    }
}

TEST_ALONE(threads_that_end_leave_nothing)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the memory of a sanitizer grows with its threads");
    make_samples();
    int threads = check_brief() ? 200 : 10000;
    end_threads_that_failed(threads / 10);
    size_t before = allocated();
    end_threads_that_failed(threads);
    CHECK(allocated() < before + (size_t)threads * 100); /* a text takes 320 bytes */
}

#ifndef _WIN32 /* which has no forks */
/* ---- forks ---- */

static void check_forked_text(pid_t started)
{
    char want[CACHEKIT_MAX_DETAIL_SIZE + 1];
    uint8_t sum[8];
    snprintf(want, sizeof want,
        "process %ld was forked from %ld, where the library had started: call it in the children "
        "only, after the fork",
        (long)getpid(), (long)started);
    CHECK_CODE(CACHEKIT_FORKED, cachekit_checksum(HELLO, sum));
    DETAIL(want);
    CHECK(cachekit_byte_storage_new(NULL) == NULL);
    DETAIL(want);
    CHECK_CODE(CACHEKIT_FORKED, cachekit_byte_storage_validate(NULL, HELLO));
    DETAIL(want);
}

static void *check_forked_text_in_thread(void *started)
{
    DETAIL("");
    check_forked_text(*(pid_t *)started);
    return NULL;
}

TEST(a_forked_child_says_where_it_comes_from)
{
    pid_t started = getpid();
    make_samples();
    set_marker();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_t threads[4];
        DETAIL(MARKER);
        check_forked_text(started);
        /* ThreadSanitizer ends a child that makes threads. */
        int count = CHECK_SANITIZED ? 0 : 4;
        for (int i = 0; i < count; i++)
            CHECK_NUMBER(
                0, pthread_create(&threads[i], NULL, check_forked_text_in_thread, &started));
        for (int i = 0; i < count; i++)
            CHECK_NUMBER(0, pthread_join(threads[i], NULL));
        pid_t grandchild = fork();
        if (grandchild == 0) {
            check_forked_text(started);
            _exit(check_failures > 0);
        }
        CHECK_NUMBER(0, check_forked(grandchild));
        check_forked_text(started);
        _exit(check_failures > 0);
    }
    CHECK_NUMBER(0, check_forked(child));
    DETAIL(MARKER);
}

#endif

#ifdef __linux__ /* others have no limit of memory for a process */
/* ---- no memory ---- */

#include <sys/resource.h>

TEST_ALONE(what_the_start_lacks)
{
    struct rlimit limit;
    uint8_t sum[8];
    if (CHECK_SANITIZED)
        SKIP("it needs more address space than that itself");
    CHECK_NUMBER(0, getrlimit(RLIMIT_AS, &limit));
    limit.rlim_cur = memory_status("VmSize") + 512 * MIB;
    CHECK_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
    CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_start());
    DETAIL("the library cannot start: no 1.6 GiB of address space");
    limit.rlim_cur = limit.rlim_max;
    CHECK_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
    CHECK_OK(cachekit_checksum(HELLO, sum));
    DETAIL("the library cannot start: no 1.6 GiB of address space");
}

TEST_ALONE(how_much_memory_there_was_none_of)
{
    struct rlimit limit;
    uint8_t *envelope = NULL, *data = reserve(200 * MIB);
    size_t len = 0;
    if (CHECK_SANITIZED)
        SKIP("it does not go together with a limit");
    make_samples();
    CHECK_NUMBER(0, getrlimit(RLIMIT_AS, &limit));
    limit.rlim_cur = memory_status("VmSize") + 100 * MIB;
    CHECK_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
    CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
        cachekit_byte_storage_store(handles[STORAGE], data, 200 * MIB, NULL, &envelope, &len));
    size_t wanted = 0;
    CHECK(sscanf(cachekit_last_error_detail(), "no memory for %zu bytes", &wanted) == 1);
    CHECK(wanted > 200 * MIB && wanted < 202 * MIB);
}

#endif

/* ---- secrets ---- */

/* Keys, payloads and cache keys whose every part can be recognised, as characters and as
 * the number that a reader of MessagePack takes four of them for. */
static const uint8_t secret_key[33] = "kEyK3yKeYqEyQ3yQeYzEyZ3yZeYwEyW3";
static const char secret_data[] = "PaYl0aDpAyL0AdpAYLOAD-PaYl0aDpAyL0AdpAYLOAD";
static const char secret_place[] = "cAcHeK3yCaChEk3y";

static void look_for(const uint8_t *secret, size_t len, const char *call)
{
    const char *detail = cachekit_last_error_detail();
    check_detail(call, __FILE__, __LINE__);
    for (size_t i = 0; i + 4 <= len; i++) {
        char text[5] = {0}, hex[9], number[16];
        memcpy(text, secret + i, 4);
        uint32_t n = (uint32_t)secret[i] << 24 | (uint32_t)secret[i + 1] << 16 |
                     (uint32_t)secret[i + 2] << 8 | secret[i + 3];
        snprintf(hex, sizeof hex, "%08x", n);
        snprintf(number, sizeof number, "%u", n);
        check_that(strstr(detail, text) == NULL && strstr(detail, hex) == NULL &&
                       strstr(detail, number) == NULL,
            __FILE__, __LINE__, "%s says \"%s\", which has byte %zu of a secret", call, detail, i);
    }
}

static size_t failures;

static void check_secrets(CachekitError err, const char *call)
{
    if (CACHEKIT_SUCCEEDED(err))
        return;
    failures++;
    look_for(secret_key, 32, call);
    look_for((const uint8_t *)secret_data, sizeof secret_data - 1, call);
    look_for((const uint8_t *)secret_place, sizeof secret_place - 1, call);
}

static CachekitKeyring *secret_ring;

/* Reads bytes as everything that they may be. */
static void read_all(const uint8_t *in, size_t len)
{
    uint8_t out[512], sealed[512], aad[128], *made = NULL;
    size_t n, aad_len = sizeof aad, sealed_len = sizeof sealed;
    CachekitEnvelopeInfo info = {.struct_size = sizeof info};
    CachekitError err = cachekit_byte_storage_retrieve(handles[STORAGE], in, len, &made, &n);
    check_secrets(err, "retrieve");
    cachekit_free_buffer(made);
    check_secrets(cachekit_envelope_inspect(in, len, &info), "inspect");
    n = sizeof out;
    check_secrets(cachekit_decompress(in, len, out, &n), "decompress");
    check_secrets(cachekit_msgpack_check(in, len), "msgpack_check");
    n = sizeof out;
    check_secrets(cachekit_interop_value(in, len, out, &n), "interop_value");
    n = sizeof out;
    check_secrets(cachekit_interop_key("u", "op", in, len, (char *)out, &n), "interop_key");
    n = sizeof out;
    check_secrets(
        cachekit_interop_key(secret_place, "op", in, len, (char *)out, &n), "interop_key");
    n = sizeof out;
    check_secrets(
        cachekit_keyring_seal_interop(secret_ring, secret_place, in, len, out, &n), "seal_interop");
    err = cachekit_keyring_open(secret_ring, NULL, BYTES(secret_place), in, len, &made, &n, NULL);
    check_secrets(err, "open");
    cachekit_free_buffer(made);
    n = sizeof out;
    check_secrets(
        cachekit_keyring_decrypt(secret_ring, BYTES(secret_place), in, len, out, &n, NULL),
        "decrypt");
    n = sizeof out;
    check_secrets(cachekit_keyring_open_interop(secret_ring, secret_place, in, len, out, &n, NULL),
        "open_interop");

    /* The same as what was sealed. */
    CHECK_OK(cachekit_aad(TENANT, BYTES(secret_place), "msgpack", true, NULL, aad, &aad_len));
    CHECK_OK(cachekit_keyring_encrypt(secret_ring, aad, aad_len, in, len, sealed, &sealed_len));
    err = cachekit_keyring_open(
        secret_ring, NULL, BYTES(secret_place), sealed, sealed_len, &made, &n, NULL);
    check_secrets(err, "open");
    cachekit_free_buffer(made);
    aad_len = sizeof aad, sealed_len = sizeof sealed;
    CHECK_OK(cachekit_aad(TENANT, BYTES(secret_place), "msgpack", false, NULL, aad, &aad_len));
    CHECK_OK(cachekit_keyring_encrypt(secret_ring, aad, aad_len, in, len, sealed, &sealed_len));
    n = sizeof out;
    check_secrets(
        cachekit_keyring_open_interop(secret_ring, secret_place, sealed, sealed_len, out, &n, NULL),
        "open_interop");
}

/* Damages every byte in several ways, cuts and lengthens. */
static void damage_and_read(const uint8_t *in, size_t len)
{
    static const uint8_t bytes[] = {0x00, 0x81, 0x94, 0xc1, 0xc4, 0xc6, 0xce, 0xdb, 0xdd, 0xff};
    uint8_t bad[256];
    for (size_t i = 0; i < len; i++) {
        memcpy(bad, in, len);
        for (size_t j = 0; j < sizeof bytes; j++) {
            bad[i] = bytes[j];
            read_all(bad, len);
        }
        memcpy(bad, in, len);
        read_all(bad, i);
        memmove(bad + i, bad + i + 1, len - i - 1);
        read_all(bad, len - 1);
        memcpy(bad, in, len);
        memmove(bad + i + 1, bad + i, len - i);
        read_all(bad, len + 1);
    }
}

TEST(no_text_has_a_byte_of_a_secret)
{
    uint8_t document[64] = {0x92, 0xd9, sizeof secret_data - 1}, *made = NULL, out[256];
    size_t len, n;
    const uint8_t *others[] = {secret_key};
    size_t lens[] = {32};
    make_samples();
    CHECK_OK(cachekit_keyring_new(secret_key, 32, NULL, NULL, 0, TENANT, &secret_ring));
    memcpy(document + 3, secret_data, sizeof secret_data - 1);
    len = 3 + sizeof secret_data - 1;
    document[len++] = 0x2a;
    damage_and_read(document, len);
    CHECK_OK(cachekit_byte_storage_store(handles[STORAGE], document, len, NULL, &made, &n));
    damage_and_read(made, n);
    cachekit_free_buffer(made);
    CHECK_OK(
        cachekit_keyring_seal(secret_ring, NULL, BYTES(secret_place), document, len, &made, &n));
    damage_and_read(made, n);
    cachekit_free_buffer(made);
    damage_and_read((const uint8_t *)secret_data, sizeof secret_data - 1);

    CachekitKeyring *ring = NULL;
    check_secrets(cachekit_keyring_new(secret_key, 15, NULL, NULL, 0, TENANT, &ring), "new");
    check_secrets(cachekit_keyring_new(secret_key, 32, others, lens, 1, TENANT, &ring), "new");
    check_secrets(cachekit_derive_key(secret_key, 15, TENANT, TENANT, out), "derive_key");
    check_secrets(
        cachekit_derive_key(secret_key, 32, TENANT, BYTES("PaYl\xff"), out), "derive_key");
    n = sizeof out;
    check_secrets(
        cachekit_encrypt(handles[ENCRYPTOR], secret_key, 31, NULL, 0, HELLO, out, &n), "encrypt");
    CHECK(cachekit_byte_storage_new("PaYl0aD\xff") == NULL);
    look_for((const uint8_t *)secret_data, sizeof secret_data - 1, "byte_storage_new");
    CHECK(failures > 10000);
    cachekit_keyring_free(secret_ring);
}
