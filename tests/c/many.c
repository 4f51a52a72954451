/* Many at once: the functions that take an array of items. */
#include "fixture.h"

#include <stdatomic.h>

enum { ITEMS = 40, ROOM = 20000 };

static CachekitByteStorage *storage;
static CachekitKeyring *keyring, *old; /* old has the key that keyring only decrypts with */
static uint8_t payloads[ITEMS][ROOM];
static size_t lens[ITEMS];
static char cache_keys[ITEMS][24];

static void make_handles(void)
{
    const uint8_t *others[] = {master};
    size_t other_lens[] = {sizeof master};
    storage = cachekit_byte_storage_new(NULL);
    old = new_keyring();
    CHECK_OK(cachekit_keyring_new(key, sizeof key, others, other_lens, 1, TENANT, &keyring));
    for (int i = 0; i < ITEMS; i++) {
        lens[i] = (size_t)i * (size_t)i * 12;
        i % 3 == 0 ? fill_random(payloads[i], lens[i], (uint64_t)i)
                   : fill_records(payloads[i], lens[i]);
        snprintf(cache_keys[i], sizeof cache_keys[i], "user:%d", i);
    }
}

static void free_handles(void)
{
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
    cachekit_keyring_free(old);
}

/* Items with payloads to store or to seal, and junk where results come. */
static void fill_items(CachekitItem items[ITEMS])
{
    memset(items, POISON, ITEMS * sizeof *items);
    for (int i = 0; i < ITEMS; i++) {
        items[i].cache_key = (const uint8_t *)cache_keys[i];
        items[i].cache_key_len = strlen(cache_keys[i]);
        items[i].in = payloads[i];
        items[i].in_len = lens[i];
    }
}

/* Makes what the items came to their input. */
static void turn(CachekitItem items[ITEMS])
{
    for (int i = 0; i < ITEMS; i++)
        items[i].in = items[i].out, items[i].in_len = items[i].out_len;
}

static void check_payloads(const CachekitItem items[ITEMS], const uint8_t *results)
{
    const uint8_t *end = results;
    for (int i = 0; i < ITEMS; i++) {
        CASE("item %d", i);
        CHECK_NUMBER(CACHEKIT_OK, items[i].error);
        CHECK_NUMBER(lens[i], items[i].out_len);
        CHECK_BYTES(payloads[i], items[i].out, lens[i]);
        CHECK((uintptr_t)items[i].out % 16 == 0);
        CHECK(items[i].out >= end); /* one behind the other */
        end = items[i].out + items[i].out_len;
    }
    CASE("%s", "");
}

TEST(what_is_stored_comes_back)
{
    CachekitItem items[ITEMS];
    uint8_t *stored = NULL, *results = NULL, *one = NULL;
    size_t len;
    make_handles();
    fill_items(items);
    CHECK_OK(
        cachekit_byte_storage_store_many(storage, "json", items, ITEMS, sizeof *items, &stored));
    for (int i = 0; i < ITEMS; i++) {
        CASE("item %d", i);
        CHECK_OK(cachekit_byte_storage_store(storage, payloads[i], lens[i], "json", &one, &len));
        CHECK_NUMBER(len, items[i].out_len);
        CHECK_BYTES(one, items[i].out, len);
        CHECK_NUMBER(0, items[i].key_index);
        cachekit_free_buffer(one);
    }
    turn(items);
    CHECK_OK(cachekit_byte_storage_retrieve_many(storage, items, ITEMS, sizeof *items, &results));
    check_payloads(items, results);
    CHECK((uintptr_t)results % 64 == 0);
    cachekit_free_buffer(results);
    cachekit_free_buffer(stored);
    free_handles();
}

TEST(what_is_sealed_opens)
{
    CachekitItem items[ITEMS];
    uint8_t *sealed = NULL, *new_ones = NULL, *results = NULL, *one = NULL;
    size_t len, index;
    make_handles();
    fill_items(items);
    CHECK_OK(cachekit_keyring_seal_many(old, NULL, items, ITEMS / 2, sizeof *items, &sealed));
    CHECK_OK(cachekit_keyring_seal_many(
        keyring, NULL, items + ITEMS / 2, ITEMS - ITEMS / 2, sizeof *items, &new_ones));
    turn(items);
    CHECK_OK(cachekit_keyring_open_many(keyring, NULL, items, ITEMS, sizeof *items, &results));
    check_payloads(items, results);
    for (int i = 0; i < ITEMS; i++) {
        CASE("item %d", i);
        CHECK_NUMBER(i < ITEMS / 2, items[i].key_index);
        CHECK_OK(cachekit_keyring_open(keyring, NULL, items[i].cache_key, items[i].cache_key_len,
            items[i].in, items[i].in_len, &one, &len, &index));
        CHECK_NUMBER(items[i].key_index, index);
        cachekit_free_buffer(one);
    }
    cachekit_free_buffer(results);
    cachekit_free_buffer(sealed);
    cachekit_free_buffer(new_ones);
    free_handles();
}

