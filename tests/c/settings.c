/* What a storage and a keyring can be told: levels of compression, a lower limit of the
 * payload. */
#include "fixture.h"

#include <limits.h>

/* The envelope of data at a level, which the caller frees. */
static uint8_t *stored_at(int level, const uint8_t *data, size_t n, size_t *len)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *envelope = NULL;
    CHECK_OK(cachekit_byte_storage_set_level(storage, level));
    CHECK_OK(cachekit_byte_storage_store(storage, data, n, NULL, &envelope, len));
    cachekit_byte_storage_free(storage);
    return envelope;
}

TEST(every_level_is_read_and_the_highest_is_the_smallest)
{
    static const size_t sizes[] = {0, 1, 13, 100, 1000, 5000, 70000, MIB + 1};
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *data = malloc(MIB + 1);
    CHECK(data != NULL);
    fill_records(data, MIB + 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i], lens[CACHEKIT_MAX_LEVEL + 1] = {0};
        for (int level = CACHEKIT_DEFAULT_LEVEL; level <= CACHEKIT_MAX_LEVEL; level++) {
            CASE("%zu bytes at level %d", n, level);
            uint8_t *envelope = stored_at(level, data, n, &lens[level]), *back = NULL;
            size_t back_len = 0;
            CHECK_OK(
                cachekit_byte_storage_retrieve(storage, envelope, lens[level], &back, &back_len));
            CHECK_NUMBER(n, back_len);
            CHECK_BYTES(data, back, n);
            cachekit_free_buffer(back);
            cachekit_free_buffer(envelope);
        }
        CASE("%zu bytes", n);
        CHECK(lens[CACHEKIT_MAX_LEVEL] <= lens[CACHEKIT_DEFAULT_LEVEL]);
        if (n >= 5000)
            CHECK(lens[CACHEKIT_MAX_LEVEL] < lens[CACHEKIT_DEFAULT_LEVEL]);
    }
    free(data);
    cachekit_byte_storage_free(storage);
}

TEST(the_default_level_writes_what_compress_does)
{
    enum { N = 20000 };
    static uint8_t data[N], out[N + N / 255 + 136];
    size_t len, out_len = sizeof out;
    fill_records(data, N);
    CHECK_OK(cachekit_compress(data, N, out, &out_len));
    uint8_t *envelope = stored_at(CACHEKIT_DEFAULT_LEVEL, data, N, &len);
    CHECK_NUMBER(out_len, len);
    CHECK_BYTES(out, envelope, len);
    cachekit_free_buffer(envelope);
}

TEST(a_keyring_seals_at_its_level)
{
    enum { N = 20000 };
    static uint8_t data[N];
    size_t fast_len = 0, hard_len = 0, back_len = 0, len = 0;
    uint8_t *fast = NULL, *hard = NULL, *back = NULL;
    CachekitKeyring *keyring = new_keyring();
    fill_records(data, N);
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, N, &fast, &fast_len));
    CHECK_OK(cachekit_keyring_set_level(keyring, CACHEKIT_MAX_LEVEL));
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, N, &hard, &hard_len));
    uint8_t *envelope = stored_at(CACHEKIT_MAX_LEVEL, data, N, &len);
    CHECK(hard_len < fast_len);
    CHECK_NUMBER(len + CACHEKIT_CIPHERTEXT_OVERHEAD, hard_len);
    CHECK_OK(
        cachekit_keyring_open(keyring, NULL, BYTES("k"), hard, hard_len, &back, &back_len, NULL));
    CHECK_NUMBER(N, back_len);
    CHECK_BYTES(data, back, N);
    cachekit_free_buffer(envelope);
    cachekit_free_buffer(fast);
    cachekit_free_buffer(hard);
    cachekit_free_buffer(back);
    cachekit_keyring_free(keyring);
}

TEST(the_ratio_is_that_of_the_level)
{
    enum { N = 20000 };
    static uint8_t data[N];
    double fast = 0, hard = 0;
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    fill_records(data, N);
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, data, N, &fast));
    CHECK_OK(cachekit_byte_storage_set_level(storage, CACHEKIT_MAX_LEVEL));
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, data, N, &hard));
    CHECK(hard > fast);
    cachekit_byte_storage_free(storage);
}

