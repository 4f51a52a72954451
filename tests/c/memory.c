/* How much memory a call takes, and what it does without any. Each measurement has
 * a process of its own. */
#include "fixture.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* ---- Peak memory: input + output + 16 MiB ---- */

#define PAYLOAD (256 * MIB)

/* Makes the peak of memory what is in use now. */
static void reset_peak(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY);
    CHECK(fd >= 0 && write(fd, "5", 1) == 1);
    close(fd);
}

static void check_peak(const char *call, size_t in, size_t out)
{
    size_t peak = memory_status("VmHWM");
    check_that(peak <= in + out + 16 * MIB, __FILE__, __LINE__,
        "%s: peak of %zu KiB for %zu KiB in and %zu KiB out", call, peak >> 10, in >> 10,
        out >> 10);
    /* Input and output are in memory: with a lower peak the measurement is wrong. */
    check_that(
        peak >= in + out, __FILE__, __LINE__, "%s: peak of %zu KiB cannot be", call, peak >> 10);
}

static uint8_t *payload(bool noise)
{
    uint8_t *data = reserve(PAYLOAD);
    if (noise)
        fill_random(data, PAYLOAD, 1);
    else
        for (size_t at = 0; at < PAYLOAD; at += MIB)
            fill_records(data + at, MIB);
    return data;
}

static void peak_of_storage(bool noise)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *data = payload(noise), *envelope = NULL, *back = NULL;
    size_t len = 0, back_len = 0;
    reset_peak();
    CHECK_OK(cachekit_byte_storage_store(storage, data, PAYLOAD, NULL, &envelope, &len));
    check_peak("store", PAYLOAD, len);
    munmap(data, PAYLOAD);
    reset_peak();
    CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, len, &back, &back_len));
    check_peak("retrieve", len, PAYLOAD);
    cachekit_free_buffer(back);
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    CHECK(memory_status("VmRSS") < 32 * MIB); /* all of it was given back */
}

static void peak_of_seal(bool noise)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t *data = payload(noise), *sealed = NULL, *back = NULL;
    size_t len = 0, back_len = 0;
    reset_peak();
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, PAYLOAD, &sealed, &len));
    check_peak("seal", PAYLOAD, len);
    munmap(data, PAYLOAD);
    reset_peak();
    CHECK_OK(cachekit_keyring_open(keyring, NULL, BYTES("k"), sealed, len, &back, &back_len, NULL));
    CHECK_NUMBER(PAYLOAD, back_len);
    check_peak("open", len, PAYLOAD);
    cachekit_free_buffer(back);
    cachekit_free_buffer(sealed);
    cachekit_keyring_free(keyring);
    CHECK(memory_status("VmRSS") < 32 * MIB);
}

/* Sixteen pieces of a payload in one call. */
static void peak_of_batches(bool noise)
{
    enum { PIECES = 16 };
    CachekitItem items[PIECES];
    CachekitKeyring *keyring = new_keyring();
    uint8_t *data = payload(noise), *sealed = NULL, *back = NULL;
    size_t len = 0, back_len = 0;
    memset(items, 0, sizeof items);
    for (int i = 0; i < PIECES; i++)
        items[i].in = data + (size_t)i * (PAYLOAD / PIECES), items[i].in_len = PAYLOAD / PIECES;
    reset_peak();
    CHECK_OK(cachekit_keyring_seal_many(keyring, NULL, items, PIECES, sizeof *items, &sealed));
    for (int i = 0; i < PIECES; i++)
        len += items[i].out_len;
    check_peak("seal_many", PAYLOAD, len);
    munmap(data, PAYLOAD);
    for (int i = 0; i < PIECES; i++)
        items[i].in = items[i].out, items[i].in_len = items[i].out_len;
    reset_peak();
    CHECK_OK(cachekit_keyring_open_many(keyring, NULL, items, PIECES, sizeof *items, &back));
    for (int i = 0; i < PIECES; i++)
        back_len += items[i].out_len;
    CHECK_NUMBER(PAYLOAD, back_len);
    check_peak("open_many", len, PAYLOAD);
    cachekit_free_buffer(back);
    cachekit_free_buffer(sealed);
    cachekit_keyring_free(keyring);
    CHECK(memory_status("VmRSS") < 32 * MIB);
}

