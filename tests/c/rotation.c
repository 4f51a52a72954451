/* Encrypts 2^31 times through the library until it asks for rotation. */
#include "cachekit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: rotation [--encryptor] [--to-exhaustion] [--threads N] [--help]\n"
    "\n"
    "Makes 2,147,483,648 small encryptions with one keyring and checks that the next\n"
    "one is the first to answer CACHEKIT_ROTATION_NEEDED, with a complete output.\n"
    "\n"
    "  --encryptor      use an encryptor instead of a keyring\n"
    "  --to-exhaustion  go on to 4,294,967,296, where it must refuse for good\n"
    "  --threads N      encrypt in N threads (default 2)\n";

#define ROTATION (UINT64_C(1) << 31)
#define EXHAUSTED (UINT64_C(1) << 32)

enum { NEAR = 1000, MAX_THREADS = 64, BATCH = 4096 };

static const uint8_t key[32] = "a key of exactly thirty-two byte";
static CachekitKeyring *keyring; /* one of the two is used */
static CachekitEncryptor *encryptor;
static int threads = 2;
static _Atomic uint64_t made;

static CachekitError encrypt_one(uint64_t message, uint8_t out[36], size_t *len)
{
    const uint8_t *in = (const uint8_t *)&message;
    *len = 36;
    return keyring != NULL
               ? cachekit_keyring_encrypt(keyring, NULL, 0, in, sizeof message, out, len)
               : cachekit_encrypt(
                     encryptor, key, sizeof key, NULL, 0, in, sizeof message, out, len);
}

static uint64_t counter(void)
{
    return keyring != NULL ? cachekit_keyring_get_counter(keyring)
                           : cachekit_encryptor_get_counter(encryptor);
}

static void fail(const char *what, uint64_t n, CachekitError err)
{
    fprintf(stderr, "\nrotation: FAIL: %s at encryption %" PRIu64 ": %s\n", what, n,
        cachekit_error_name(err));
    exit(1);
}

/* The n-th encryption, counted from 1, must give this code, its nonce, and an
 * output that decrypts. */
static void check_one(uint64_t n, CachekitError want)
{
    uint8_t out[36];
    uint64_t back = 0;
    size_t len, back_len = sizeof back;
    CachekitError err = encrypt_one(n, out, &len);
    if (err != want)
        fail("not the code", n, err);
    if (len != sizeof out)
        fail("not the length", n, err);
    uint32_t nonce =
        (uint32_t)out[8] << 24 | (uint32_t)out[9] << 16 | (uint32_t)out[10] << 8 | out[11];
    if (nonce != (uint32_t)(n - 1) || counter() != n)
        fail("not the counter", n, err);
    err = keyring != NULL ? cachekit_keyring_decrypt(
                                keyring, NULL, 0, out, len, (uint8_t *)&back, &back_len, NULL)
                          : cachekit_decrypt(encryptor, key, sizeof key, NULL, 0, out, len,
                                (uint8_t *)&back, &back_len);
    if (err != CACHEKIT_OK || back != n)
        fail("the output does not decrypt", n, err);
}

typedef struct share {
    uint64_t count;
    CachekitError want;
} share;

