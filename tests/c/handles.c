/* Handles that are freed, of another type, or never were any. */
#include "functions.h"

/* Every function that takes a handle of this kind refuses this one. */
static void check_refuses_all(kind k, void *handle)
{
    places to;
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        if (f->handle != k)
            continue;
        arguments a = prepare(f, &to);
        a.handle = handle;
        CHECK_REFUSED(CACHEKIT_INVALID_HANDLE, f, &a, &to);
    }
    if (k == ENCRYPTOR)
        CHECK_NUMBER(0, cachekit_encryptor_get_counter(handle));
    if (k == KEYRING) {
        CHECK_NUMBER(0, cachekit_keyring_get_counter(handle));
        CHECK_NUMBER(0, cachekit_keyring_key_count(handle));
    }
}

/* One cheap call with a handle. */
static CachekitError use(kind k, void *handle)
{
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    return k == STORAGE     ? cachekit_byte_storage_get_metrics(handle, &m)
           : k == ENCRYPTOR ? cachekit_encryptor_get_metrics(handle, &m)
                            : cachekit_keyring_get_metrics(handle, &m);
}

TEST(null)
{
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++)
        check_refuses_all(k, NULL);
}

TEST(use_after_free)
{
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++) {
        CASE("kind %d", k);
        void *handle = new_handle(k);
        CHECK_OK(use(k, handle));
        free_handle(k, handle);
        check_refuses_all(k, handle);
    }
}

TEST(double_free)
{
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++) {
        CASE("kind %d", k);
        void *handle = new_handle(k);
        free_handle(k, handle);
        free_handle(k, handle);
        void *next = new_handle(k);
        CHECK(next != handle);
        for (int i = 0; i < 100; i++)
            free_handle(k, handle);
        CHECK_OK(use(k, next)); /* the later frees did not free it */
        CHECK_OK(use(k, handles[k]));
        free_handle(k, next);
    }
}

TEST(another_type)
{
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++)
        for (kind other = STORAGE; other < KINDS; other++) {
            if (other == k)
                continue;
            CASE("kind %d for kind %d", other, k);
            check_refuses_all(k, handles[other]);
            free_handle(k, handles[other]);
            CHECK_OK(use(other, handles[other]));
        }
}

TEST(junk)
{
    uint64_t on_stack[4] = {0}, *on_heap = calloc(1, 64);
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++) {
        uint64_t good = (uint64_t)(uintptr_t)handles[k];
        CASE("kind %d, a pointer", k);
        check_refuses_all(k, on_stack);
        check_refuses_all(k, on_heap);
        check_refuses_all(k, (void *)(uintptr_t)hello);
        check_refuses_all(k, handles);
        for (int i = 0; i < 64; i++) {
            CASE("kind %d, bit %d changed", k, i);
            check_refuses_all(k, (void *)(uintptr_t)(good ^ (uint64_t)1 << i));
            CASE("kind %d, bit %d alone", k, i);
            check_refuses_all(k, (void *)(uintptr_t)((uint64_t)1 << i));
        }
        int rounds = check_rounds(2000);
        for (int i = 0; i < rounds; i++) {
            uint64_t random;
            fill_random((uint8_t *)&random, sizeof random, (uint64_t)i + 1);
            if (i % 2 == 0) /* near those that exist */
                random = (random & 0xf0000001fu) | (random & 1 ? good & 0xffffffff00000000u : 0);
            if (random == (uint64_t)(uintptr_t)handles[STORAGE] ||
                random == (uint64_t)(uintptr_t)handles[ENCRYPTOR] ||
                random == (uint64_t)(uintptr_t)handles[KEYRING])
                continue;
            CASE("kind %d, %016llx", k, (unsigned long long)random);
            check_refuses_all(k, (void *)(uintptr_t)random);
            free_handle(k, (void *)(uintptr_t)random);
        }
        CASE("kind %d, afterwards", k);
        CHECK_OK(use(k, handles[k]));
    }
    free(on_heap);
}

static int by_value(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)*(void *const *)a, y = (uintptr_t)*(void *const *)b;
    return x < y ? -1 : x > y;
}

/* A freed handle never becomes that of a later object. */
TEST(a_stale_handle_never_reaches_the_next_object)
{
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++) {
        size_t n = (size_t)check_rounds(100000);
        void **stale = calloc(n, sizeof *stale);
        for (size_t i = 0; i < n; i++) {
            CASE("kind %d, cycle %zu", k, i);
            stale[i] = new_handle(k);
            if (use(k, stale[i]) != CACHEKIT_OK)
                FAIL("a new handle does not answer");
            if (i > 0 && use(k, stale[i - 1]) != CACHEKIT_INVALID_HANDLE)
                FAIL("the handle before it does");
            free_handle(k, stale[i]);
        }
        CASE("kind %d, all of them", k);
        void *live = new_handle(k); /* in a place that they all had */
        for (size_t i = 0; i < n; i++)
            CHECK_CODE(CACHEKIT_INVALID_HANDLE, use(k, stale[i]));
        CHECK_OK(use(k, live));
        qsort(stale, n, sizeof *stale, by_value);
        for (size_t i = 1; i < n; i++)
            if (stale[i] == stale[i - 1])
                FAIL("a handle came back");
        free_handle(k, live);
        free(stale);
    }
}

TEST(many_handles_at_once)
{
    int n = check_rounds(5000);
    make_samples();
    for (kind k = STORAGE; k < KINDS; k++) {
        void **all = calloc((size_t)n, sizeof *all);
        for (int i = 0; i < n; i++)
            CHECK((all[i] = new_handle(k)) != NULL);
        for (int i = 0; i < n; i += 2)
            free_handle(k, all[i]);
        for (int i = 0; i < n; i++) {
            CASE("kind %d, handle %d", k, i);
            CHECK_CODE(i % 2 == 0 ? CACHEKIT_INVALID_HANDLE : CACHEKIT_OK, use(k, all[i]));
        }
        for (int i = 0; i < n; i++)
            free_handle(k, all[i]);
        free(all);
    }
}

TEST(constructors_that_fail_take_no_handle)
{
    enum { MOST = 1048576 }; /* handles that are valid at a time */
    CachekitKeyring *keyring = NULL;
    if (check_brief())
        SKIP("it would take minutes");
    for (int i = 0; i <= MOST; i++) {
        CHECK(cachekit_byte_storage_new("\xff") == NULL);
        CHECK(cachekit_keyring_new(master, 15, NULL, NULL, 0, TENANT, &keyring) ==
              CACHEKIT_INVALID_KEY_LENGTH);
        CHECK(cachekit_keyring_from_env(NULL, 0, &keyring) == CACHEKIT_INVALID_INPUT);
    }
    CHECK(keyring == NULL);
    for (kind k = STORAGE; k < KINDS; k++) {
        void *handle = new_handle(k);
        CHECK_OK(use(k, handle));
        free_handle(k, handle);
    }
}