CHILD(peak_of_batches_with_records) { peak_of_batches(false); }
CHILD(peak_of_batches_with_noise) { peak_of_batches(true); }
CHILD(peak_of_storage_with_records) { peak_of_storage(false); }
CHILD(peak_of_storage_with_noise) { peak_of_storage(true); }
CHILD(peak_of_seal_with_records) { peak_of_seal(false); }
CHILD(peak_of_seal_with_noise) { peak_of_seal(true); }

CHILD(peak_of_the_callers_buffers)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t *data = payload(false), *out = reserve(2 * PAYLOAD);
    size_t len = cachekit_compressed_bound(PAYLOAD), envelope_len;
    reset_peak();
    CHECK_OK(cachekit_compress(data, PAYLOAD, out, &len));
    check_peak("compress", PAYLOAD, len);
    munmap(data, PAYLOAD);
    envelope_len = len;
    data = reserve(PAYLOAD + 28);
    len = PAYLOAD;
    reset_peak();
    CHECK_OK(cachekit_decompress(out, envelope_len, data, &len));
    check_peak("decompress", envelope_len, PAYLOAD);
    munmap(out, 2 * PAYLOAD);

    out = reserve(PAYLOAD + 28);
    len = PAYLOAD + 28;
    reset_peak();
    CHECK_OK(cachekit_keyring_encrypt(keyring, NULL, 0, data, PAYLOAD, out, &len));
    check_peak("encrypt", PAYLOAD, len);
    len = PAYLOAD;
    reset_peak();
    CHECK_OK(cachekit_keyring_decrypt(keyring, NULL, 0, out, PAYLOAD + 28, data, &len, NULL));
    check_peak("decrypt", PAYLOAD + 28, PAYLOAD);
    cachekit_keyring_free(keyring);
}

TEST(peak_memory_is_input_and_output)
{
    static const char *const children[] = {"peak_of_storage_with_records",
        "peak_of_storage_with_noise", "peak_of_seal_with_records", "peak_of_seal_with_noise",
        "peak_of_the_callers_buffers", "peak_of_batches_with_records",
        "peak_of_batches_with_noise"};
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer takes memory of its own");
    for (size_t i = 0; i < sizeof children / sizeof children[0]; i++) {
        CASE("%s", children[i]);
        CHECK_NUMBER(0, check_spawn(children[i]));
    }
}

/* ---- Nothing piles up ---- */

static void cycle(int n)
{
    CachekitKeyring *keyring = new_keyring();
    CachekitByteStorage *storage = cachekit_byte_storage_new("json");
    for (int i = 0; i < n; i++) {
        uint8_t *sealed = NULL, *data = NULL, *none = NULL;
        size_t len = 0, data_len = 0;
        cachekit_encryptor_free(cachekit_encryptor_new(NULL));
        cachekit_byte_storage_free(cachekit_byte_storage_new("json"));
        if (i % 8 == 0)
            cachekit_keyring_free(new_keyring());
        if (cachekit_keyring_seal(keyring, NULL, TENANT, HELLO, &sealed, &len) != CACHEKIT_OK ||
            cachekit_keyring_open(keyring, NULL, TENANT, sealed, len, &data, &data_len, NULL) !=
                CACHEKIT_OK ||
            cachekit_keyring_open(keyring, "f", TENANT, sealed, len, &none, &data_len, NULL) ==
                CACHEKIT_OK)
            FAIL("a call failed");
        cachekit_free_buffer(sealed);
        cachekit_free_buffer(data);
    }
    cachekit_keyring_free(keyring);
    cachekit_byte_storage_free(storage);
}

CHILD(many_cycles)
{
    cycle(20000);
    size_t before = memory_status("VmRSS");
    cycle(100000);
    size_t after = memory_status("VmRSS");
    check_that(after <= before + 8 * MIB, __FILE__, __LINE__, "from %zu KiB to %zu KiB",
        before >> 10, after >> 10);
}

TEST(nothing_piles_up)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer keeps what was freed");
    CHECK_NUMBER(0, check_spawn("many_cycles"));
}

/* ---- Out of memory ---- */

/* Allows so much address space beyond what is taken. */
static void limit_memory(size_t more)
{
    struct rlimit limit;
    CHECK_NUMBER(0, getrlimit(RLIMIT_AS, &limit));
    limit.rlim_cur = memory_status("VmSize") + more;
    CHECK_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
}