static void *encrypt_share(void *arg)
{
    const share *s = arg;
    uint8_t out[36];
    size_t len;
    for (uint64_t i = 0; i < s->count; i++) {
        CachekitError err = encrypt_one(i, out, &len);
        if (err != s->want || len != sizeof out)
            fail("not the code", counter(), err);
        if ((i + 1) % BATCH == 0 || i + 1 == s->count)
            atomic_fetch_add(&made, i % BATCH + 1);
    }
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One line a second on a terminal, one in ten seconds elsewhere. */
static void show_progress(uint64_t goal)
{
    bool terminal = isatty(STDERR_FILENO);
    double start = now();
    uint64_t first = atomic_load(&made);
    for (int second = 1; atomic_load(&made) < goal; second++) {
        sleep(1);
        uint64_t n = atomic_load(&made);
        double rate = (double)(n - first) / (now() - start);
        if (n >= goal || rate <= 0 || (!terminal && second % 10 != 0))
            continue;
        int left = (int)((double)(goal - n) / rate);
        fprintf(stderr, "%s%5.1f %%  %" PRIu64 " of %" PRIu64 "  %.2f million/s  %d:%02d left%s",
            terminal ? "\r" : "", 100 * (double)n / (double)goal, n, goal, rate / 1e6, left / 60,
            left % 60, terminal ? "   " : "\n");
    }
    if (terminal)
        fprintf(stderr, "\r%70s\r", "");
}

/* Encrypts in all threads until `goal` encryptions are made. */
static void encrypt_to(uint64_t goal, CachekitError want)
{
    pthread_t running[MAX_THREADS];
    share shares[MAX_THREADS];
    uint64_t count = goal - counter();
    for (int i = 0; i < threads; i++) {
        shares[i] = (share){count / (uint64_t)threads, want};
        if (i == 0)
            shares[i].count += count % (uint64_t)threads;
        if ((errno = pthread_create(&running[i], NULL, encrypt_share, &shares[i])) != 0) {
            perror("rotation");
            exit(1);
        }
    }
    show_progress(goal);
    for (int i = 0; i < threads; i++)
        pthread_join(running[i], NULL);
    if (counter() != goal)
        fail("the counter lost count", goal, CACHEKIT_OK);
}

/* Goes up to a limit: the bulk in threads, the last ones one by one. */
static void approach(uint64_t limit, CachekitError want)
{
    encrypt_to(limit - NEAR, want);
    for (uint64_t n = limit - NEAR + 1; n <= limit; n++)
        check_one(n, want);
    atomic_store(&made, limit);
}

int main(int argc, char **argv)
{
    bool use_encryptor = false, to_exhaustion = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--encryptor") == 0) {
            use_encryptor = true;
        } else if (strcmp(argv[i], "--to-exhaustion") == 0) {
            to_exhaustion = true;
        } else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            threads = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        } else {
            fputs(usage, stderr);
            return 2;
        }
    }
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "rotation: 1 to %d threads\n", MAX_THREADS);
        return 2;
    }
    CachekitError err = CACHEKIT_OK;
    if (use_encryptor)
        encryptor = cachekit_encryptor_new(&err);
    else
        err = cachekit_keyring_new(
            key, sizeof key, NULL, NULL, 0, (const uint8_t *)"tenant", 6, &keyring);
    if (err != CACHEKIT_OK)
        fail("no handle", 0, err);
    double start = now();
    printf("one %s, %d threads, %s\n", use_encryptor ? "encryptor" : "keyring", threads,
        cachekit_build_info());
    fflush(stdout);

    approach(ROTATION, CACHEKIT_OK);
    for (uint64_t n = ROTATION + 1; n <= ROTATION + NEAR; n++)
        check_one(n, CACHEKIT_ROTATION_NEEDED);
    atomic_store(&made, ROTATION + NEAR);
    printf("ok: encryption %" PRIu64 " was the first to answer CACHEKIT_ROTATION_NEEDED, and it "
           "decrypts (%.0f s)\n",
        ROTATION + 1, now() - start);
    fflush(stdout);

    if (to_exhaustion) {
        approach(EXHAUSTED, CACHEKIT_ROTATION_NEEDED);
        for (int i = 0; i < NEAR; i++) {
            uint8_t out[36] = {0}, zeros[36] = {0};
            size_t len;
            err = encrypt_one(0, out, &len);
            if (err != CACHEKIT_COUNTER_EXHAUSTED || len != 0)
                fail("not refused", EXHAUSTED + 1, err);
            if (memcmp(out, zeros, sizeof out) != 0)
                fail("refused with an output", EXHAUSTED + 1, err);
            if (counter() != EXHAUSTED)
                fail("not the counter", counter(), err);
        }
        printf("ok: encryption %" PRIu64 " was the last, then CACHEKIT_COUNTER_EXHAUSTED for good "
               "(%.0f s)\n",
            EXHAUSTED, now() - start);
    }
    cachekit_keyring_free(keyring);
    cachekit_encryptor_free(encryptor);
    return 0;
}