/* Each way in which an entry can be wrong, among sound ones. */
TEST(every_item_is_tried)
{
    CachekitItem items[ITEMS];
    uint8_t *sealed = NULL, *results = NULL, damaged[ROOM + 200];
    make_handles();
    fill_items(items);
    CHECK_OK(cachekit_keyring_seal_many(keyring, "json", items, ITEMS, sizeof *items, &sealed));
    turn(items);
    memcpy(damaged, items[7].in, items[7].in_len);
    damaged[items[7].in_len / 2] ^= 1;
    items[7].in = damaged;
    items[11].in_len = 27;
    items[13].cache_key = NULL; /* and a length */
    items[17].in = NULL;        /* and a length */
    items[19].cache_key_len--;
    items[23].cache_key_len = CACHEKIT_MAX_CACHE_KEY_SIZE + 1; /* which nothing reads */
    items[29].in_len = SIZE_MAX;
    CachekitMetrics before = {.struct_size = sizeof before}, after = before;
    CHECK_OK(cachekit_keyring_get_metrics(keyring, &before));
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_open_many(keyring, "json", items, ITEMS, sizeof *items, &results));
    CHECK_OK(cachekit_keyring_get_metrics(keyring, &after));
    /* Those without a pointer are not counted. */
    CHECK_NUMBER(ITEMS - 2, after.decrypt.operations - before.decrypt.operations);
    CHECK_NUMBER(5, after.decrypt.errors - before.decrypt.errors);
    CHECK_NUMBER(ITEMS - 7, after.retrieve.operations - before.retrieve.operations);
    CHECK_NUMBER(0, after.retrieve.errors - before.retrieve.errors);
    for (int i = 0; i < ITEMS; i++) {
        CachekitError want = i == 7 || i == 19    ? CACHEKIT_DECRYPTION_FAILED
                             : i == 11            ? CACHEKIT_INVALID_INPUT
                             : i == 13 || i == 17 ? CACHEKIT_NULL_POINTER
                             : i == 23 || i == 29 ? CACHEKIT_INPUT_TOO_LARGE
                                                  : CACHEKIT_OK;
        CASE("item %d", i);
        CHECK_NUMBER(want, items[i].error);
        CHECK_NUMBER(0, items[i].key_index);
        if (want == CACHEKIT_OK) {
            CHECK_NUMBER(lens[i], items[i].out_len);
            CHECK_BYTES(payloads[i], items[i].out, lens[i]);
        } else {
            CHECK(items[i].out == NULL && items[i].out_len == 0);
        }
    }
    cachekit_free_buffer(results);
    cachekit_free_buffer(sealed);
    free_handles();
}

/* The first in the array counts, in whatever order failures are found. */
TEST(the_error_is_that_of_the_first_item)
{
    static const uint8_t junk[200] = {0};
    uint8_t envelope[64], *results = NULL;
    size_t len =
        from_hex("94" HELLO_BLOCK "986dcc8a34ccb63a3c52ccd4" HELLO_SIZE HELLO_FORMAT, envelope);
    CachekitItem items[3] = {{.in = envelope, .in_len = len}, {.in = junk, .in_len = sizeof junk},
        {.in = NULL, .in_len = 5}};
    make_handles();
    CHECK_CODE(CACHEKIT_CHECKSUM_MISMATCH,
        cachekit_byte_storage_retrieve_many(storage, items, 3, sizeof *items, &results));
    CHECK(results == NULL); /* nothing succeeded */
    CHECK_NUMBER(CACHEKIT_CHECKSUM_MISMATCH, items[0].error);
    CHECK_NUMBER(CACHEKIT_INVALID_INPUT, items[1].error);
    CHECK_NUMBER(CACHEKIT_NULL_POINTER, items[2].error);
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_byte_storage_retrieve_many(storage, items + 1, 2, sizeof *items, &results));
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_byte_storage_retrieve_many(storage, items + 2, 1, sizeof *items, &results));
    free_handles();
}