static void lift_limit(void)
{
    struct rlimit limit;
    CHECK_NUMBER(0, getrlimit(RLIMIT_AS, &limit));
    limit.rlim_cur = limit.rlim_max;
    CHECK_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
}

CHILD(no_memory_for_results)
{
    size_t n = 200 * MIB, len = 0, envelope_len = 0, sealed_len = 0, place_len, index = 7;
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t *data = reserve(n), *envelope = NULL, *sealed = NULL, *out = data, *back = NULL,
            place[64];
    double ratio = 0;
    CHECK_OK(cachekit_byte_storage_store(storage, data, n, NULL, &envelope, &envelope_len));
    CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &back, &len));
    cachekit_free_buffer(back);
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, n, &sealed, &sealed_len));
    CHECK_OK(
        cachekit_keyring_open(keyring, NULL, BYTES("k"), sealed, sealed_len, &back, &len, NULL));
    cachekit_free_buffer(back);
    uint64_t made = cachekit_keyring_get_counter(keyring);
    CachekitMetrics stored = CACHEKIT_METRICS_INIT, kept = stored, now = stored;
    CHECK_OK(cachekit_byte_storage_get_metrics(storage, &stored));
    CHECK_OK(cachekit_keyring_get_metrics(keyring, &kept));

    limit_memory(100 * MIB);
    for (int round = 0; round < 3; round++) {
        len = 1;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_byte_storage_store(storage, data, n, NULL, &out, &len));
        CHECK(out == NULL && len == 0);
        out = data, len = 1;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &out, &len));
        CHECK(out == NULL && len == 0);
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_byte_storage_validate(storage, envelope, envelope_len));
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_byte_storage_estimate_compression(storage, data, n, &ratio));
        place_len = sizeof place;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_compress(data, n, place, &place_len));
        CHECK_NUMBER(0, place_len);
        out = data, len = 1;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, n, &out, &len));
        CHECK(out == NULL && len == 0);
        out = data, len = 1;
        place_len = 1;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_keyring_open_into(keyring, NULL, BYTES("k"),
                                               data, n, place, &place_len, NULL));
        CHECK_NUMBER(0, place_len);
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_keyring_open(keyring, NULL, BYTES("k"), sealed,
                                               sealed_len, &out, &len, &index));
        CHECK(out == NULL && len == 0 && index == 0);
        CachekitItem items[] = {
            {.in = envelope, .in_len = envelope_len}, {.in = data, .in_len = 5}};
        out = data;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_byte_storage_retrieve_many(storage, items, 2, sizeof *items, &out));
        CHECK(out == NULL && items[0].out == NULL && items[0].error == CACHEKIT_OUT_OF_MEMORY);
        CHECK_NUMBER(CACHEKIT_INVALID_INPUT, items[1].error); /* it has its own */
        items[0].in = items[1].in = data, items[0].in_len = n;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_byte_storage_store_many(storage, NULL, items, 2, sizeof *items, &out));
        CHECK(out == NULL && items[1].error == CACHEKIT_OUT_OF_MEMORY);
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_keyring_seal_many(keyring, NULL, items, 2, sizeof *items, &out));
        CHECK(out == NULL && items[0].error == CACHEKIT_OUT_OF_MEMORY);
        items[0].in = items[1].in = data, items[1].in_len = n;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY,
            cachekit_keyring_open_many(keyring, NULL, items, 2, sizeof *items, &out));
        CHECK(out == NULL && items[1].error == CACHEKIT_OUT_OF_MEMORY);
        CHECK_NUMBER(made, cachekit_keyring_get_counter(keyring)); /* nothing else has happened */
        /* Nor was it counted, but for the envelope that was decrypted before there
         * was no memory for what it holds. */
        CHECK_OK(cachekit_keyring_get_metrics(keyring, &now));
        kept.decrypt = now.decrypt;
        CHECK_BYTES((uint8_t *)&kept, (uint8_t *)&now, sizeof now);
        CHECK_NUMBER(2 + (uint64_t)round, now.decrypt.operations);
        CHECK_NUMBER(0, now.decrypt.errors);
        CHECK_OK(cachekit_byte_storage_get_metrics(storage, &now));
        CHECK_NUMBER(stored.store.operations + (uint64_t)round, now.store.operations);
        /* Of the batch that was retrieved, one item had failed by itself. */
        CHECK_NUMBER(stored.retrieve.operations + (uint64_t)round + 1, now.retrieve.operations);
        CHECK_NUMBER(0, now.store.errors);
        CHECK_NUMBER((uint64_t)round + 1, now.retrieve.errors);
        /* What fits still works. */
        CHECK_OK(cachekit_byte_storage_store(storage, HELLO, NULL, &out, &len));
        cachekit_free_buffer(out);
    }
    lift_limit();
    CHECK_OK(
        cachekit_keyring_open(keyring, NULL, BYTES("k"), sealed, sealed_len, &out, &len, NULL));
    CHECK_NUMBER(n, len);
    cachekit_free_buffer(out);
    CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &out, &len));
    CHECK_NUMBER(n, len);
    cachekit_free_buffer(out);
    cachekit_free_buffer(envelope);
    cachekit_free_buffer(sealed);
}