TEST(other_numbers_change_nothing)
{
    static const int levels[] = {INT_MIN, -1, 0, CACHEKIT_MAX_LEVEL + 1, INT_MAX};
    static const size_t sizes[] = {0, CACHEKIT_MAX_PAYLOAD_SIZE + 1, SIZE_MAX};
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t *out = NULL;
    size_t len = 0;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        CASE("level %d", levels[i]);
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_byte_storage_set_level(storage, levels[i]));
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_set_level(keyring, levels[i]));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CASE("%zu bytes", sizes[i]);
        CHECK_CODE(
            CACHEKIT_INVALID_INPUT, cachekit_byte_storage_set_max_payload(storage, sizes[i]));
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_set_max_payload(keyring, sizes[i]));
    }
    CHECK_OK(cachekit_byte_storage_store(storage, HELLO, NULL, &out, &len));
    uint8_t envelope[64];
    CHECK_NUMBER(from_hex(HELLO_ENVELOPE, envelope), len);
    cachekit_free_buffer(out);
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, BYTES("k"), HELLO, &out, &len));
    cachekit_free_buffer(out);
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

TEST(a_payload_of_the_limit_passes_and_one_byte_more_does_not)
{
    enum { LIMIT = 5000 };
    static uint8_t data[LIMIT + 1];
    CachekitByteStorage *limited = cachekit_byte_storage_new(NULL), *free_one = NULL;
    double ratio;
    free_one = cachekit_byte_storage_new(NULL);
    CHECK_OK(cachekit_byte_storage_set_max_payload(limited, LIMIT));
    for (int kind = 0; kind < 2; kind++)
        for (size_t n = LIMIT; n <= LIMIT + 1; n++) {
            CachekitError want = n > LIMIT ? CACHEKIT_INPUT_TOO_LARGE : CACHEKIT_OK;
            uint8_t *out = NULL, *envelope = NULL;
            size_t len = 0, envelope_len = 0;
            CASE("%zu bytes of %s", n, kind == 0 ? "records" : "noise");
            kind == 0 ? fill_records(data, n) : fill_random(data, n, n);
            CHECK_CODE(want, cachekit_byte_storage_store(limited, data, n, NULL, &out, &len));
            CHECK((out == NULL) == (want != CACHEKIT_OK));
            cachekit_free_buffer(out);
            CHECK_CODE(want, cachekit_byte_storage_estimate_compression(limited, data, n, &ratio));
            CHECK_OK(
                cachekit_byte_storage_store(free_one, data, n, NULL, &envelope, &envelope_len));
            CHECK_CODE(
                want, cachekit_byte_storage_retrieve(limited, envelope, envelope_len, &out, &len));
            CHECK((out == NULL) == (want != CACHEKIT_OK));
            cachekit_free_buffer(out);
            CHECK_CODE(want, cachekit_byte_storage_validate(limited, envelope, envelope_len));
            cachekit_free_buffer(envelope);
        }
    cachekit_byte_storage_free(limited);
    cachekit_byte_storage_free(free_one);
}