/* Programs that were compiled with a longer item, or have one in a struct of theirs. */
TEST(items_may_lie_further_apart)
{
    struct {
        CachekitItem item;
        uint8_t mine[24];
    } wide[ITEMS];
    CachekitItem items[ITEMS];
    uint8_t *stored = NULL, *results = NULL;
    make_handles();
    fill_items(items);
    memset(wide, POISON, sizeof wide);
    for (int i = 0; i < ITEMS; i++)
        wide[i].item = items[i];
    CHECK_OK(cachekit_byte_storage_store_many(
        storage, NULL, &wide[0].item, ITEMS, sizeof *wide, &stored));
    for (int i = 0; i < ITEMS; i++)
        wide[i].item.in = wide[i].item.out, wide[i].item.in_len = wide[i].item.out_len;
    CHECK_OK(
        cachekit_byte_storage_retrieve_many(storage, &wide[0].item, ITEMS, sizeof *wide, &results));
    for (int i = 0; i < ITEMS; i++) {
        items[i] = wide[i].item;
        CHECK_FILLED(POISON, wide[i].mine, sizeof wide[i].mine);
    }
    check_payloads(items, results);
    cachekit_free_buffer(results);
    cachekit_free_buffer(stored);
    free_handles();
}

/* What is wrong with the call itself is the error of all items. */
TEST(calls_that_are_refused)
{
    CachekitItem items[2];
    uint8_t *results = (uint8_t *)items;
    make_handles();
    cachekit_keyring_free(old);
    static const size_t sizes[] = {0, 1, sizeof(CachekitItem) - 1, sizeof(CachekitItem) - 8,
        sizeof(CachekitItem) + 1, sizeof(CachekitItem) + 4, SIZE_MAX, SIZE_MAX - 7};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CASE("item_size %zu", sizes[i]);
        memset(items, POISON, sizeof items);
        results = (uint8_t *)items;
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_byte_storage_store_many(storage, NULL, items, 2, sizes[i], &results));
        CHECK(results == NULL);
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_keyring_open_many(keyring, NULL, items, 2, sizes[i], &results));
        CHECK_FILLED(POISON, (uint8_t *)items, sizeof items);
    }
    CASE("%s", "");
    for (int i = 0; i < 5; i++) {
        CachekitError err = CACHEKIT_OK, want = CACHEKIT_INVALID_HANDLE;
        CASE("refusal %d", i);
        memset(items, POISON, sizeof items);
        items[0].in = items[1].in = (const uint8_t *)hello;
        items[0].in_len = items[1].in_len = 16;
        items[0].cache_key_len = items[1].cache_key_len = 0;
        results = (uint8_t *)items;
        if (i == 0)
            err = cachekit_byte_storage_store_many(NULL, NULL, items, 2, sizeof *items, &results);
        else if (i == 1)
            err = cachekit_keyring_seal_many(
                (CachekitKeyring *)storage, NULL, items, 2, sizeof *items, &results);
        else if (i == 2)
            err = cachekit_keyring_open_many(old, NULL, items, 2, sizeof *items, &results);
        else if (i == 3)
            want = CACHEKIT_INVALID_INPUT,
            err = cachekit_keyring_seal_many(keyring, "\xff", items, 2, sizeof *items, &results);
        else
            want = CACHEKIT_NULL_POINTER,
            err = cachekit_keyring_seal_many(keyring, NULL, items, 2, sizeof *items, NULL);
        CHECK_NUMBER(want, err);
        CHECK((results == NULL) == (i != 4));
        for (int k = 0; k < 2; k++) {
            CHECK_NUMBER(want, items[k].error);
            CHECK(items[k].out == NULL && items[k].out_len == 0 && items[k].key_index == 0);
        }
    }
    CASE("%s", "");
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_byte_storage_store_many(storage, NULL, NULL, 1, sizeof *items, &results));
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_byte_storage_store_many(storage, NULL, items, SIZE_MAX, sizeof *items, &results));
    free_handles();
}