/* A million items take no memory beside their results, which here are few. */
CHILD(no_memory_for_many_items)
{
    enum { COUNT = 1000000 };
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    CachekitItem *items = (CachekitItem *)(void *)reserve(COUNT * sizeof *items);
    uint8_t envelope[64], *out = NULL, *sealed = NULL;
    size_t len = from_hex(HELLO_ENVELOPE, envelope), sealed_len = 0;
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, NULL, 0, HELLO, &sealed, &sealed_len));
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++)
            items[i].in = envelope, items[i].in_len = len, items[i].cache_key_len = 0;
        if (round > 0)
            limit_memory(30 * MIB);
        CHECK_OK(cachekit_byte_storage_retrieve_many(storage, items, COUNT, sizeof *items, &out));
        CHECK(items[COUNT - 1].out_len == 16 && memcmp(items[COUNT - 1].out, hello, 16) == 0);
        cachekit_free_buffer(out);
        for (size_t i = 0; i < COUNT; i++)
            items[i].in = sealed, items[i].in_len = sealed_len;
        CachekitError err =
            cachekit_keyring_open_many(keyring, NULL, items, COUNT, sizeof *items, &out);
        CHECK_NUMBER(round > 0 ? CACHEKIT_OUT_OF_MEMORY : CACHEKIT_OK, err);
        cachekit_free_buffer(out);
        lift_limit();
    }
    cachekit_free_buffer(sealed);
}

/* Takes what malloc and the limit still give. */
static void take_all_memory(void)
{
    for (size_t n = MIB; n >= 16; n /= 2)
        while (malloc(n) != NULL)
            continue;
}

/* How many handles can be made when only small memory is left. */
CHILD(no_memory_for_handles)
{
    CachekitError err = CACHEKIT_OK;
    CachekitKeyring *keyring = new_keyring(), *from_env = keyring;
    int made = 0;
    setenv("CACHEKIT_MASTER_KEY", MASTER_HEX, 1);
    cachekit_encryptor_free(new_encryptor());
    cachekit_byte_storage_free(cachekit_byte_storage_new(NULL));
    void *small[100]; /* each handle takes a few bytes of malloc's */
    for (int i = 0; i < 100; i++)
        CHECK((small[i] = malloc(1)) != NULL);
    char format[301] = {0}; /* is kept in a buffer, which takes 192 bytes more */
    memset(format, 'f', 300);
    void *volatile for_format = malloc(300 + 192);
    limit_memory(0);
    take_all_memory();
    for (int i = 0; i < 100; i++)
        free(small[i]);
    for (; made < 20000 && err == CACHEKIT_OK; made++)
        if (cachekit_encryptor_new(&err) == NULL && err == CACHEKIT_OK)
            err = CACHEKIT_INTERNAL;
    CachekitError keyring_err =
        cachekit_keyring_new(master, sizeof master, NULL, NULL, 0, TENANT, &keyring);
    CachekitError from_env_err = cachekit_keyring_from_env(TENANT, &from_env);
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    free(for_format);
    for (int i = 0; i < 10; i++) /* there is memory for the format, and for nothing else */
        CHECK(cachekit_byte_storage_new(format) == NULL);
#ifdef __GLIBC__
    for_format = malloc(300 + 192); /* it was given back each time */
    CHECK(for_format != NULL);
    free(for_format);
#endif
    lift_limit();
    check_code(CACHEKIT_OUT_OF_MEMORY, err, "cachekit_encryptor_new", __FILE__, __LINE__, "*error");
    check_code(
        CACHEKIT_OUT_OF_MEMORY, keyring_err, "cachekit_keyring_new", __FILE__, __LINE__, "it");
    check_code(CACHEKIT_OUT_OF_MEMORY, from_env_err, "cachekit_keyring_from_env", __FILE__,
        __LINE__, "it");
    CHECK(keyring == NULL);
    CHECK(from_env == NULL);
    CHECK(storage == NULL);
    CHECK(made > 10);
    cachekit_encryptor_free(new_encryptor()); /* and the process lives on */
    cachekit_keyring_free(new_keyring());
}

