/* Threads that share a handle, and one that frees it under them. */
#include "functions.h"

#include <stdatomic.h>

enum { THREADS = 8 };

/* Runs the same in all threads, beginning at once. */
static void in_threads(void *(*run)(void *), void *arg)
{
    pthread_t threads[THREADS];
    int started = 0;
    while (started < THREADS && pthread_create(&threads[started], NULL, run, arg) == 0)
        started++;
    CHECK_NUMBER(THREADS, started);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

typedef struct shared {
    const function *f;
    void *handle;
    atomic_int ready, calls, good, bad;
} shared;

/* Calls until the handle is no longer valid. */
static void *call_until_freed(void *arg)
{
    shared *s = arg;
    places to;
    atomic_fetch_add(&s->ready, 1);
    for (;;) {
        arguments a = prepare(s->f, &to);
        a.handle = s->handle;
        CachekitError err = s->f->call(&a);
        atomic_fetch_add(&s->calls, 1);
        if (err == CACHEKIT_INVALID_HANDLE)
            return NULL;
        if (err == CACHEKIT_OK) {
            discard(s->f, &to);
            atomic_fetch_add(&s->good, 1);
        } else {
            atomic_fetch_add(&s->bad, 1);
        }
    }
}

TEST(a_free_under_threads)
{
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        int rounds = check_brief() || CHECK_SANITIZED ? 1 : 12;
        for (int round = 0; round < rounds && f->handle != NO_HANDLE; round++) {
            shared s = {.f = f, .handle = new_handle(f->handle)};
            pthread_t threads[THREADS];
            CASE("%s, round %d", f->name, round);
            for (int i = 0; i < THREADS; i++)
                CHECK_NUMBER(0, pthread_create(&threads[i], NULL, call_until_freed, &s));
            while (atomic_load(&s.ready) < THREADS || atomic_load(&s.good) < 20 * round)
                sched_yield();
            free_handle(f->handle, s.handle);
            for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
            CHECK_NUMBER(0, s.bad);
            CHECK_NUMBER(s.good + THREADS, s.calls);
        }
    }
}

typedef struct nonces {
    CachekitEncryptor *encryptor;
    CachekitKeyring *keyring;
    atomic_int next, bad;
    int each;
    uint8_t (*all)[12];
} nonces;

static void *encrypt_many(void *arg)
{
    nonces *n = arg;
    for (int i = 0; i < n->each; i++) {
        uint8_t out[64];
        size_t len = sizeof out;
        CachekitError err = cachekit_encrypt(
            n->encryptor, key, sizeof key, NULL, 0, (const uint8_t *)&i, sizeof i, out, &len);
        if (err != CACHEKIT_OK)
            atomic_fetch_add(&n->bad, 1);
        memcpy(n->all[atomic_fetch_add(&n->next, 1)], out, 12);
    }
    return NULL;
}

static int by_bytes(const void *a, const void *b) { return memcmp(a, b, 12); }

/* Every nonce from 0 on, each once, all of one instance. */
static void check_nonces(nonces *n)
{
    int count = THREADS * n->each;
    CHECK_NUMBER(0, n->bad);
    CHECK_NUMBER(count, n->next);
    qsort(n->all, (size_t)count, 12, by_bytes);
    for (int i = 0; i < count; i++) {
        const uint8_t *nonce = n->all[i];
        uint32_t counter = (uint32_t)nonce[8] << 24 | (uint32_t)nonce[9] << 16 |
                           (uint32_t)nonce[10] << 8 | nonce[11];
        if (counter != (uint32_t)i || memcmp(nonce, n->all[0], 8) != 0) {
            FAIL("a nonce is missing, or twice");
            break;
        }
    }
}

TEST(no_nonce_repeats_over_threads)
{
    nonces n = {.encryptor = new_encryptor(), .each = check_rounds(20000)};
    n.all = calloc((size_t)(THREADS * n.each), 12);
    in_threads(encrypt_many, &n);
    check_nonces(&n);
    CHECK_NUMBER(THREADS * n.each, cachekit_encryptor_get_counter(n.encryptor));
    free(n.all);
    cachekit_encryptor_free(n.encryptor);
}

static void *seal_many(void *arg)
{
    nonces *n = arg;
    for (int i = 0; i < n->each; i++) {
        uint8_t out[64], *sealed = NULL;
        size_t len = sizeof out;
        CachekitError err;
        if (i % 3 == 0)
            err = cachekit_keyring_encrypt(n->keyring, NULL, 0, HELLO, out, &len);
        else if (i % 3 == 1)
            err = cachekit_keyring_seal_interop(n->keyring, "u:g:1", BYTES("\x91\x2a"), out, &len);
        else if ((err = cachekit_keyring_seal(
                      n->keyring, NULL, BYTES("k"), HELLO, &sealed, &len)) == CACHEKIT_OK)
            memcpy(out, sealed, 12);
        cachekit_free_buffer(sealed);
        if (err != CACHEKIT_OK)
            atomic_fetch_add(&n->bad, 1);
        memcpy(n->all[atomic_fetch_add(&n->next, 1)], out, 12);
    }
    return NULL;
}