/* The metrics count what a call for each would have counted. */
TEST(refused_items_count_as_alone)
{
    CachekitItem items[2] = {
        {.in = NULL, .in_len = 5}, {.in = (const uint8_t *)hello, .in_len = 16}};
    CachekitMetrics m = CACHEKIT_METRICS_INIT;
    uint8_t *results;
    make_handles();
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_byte_storage_store_many(storage, "\xff", items, 2, sizeof *items, &results));
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_keyring_seal_many(keyring, "\xff", items, 2, sizeof *items, &results));
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_keyring_open_many(keyring, "\xff", items, 2, sizeof *items, &results));
    CHECK_NUMBER(CACHEKIT_INVALID_INPUT, items[1].error);
    CHECK_OK(cachekit_byte_storage_get_metrics(storage, &m));
    CHECK_NUMBER(1, m.store.operations);
    CHECK_NUMBER(1, m.store.errors);
    CHECK_OK(cachekit_keyring_get_metrics(keyring, &m));
    CHECK_NUMBER(1, m.store.errors);
    CHECK_NUMBER(1, m.decrypt.errors);
    CHECK_NUMBER(0, m.encrypt.operations + m.retrieve.operations);
    free_handles();
}

TEST(no_items_are_no_error)
{
    CachekitItem item;
    uint8_t *results = (uint8_t *)&item;
    make_handles();
    CHECK_OK(cachekit_byte_storage_store_many(storage, NULL, NULL, 0, sizeof item, &results));
    CHECK(results == NULL);
    CHECK_OK(cachekit_byte_storage_retrieve_many(storage, &item, 0, sizeof item, &results));
    CHECK_OK(cachekit_keyring_seal_many(keyring, NULL, &item, 0, sizeof item, &results));
    CHECK_OK(cachekit_keyring_open_many(keyring, NULL, NULL, 0, 0, &results));
    CHECK(results == NULL);
    free_handles();
}

/* A thousand entries that claim a thousand times their size. */
TEST_ALONE(a_limit_holds_a_batch_of_bombs)
{
    enum { BOMBS = 1000, CLAIM = 16 * MIB };
    static CachekitItem items[BOMBS];
    uint8_t *data = reserve(CLAIM), *bomb = NULL, *results = NULL;
    size_t len = 0;
    make_handles();
    CHECK_OK(cachekit_byte_storage_store(storage, data, CLAIM, NULL, &bomb, &len));
    for (int i = 0; i < BOMBS; i++)
        items[i].in = bomb, items[i].in_len = len;
    CHECK_OK(cachekit_byte_storage_set_max_payload(storage, MIB));
    size_t before = memory_status("VmPeak");
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_byte_storage_retrieve_many(storage, items, BOMBS, sizeof *items, &results));
    CHECK(results == NULL && items[BOMBS - 1].error == CACHEKIT_INPUT_TOO_LARGE);
    if (!CHECK_SANITIZED && !check_slow())
        CHECK(memory_status("VmPeak") < before + 64 * MIB);
    cachekit_free_buffer(bomb);
    release(data, CLAIM);
    free_handles();
}

/* Entries that together are opened in place, with one amid them that is damaged. */
TEST(large_batches_open)
{
    enum { LARGE = 9, SIZE = 5 * MIB };
    CachekitItem items[LARGE];
    uint8_t *data = malloc(SIZE + LARGE), *sealed[LARGE], *results = NULL;
    size_t sealed_len;
    CHECK(data != NULL);
    make_handles();
    memset(items, 0, sizeof items);
    fill_random(data, SIZE, 3);
    fill_records(data, SIZE / 4);
    for (int i = 0; i < LARGE; i++) {
        data[SIZE / 2] = (uint8_t)i;
        CHECK_OK(cachekit_keyring_seal(
            keyring, NULL, NULL, 0, data, SIZE + (size_t)i, &sealed[i], &sealed_len));
        items[i].in = sealed[i], items[i].in_len = sealed_len;
    }
    sealed[4][items[4].in_len / 2] ^= 1;
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_open_many(keyring, NULL, items, LARGE, sizeof *items, &results));
    for (int i = 0; i < LARGE; i++) {
        CASE("item %d", i);
        CHECK_NUMBER(i == 4 ? CACHEKIT_DECRYPTION_FAILED : CACHEKIT_OK, items[i].error);
        if (i == 4)
            continue;
        data[SIZE / 2] = (uint8_t)i;
        CHECK_NUMBER(SIZE + (size_t)i, items[i].out_len);
        CHECK_BYTES(data, items[i].out, SIZE);
    }
    CASE("%s", "");
    cachekit_free_buffer(results);
    for (int i = 0; i < LARGE; i++)
        cachekit_free_buffer(sealed[i]);
    free(data);
    free_handles();
}

static atomic_int opened; /* batches */