/* Encryptors until NULL, where there is memory for some hundred thousand. */
CHILD(no_memory_for_more_handles)
{
    enum { MOST = 1 << 20 };
    static CachekitEncryptor *all[MOST + 1];
    CachekitError err = CACHEKIT_OK;
    int made = 0;
    cachekit_encryptor_free(new_encryptor());
    limit_memory(400 * MIB);
    while (made <= MOST && (all[made] = cachekit_encryptor_new(&err)) != NULL)
        made++;
    /* The same for storages, whose formats take up to 1 MiB each. */
    CachekitByteStorage *storages[1000];
    int held = 0;
    char *format = malloc(MIB + 1);
    lift_limit();
    CHECK(format != NULL);
    memset(format, 'f', MIB);
    format[MIB] = '\0';
    limit_memory(400 * MIB);
    while (held < 1000 && (storages[held] = cachekit_byte_storage_new(format)) != NULL)
        held++;
    CHECK(held > 100 && held < 1000);
    for (int i = 0; i < held; i++)
        cachekit_byte_storage_free(storages[i]);
    lift_limit();
    CHECK(made > 1000 && made < MOST);
    check_code(CACHEKIT_OUT_OF_MEMORY, err, "cachekit_encryptor_new", __FILE__, __LINE__, "*error");
    for (int i = 0; i < made; i++)
        cachekit_encryptor_free(all[i]);
    cachekit_encryptor_free(new_encryptor());
}

/* A document of maps that are not in order, which takes 8 bytes a pair. */
CHILD(no_memory_for_interop)
{
    size_t n = 100 * MIB, at = 0, len = 2 * n;
    uint8_t *doc = reserve(n), *out = reserve(len);
    char interop_key[CACHEKIT_INTEROP_KEY_BUFFER_SIZE];
    doc[at++] = 0xdd; /* an array of maps of two pairs */
    for (int shift = 24; shift >= 0; shift -= 8)
        doc[at++] = (uint8_t)((n - 5) / 7 >> shift);
    for (; at + 7 <= n; at += 7)
        memcpy(doc + at,
            "\x82\xa1z\xc0\xa1"
            "a\xc0",
            7);
    CHECK_OK(cachekit_interop_value(doc, at, out, &len));
    CHECK(len == at && memcmp(out + 5,
                           "\x82\xa1"
                           "a\xc0\xa1z\xc0",
                           7) == 0);
    len = 2 * n;
    reset_peak();
    CHECK_OK(cachekit_interop_value(doc, at, out, &len));
    size_t peak = memory_status("VmHWM");
    check_that(peak < 2 * at + 8 * 2 * (at / 7) + 16 * MIB, __FILE__, __LINE__,
        "canonical form of %zu KiB: peak of %zu KiB", at >> 10, peak >> 10);
    len = sizeof interop_key;
    reset_peak();
    CHECK_OK(cachekit_interop_key("n", "o", doc, at, interop_key, &len));
    CHECK(memory_status("VmHWM") <= peak + MIB);

    limit_memory(100 * MIB);
    for (int round = 0; round < 3; round++) {
        len = 2 * n;
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_interop_value(doc, at, out, &len));
        CHECK_NUMBER(0, len);
        len = sizeof interop_key;
        CHECK_CODE(
            CACHEKIT_OUT_OF_MEMORY, cachekit_interop_key("n", "o", doc, at, interop_key, &len));
        len = sizeof interop_key;
        CHECK_OK(cachekit_interop_key("n", "o", BYTES("\x90"), interop_key, &len));
    }
    lift_limit();
    len = sizeof interop_key;
    CHECK_OK(cachekit_interop_key("n", "o", doc, at, interop_key, &len));
}