TEST(no_nonce_of_a_keyring_repeats_over_threads)
{
    nonces n = {.keyring = new_keyring(), .each = check_rounds(10000)};
    n.all = calloc((size_t)(THREADS * n.each), 12);
    in_threads(seal_many, &n);
    check_nonces(&n);
    CHECK_NUMBER(THREADS * n.each, cachekit_keyring_get_counter(n.keyring));
    free(n.all);
    cachekit_keyring_free(n.keyring);
}

/* Everyone works with the same handles on data of their own. */
static void *work(void *arg)
{
    shared *s = arg;
    int me = atomic_fetch_add(&s->ready, 1);
    size_t n = 500 + 3000 * (size_t)me;
    uint8_t *data = malloc(n);
    fill_records(data, n);
    for (int i = 0; i < check_rounds(300); i++) {
        uint8_t *sealed = NULL, *back = NULL, *envelope = NULL, *data2 = NULL;
        size_t sealed_len = 0, back_len = 0, envelope_len = 0, data2_len = 0;
        data[i % 500] ^= (uint8_t)me;
        bool good = cachekit_keyring_seal(handles[KEYRING], NULL, BYTES("k"), data, n, &sealed,
                        &sealed_len) == CACHEKIT_OK &&
                    cachekit_keyring_open(handles[KEYRING], NULL, BYTES("k"), sealed, sealed_len,
                        &back, &back_len, NULL) == CACHEKIT_OK &&
                    cachekit_byte_storage_store(
                        handles[STORAGE], data, n, NULL, &envelope, &envelope_len) == CACHEKIT_OK &&
                    cachekit_byte_storage_retrieve(handles[STORAGE], envelope, envelope_len, &data2,
                        &data2_len) == CACHEKIT_OK &&
                    back_len == n && memcmp(data, back, n) == 0 && data2_len == n &&
                    memcmp(data, data2, n) == 0;
        atomic_fetch_add(good ? &s->good : &s->bad, 1);
        cachekit_free_buffer(sealed);
        cachekit_free_buffer(back);
        cachekit_free_buffer(envelope);
        cachekit_free_buffer(data2);
    }
    free(data);
    return NULL;
}

TEST(shared_handles_give_everyone_their_own_data)
{
    shared s = {.ready = 0};
    make_samples();
    in_threads(work, &s);
    CHECK_NUMBER(0, s.bad);
    CHECK_NUMBER(THREADS * check_rounds(300), s.good);
}

/* Makes and frees handles; each must be its maker's alone. */
static void *make_and_free(void *arg)
{
    shared *s = arg;
    for (int i = 0; i < check_rounds(3000); i++) {
        CachekitEncryptor *encryptor = cachekit_encryptor_new(NULL);
        uint8_t out[44];
        size_t len = sizeof out;
        for (uint64_t made = 1; made <= 3; made++)
            if (cachekit_encrypt(encryptor, key, sizeof key, NULL, 0, HELLO, out, &len) !=
                    CACHEKIT_OK ||
                cachekit_encryptor_get_counter(encryptor) != made)
                atomic_fetch_add(&s->bad, 1);
        cachekit_encryptor_free(encryptor);
        if (cachekit_encrypt(encryptor, key, sizeof key, NULL, 0, HELLO, out, &len) !=
            CACHEKIT_INVALID_HANDLE)
            atomic_fetch_add(&s->bad, 1);
    }
    return NULL;
}

TEST(handles_made_and_freed_in_threads)
{
    shared s = {.ready = 0};
    in_threads(make_and_free, &s);
    CHECK_NUMBER(0, s.bad);
}

static void *free_it(void *arg)
{
    shared *s = arg;
    atomic_fetch_add(&s->ready, 1);
    while (atomic_load(&s->ready) < THREADS)
        sched_yield();
    cachekit_keyring_free(s->handle);
    return NULL;
}

TEST(all_threads_free_the_same_handle)
{
    make_samples();
    for (int round = 0; round < check_rounds(200); round++) {
        shared s = {.handle = new_keyring()};
        in_threads(free_it, &s);
        CHECK_NUMBER(0, cachekit_keyring_key_count(s.handle));
        CHECK_NUMBER(1, cachekit_keyring_key_count(handles[KEYRING]));
    }
}

/* Once a thread's free has returned, the handle is invalid for that thread, even if
 * another thread began to free it first and is not done. */
static void *free_all_in_turn(void *arg)
{
    shared *s = arg;
    CachekitByteStorage **all = s->handle;
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    atomic_fetch_add(&s->ready, 1);
    while (atomic_load(&s->ready) < THREADS)
        sched_yield();
    for (; *all != NULL; all++) {
        cachekit_byte_storage_free(*all);
        if (cachekit_byte_storage_get_metrics(*all, &m) != CACHEKIT_INVALID_HANDLE)
            atomic_fetch_add(&s->bad, 1);
    }
    return NULL;
}

TEST(a_free_that_comes_second_frees_too)
{
    enum { HANDLES = 1000 };
    CachekitByteStorage *all[HANDLES + 1] = {NULL};
    shared s = {.handle = all};
    for (int round = 0; round < check_rounds(400); round++) {
        for (int i = 0; i < HANDLES; i++)
            CHECK((all[i] = cachekit_byte_storage_new(NULL)) != NULL);
        atomic_store(&s.ready, 0);
        in_threads(free_all_in_turn, &s);
    }
    CHECK_NUMBER(0, s.bad);
}