static void *open_and_seal(void *unused)
{
    (void)unused;
    for (int round = 0; round < check_rounds(200); round++) {
        CachekitItem items[ITEMS];
        uint8_t *sealed = NULL, *results = NULL;
        fill_items(items);
        CachekitError err =
            cachekit_keyring_seal_many(keyring, NULL, items, ITEMS, sizeof *items, &sealed);
        if (err == CACHEKIT_OK) {
            turn(items);
            err = cachekit_keyring_open_many(keyring, NULL, items, ITEMS, sizeof *items, &results);
        }
        for (int i = 0; i < ITEMS && err == CACHEKIT_OK; i++)
            if (items[i].out_len != lens[i] || memcmp(items[i].out, payloads[i], lens[i]) != 0)
                err = CACHEKIT_INTERNAL;
        if (err == CACHEKIT_OK)
            atomic_fetch_add(&opened, 1);
        else if (err != CACHEKIT_INVALID_HANDLE)
            FAIL("other bytes, or an error");
        cachekit_free_buffer(results);
        cachekit_free_buffer(sealed);
    }
    return NULL;
}

/* Four threads with one keyring, which is freed amid their calls. */
TEST(threads_share_a_keyring)
{
    pthread_t threads[4];
    make_handles();
    for (int i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_create(&threads[i], NULL, open_and_seal, NULL));
    while (atomic_load(&opened) < 8)
        usleep(1000);
    cachekit_keyring_free(keyring);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    free_handles();
}

/* One item alone: what its like for one would return. */
TEST(every_fault_of_an_item_has_its_code)
{
    static const struct {
        const char *name, *hex;
        CachekitError code;
    } rows[] = {
        {"nil", "c0", CACHEKIT_INVALID_INPUT},
        {"size 512 MiB + 1", "94" HELLO_BLOCK HELLO_SUM "ce20000001" HELLO_FORMAT,
            CACHEKIT_INPUT_TOO_LARGE},
        {"size 512 MiB", "94" HELLO_BLOCK HELLO_SUM "ce20000000" HELLO_FORMAT,
            CACHEKIT_DECOMPRESSION_BOMB},
        {"a block that breaks off", "94c403f00168" HELLO_SUM HELLO_SIZE HELLO_FORMAT,
            CACHEKIT_DECOMPRESSION_FAILED},
        {"another checksum", "94" HELLO_BLOCK "986dcc8a34ccb63a3c52ccd4" HELLO_SIZE HELLO_FORMAT,
            CACHEKIT_CHECKSUM_MISMATCH},
        {"size 17", "94" HELLO_BLOCK HELLO_SUM "11" HELLO_FORMAT, CACHEKIT_SIZE_VALIDATION_FAILED},
    };
    uint8_t aad[100], *results = NULL;
    size_t aad_len = sizeof aad;
    CachekitItem item;
    make_handles();
    CHECK_OK(cachekit_aad(TENANT, BYTES("k"), "msgpack", true, NULL, aad, &aad_len));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t envelope[100], sealed[200];
        size_t len = from_hex(rows[i].hex, envelope), sealed_len = sizeof sealed;
        CASE("%s", rows[i].name);
        memset(&item, 0, sizeof item);
        item.in = envelope, item.in_len = len;
        CHECK_CODE(rows[i].code,
            cachekit_byte_storage_retrieve_many(storage, &item, 1, sizeof item, &results));
        CHECK(results == NULL && item.error == rows[i].code);
        CHECK_OK(
            cachekit_keyring_encrypt(keyring, aad, aad_len, envelope, len, sealed, &sealed_len));
        item.in = sealed, item.in_len = sealed_len;
        item.cache_key = (const uint8_t *)"k", item.cache_key_len = 1;
        CHECK_CODE(rows[i].code,
            cachekit_keyring_open_many(keyring, NULL, &item, 1, sizeof item, &results));
        CHECK(results == NULL && item.error == rows[i].code);
    }
    CASE("%s", "");
    item.in = payloads[1],
    item.in_len = (size_t)CACHEKIT_MAX_PAYLOAD_SIZE + 1; /* which nothing reads */
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_byte_storage_store_many(storage, NULL, &item, 1, sizeof item, &results));
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_keyring_seal_many(keyring, NULL, &item, 1, sizeof item, &results));
    item.in_len = 1;
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_keyring_seal_many(keyring, "\xff", &item, 1, sizeof item, &results));
    free_handles();
}