TEST(the_limit_of_a_keyring_holds_for_all_that_it_reads_and_writes)
{
    enum { LIMIT = 3000, ROOM = LIMIT + 1 + CACHEKIT_CIPHERTEXT_OVERHEAD };
    static uint8_t value[LIMIT + 1], ciphertext[ROOM], sealed_value[ROOM], out[ROOM];
    CachekitKeyring *limited = new_keyring(), *free_one = new_keyring();
    CHECK_OK(cachekit_keyring_set_max_payload(limited, LIMIT));
    for (size_t n = LIMIT; n <= LIMIT + 1; n++) {
        CachekitError want = n > LIMIT ? CACHEKIT_INPUT_TOO_LARGE : CACHEKIT_OK;
        CASE("%zu bytes", n);
        /* One document of bytes that cannot be compressed. */
        fill_random(value, n, n);
        memcpy(value, "\xc5", 1);
        value[1] = (uint8_t)((n - 3) >> 8), value[2] = (uint8_t)(n - 3);
        uint8_t *sealed = NULL, *data = NULL;
        size_t sealed_len = 0, len = sizeof out, ciphertext_len = ROOM, value_len = ROOM;
        CHECK_CODE(want, cachekit_keyring_encrypt(limited, NULL, 0, value, n, out, &len));
        CHECK_OK(
            cachekit_keyring_encrypt(free_one, NULL, 0, value, n, ciphertext, &ciphertext_len));
        len = sizeof out;
        CHECK_CODE(want, cachekit_keyring_decrypt(
                             limited, NULL, 0, ciphertext, ciphertext_len, out, &len, NULL));
        len = sizeof out;
        CHECK_CODE(want, cachekit_keyring_decrypt_at(
                             limited, 0, NULL, 0, ciphertext, ciphertext_len, out, &len));
        len = sizeof out;
        CHECK_CODE(want, cachekit_keyring_seal_interop(limited, "u:g:1", value, n, out, &len));
        CHECK_OK(
            cachekit_keyring_seal_interop(free_one, "u:g:1", value, n, sealed_value, &value_len));
        len = sizeof out;
        CHECK_CODE(want, cachekit_keyring_open_interop(
                             limited, "u:g:1", sealed_value, value_len, out, &len, NULL));
        CHECK_CODE(want, cachekit_keyring_seal(limited, NULL, BYTES("k"), value, n, &data, &len));
        CHECK((data == NULL) == (want != CACHEKIT_OK));
        cachekit_free_buffer(data);
        CHECK_OK(cachekit_keyring_seal(free_one, NULL, BYTES("k"), value, n, &sealed, &sealed_len));
        CHECK_CODE(want, cachekit_keyring_open(
                             limited, NULL, BYTES("k"), sealed, sealed_len, &data, &len, NULL));
        CHECK((data == NULL) == (want != CACHEKIT_OK));
        cachekit_free_buffer(data);
        cachekit_free_buffer(sealed);
    }
    cachekit_keyring_free(limited);
    cachekit_keyring_free(free_one);
}

TEST(the_limit_can_be_raised_again)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *out = NULL;
    size_t len;
    CHECK_OK(cachekit_byte_storage_set_max_payload(storage, 1));
    CHECK_CODE(
        CACHEKIT_INPUT_TOO_LARGE, cachekit_byte_storage_store(storage, HELLO, NULL, &out, &len));
    CHECK_OK(cachekit_byte_storage_set_max_payload(storage, CACHEKIT_MAX_PAYLOAD_SIZE));
    CHECK_OK(cachekit_byte_storage_store(storage, HELLO, NULL, &out, &len));
    cachekit_free_buffer(out);
    cachekit_byte_storage_free(storage);
}

/* Envelopes that claim, and entries that are, more than the limit: 64 MiB that nothing
 * takes. */
TEST_ALONE(what_is_above_the_limit_takes_no_memory)
{
    enum { LIMIT = MIB, HUGE = 64 * MIB };
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t *data = reserve(HUGE), *envelope = NULL, *out = NULL;
    size_t envelope_len = 0, len = 0;
    CHECK(data != NULL);
    CHECK_OK(cachekit_byte_storage_store(storage, data, HUGE, NULL, &envelope, &envelope_len));
    CHECK_OK(cachekit_byte_storage_set_max_payload(storage, LIMIT));
    CHECK_OK(cachekit_keyring_set_max_payload(keyring, LIMIT));
    size_t before = memory_status("VmPeak");
    for (int i = 0; i < 3; i++) {
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_byte_storage_store(storage, data, HUGE, NULL, &out, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &out, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_byte_storage_validate(storage, envelope, envelope_len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, HUGE, &out, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_open(keyring, NULL, BYTES("k"), data, HUGE, &out, &len, NULL));
    }
    if (!CHECK_SANITIZED && !check_slow())
        CHECK(memory_status("VmPeak") < before + 32 * MIB);
    release(data, HUGE);
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}