/* Additional data of any size are read where they lie. */
CHILD(no_memory_for_additional_data)
{
    size_t n = 200 * MIB, len, back_len;
    uint8_t *aad = reserve(n), sealed[64], back[16];
    CachekitEncryptor *encryptor = new_encryptor();
    CachekitKeyring *keyring = new_keyring();
    limit_memory(100 * MIB);
    for (int round = 0; round < 2; round++) {
        len = sizeof sealed, back_len = sizeof back;
        CHECK_OK(cachekit_encrypt(encryptor, key, sizeof key, aad, n, HELLO, sealed, &len));
        CHECK_OK(
            cachekit_decrypt(encryptor, key, sizeof key, aad, n, sealed, len, back, &back_len));
        CHECK_BYTES(hello, back, 16);
        len = sizeof sealed, back_len = sizeof back;
        CHECK_OK(cachekit_keyring_encrypt(keyring, aad, n, HELLO, sealed, &len));
        CHECK_OK(cachekit_keyring_decrypt(keyring, aad, n, sealed, len, back, &back_len, NULL));
        CHECK_BYTES(hello, back, 16);
    }
}

TEST(out_of_memory_is_an_answer)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer does not live with so little memory");
    CHECK_NUMBER(0, check_spawn("no_memory_for_results"));
    CASE("many items");
    CHECK_NUMBER(0, check_spawn("no_memory_for_many_items"));
    CASE("handles");
    CHECK_NUMBER(0, check_spawn("no_memory_for_handles"));
    CASE("more handles");
    CHECK_NUMBER(0, check_spawn("no_memory_for_more_handles"));
    CASE("documents");
    CHECK_NUMBER(0, check_spawn("no_memory_for_interop"));
    CASE("additional data");
    CHECK_NUMBER(0, check_spawn("no_memory_for_additional_data"));
    CASE("additional data, for the standard library");
    setenv("CACHEKIT_AES", "stdlib", 1);
    CHECK_NUMBER(0, check_spawn("no_memory_for_additional_data"));
    unsetenv("CACHEKIT_AES");
}

/* ---- No random numbers ---- */

/* From now on getrandom fails, and no file can be opened. */
static bool refuse_random(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

enum { NO_SECCOMP = 77 };

CHILD(no_random_numbers)
{
    CachekitError err = CACHEKIT_OK;
    CachekitKeyring *keyring = (CachekitKeyring *)&err;
    uint8_t sum[8];
    CHECK_OK(cachekit_checksum(HELLO, sum)); /* Go has begun */
    const char *log = getenv("CHECK_LOG");
    int fd = log == NULL ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (!refuse_random())
        exit(NO_SECCOMP);
    unsetenv("CHECK_LOG"); /* which could not be opened */
    CHECK(cachekit_encryptor_new(&err) == NULL);
    CHECK_NUMBER(CACHEKIT_RNG_FAILURE, err);
    CHECK_CODE(CACHEKIT_RNG_FAILURE,
        cachekit_keyring_new(master, sizeof master, NULL, NULL, 0, TENANT, &keyring));
    CHECK(keyring == NULL);
    CHECK(cachekit_encryptor_new(NULL) == NULL);
    setenv("CACHEKIT_MASTER_KEY", MASTER_HEX, 1);
    keyring = (CachekitKeyring *)&err;
    CHECK_CODE(CACHEKIT_RNG_FAILURE, cachekit_keyring_from_env(TENANT, &keyring));
    CHECK(keyring == NULL);
    uint8_t generated[CACHEKIT_KEY_SIZE];
    memset(generated, POISON, sizeof generated);
    CHECK_CODE(CACHEKIT_RNG_FAILURE, cachekit_generate_key(generated));
    CHECK_FILLED(0, generated, sizeof generated);
    static const char seen[] =
        "cachekit_encryptor_new RNG_FAILURE\ncachekit_keyring_new RNG_FAILURE\n"
        "cachekit_keyring_from_env RNG_FAILURE\ncachekit_generate_key RNG_FAILURE\n";
    if (fd >= 0 && check_failures == 0 && write(fd, seen, sizeof seen - 1) < 0)
        perror(log);
}

TEST(rng_failure_is_an_answer)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer opens files of its own");
    int status = check_spawn("no_random_numbers");
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SECCOMP)
        MISSING("this system does not let a process refuse its own calls");
    CHECK_NUMBER(0, status);
}
