/* The calls that write what others allocate to the caller's buffer. */
#include "fixture.h"

#define PLACE BYTES("user:42")
#define LONG_FORMAT "a format of more than thirty-one bytes"

static const char *const formats[] = {NULL, "", "json", LONG_FORMAT};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* The bound that the header states. */
static size_t store_bound(size_t n, const char *format)
{
    return cachekit_compressed_bound(n) + (format == NULL ? strlen("msgpack") : strlen(format));
}

static void fill(uint8_t *data, size_t n, bool noise)
{
    if (noise)
        fill_random(data, n, n);
    else
        fill_records(data, n);
}

TEST(results_are_those_of_the_allocating_calls)
{
    static const size_t sizes[] = {0, 1, 16, 64, 1000, 4096, 65536, 1 << 20, 3000001};
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++)
        for (int f = 0; f < FORMATS; f++) {
            size_t n = sizes[i / 2], bound = store_bound(n, formats[f]), len = 0, index = 7;
            uint8_t *data = malloc(n + 1), *envelope = NULL, *buffer = malloc(bound + 28);
            uint8_t *back = malloc(n + 1), *opened = NULL;
            CASE("%zu bytes, %s", n, i % 2 == 0 ? "records" : "noise");
            fill(data, n, i % 2 == 1);
            CHECK_OK(cachekit_byte_storage_store(storage, data, n, formats[f], &envelope, &len));
            size_t made = bound;
            CHECK_OK(cachekit_byte_storage_store_into(storage, data, n, formats[f], buffer, &made));
            CHECK_NUMBER(len, made);
            CHECK_BYTES(envelope, buffer, len);
            size_t got = n;
            CHECK_OK(cachekit_byte_storage_retrieve_into(storage, envelope, len, back, &got));
            CHECK_NUMBER(n, got);
            CHECK_BYTES(data, back, n);

            made = bound + CACHEKIT_CIPHERTEXT_OVERHEAD;
            CHECK_OK(
                cachekit_keyring_seal_into(keyring, formats[f], PLACE, data, n, buffer, &made));
            CHECK_NUMBER(len + CACHEKIT_CIPHERTEXT_OVERHEAD, made);
            CHECK_OK(cachekit_keyring_open(
                keyring, formats[f], PLACE, buffer, made, &opened, &got, NULL));
            CHECK_NUMBER(n, got);
            CHECK_BYTES(data, opened, n);
            memset(back, POISON, n + 1);
            CHECK_OK(cachekit_keyring_open_into(
                keyring, formats[f], PLACE, buffer, made, back, &got, &index));
            CHECK_NUMBER(n, got);
            CHECK_NUMBER(0, index);
            CHECK_BYTES(data, back, n);
            CHECK_FILLED(POISON, back + n, 1);
            cachekit_free_buffer(envelope);
            cachekit_free_buffer(opened);
            free(data), free(buffer), free(back);
        }
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

/* The size is told and nothing is written or spent, down to one byte too few. */
TEST(a_small_buffer_learns_the_size)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t out[300], envelope[64], sealed[300];
    size_t envelope_len = from_hex(HELLO_ENVELOPE, envelope), sealed_len = sizeof sealed;
    CHECK_OK(cachekit_keyring_seal_into(keyring, NULL, PLACE, HELLO, sealed, &sealed_len));
    memset(out, POISON, sizeof out);
#define LEARNS(bound, ...)                                                                         \
    do {                                                                                           \
        size_t len = 0;                                                                            \
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, __VA_ARGS__);                                        \
        size_t needed = len--;                                                                     \
        CHECK(needed >= 16 && needed <= (bound));                                                  \
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, __VA_ARGS__);                                        \
        CHECK_NUMBER(needed, len);                                                                 \
        CHECK_FILLED(POISON, out, sizeof out);                                                     \
        CHECK_OK(__VA_ARGS__);                                                                     \
        memset(out, POISON, sizeof out);                                                           \
    } while (0)
    LEARNS(store_bound(16, "json"),
        cachekit_byte_storage_store_into(storage, HELLO, "json", out, &len));
    LEARNS((size_t)16,
        cachekit_byte_storage_retrieve_into(storage, envelope, envelope_len, out, &len));
    LEARNS(store_bound(16, "json") + CACHEKIT_CIPHERTEXT_OVERHEAD,
        cachekit_keyring_seal_into(keyring, "json", PLACE, HELLO, out, &len));
    LEARNS((size_t)16,
        cachekit_keyring_open_into(keyring, NULL, PLACE, sealed, sealed_len, out, &len, NULL));
#undef LEARNS
    CHECK_NUMBER(2, cachekit_keyring_get_counter(keyring)); /* one for each that succeeded */
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

/* The limits are those of the calls that allocate. */
TEST(limits_hold)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t out[300], envelope[64], sealed[300];
    size_t len, envelope_len = from_hex(HELLO_ENVELOPE, envelope), sealed_len = sizeof sealed;
    CHECK_OK(cachekit_keyring_seal_into(keyring, NULL, PLACE, HELLO, sealed, &sealed_len));
    CHECK_OK(cachekit_byte_storage_set_max_payload(storage, 15));
    CHECK_OK(cachekit_keyring_set_max_payload(keyring, 15));
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_byte_storage_store_into(storage, HELLO, NULL, out, &len));
    CHECK_NUMBER(0, len);
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_byte_storage_retrieve_into(storage, envelope, envelope_len, out, &len));
    CHECK_NUMBER(0, len);
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_keyring_seal_into(keyring, NULL, PLACE, HELLO, out, &len));
    CHECK_NUMBER(0, len);
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_keyring_open_into(keyring, NULL, PLACE, sealed, sealed_len, out, &len, NULL));
    CHECK_NUMBER(0, len);
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_byte_storage_store_into(storage, BYTES("x"), "\xff", out, &len));
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_keyring_seal_into(keyring, "\xff", PLACE, BYTES("x"), out, &len));
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

/* Each damage has its code, and no byte of the payload is left in the buffer. */
TEST(damage_has_its_code_and_leaves_no_payload)
{
    static const struct {
        const char *hex;
        CachekitError code;
    } rows[] = {
        {"94", CACHEKIT_INVALID_INPUT},
        {"94" HELLO_BLOCK HELLO_SUM "ce20000001" HELLO_FORMAT, CACHEKIT_INPUT_TOO_LARGE},
        {"94" HELLO_BLOCK HELLO_SUM "ce20000000" HELLO_FORMAT, CACHEKIT_DECOMPRESSION_BOMB},
        {"94" HELLO_BLOCK HELLO_SUM "0f" HELLO_FORMAT, CACHEKIT_DECOMPRESSION_FAILED},
        {"94" HELLO_BLOCK "986ecc8a34ccb63a3c52ccd3" HELLO_SIZE HELLO_FORMAT,
            CACHEKIT_CHECKSUM_MISMATCH},
        {"94" HELLO_BLOCK HELLO_SUM "11" HELLO_FORMAT, CACHEKIT_SIZE_VALIDATION_FAILED},
    };
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t envelope[64], aad[100], sealed[300], out[64];
    size_t aad_len = sizeof aad;
    CHECK_OK(cachekit_aad(TENANT, PLACE, "msgpack", true, NULL, aad, &aad_len));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CASE("%s", rows[i].hex);
        size_t envelope_len = from_hex(rows[i].hex, envelope), sealed_len = sizeof sealed;
        size_t len = sizeof out, index = 7;
        memset(out, 0, sizeof out);
        CHECK_CODE(rows[i].code,
            cachekit_byte_storage_retrieve_into(storage, envelope, envelope_len, out, &len));
        CHECK_NUMBER(0, len);
        CHECK(memmem(out, sizeof out, hello, 4) == NULL);
        CHECK_OK(cachekit_keyring_encrypt(
            keyring, aad, aad_len, envelope, envelope_len, sealed, &sealed_len));
        len = sizeof out;
        CHECK_CODE(rows[i].code, cachekit_keyring_open_into(
                                     keyring, NULL, PLACE, sealed, sealed_len, out, &len, &index));
        CHECK(len == 0 && index == 0);
        CHECK(memmem(out, sizeof out, hello, 4) == NULL);
        sealed[sealed_len - 1] ^= 1;
        len = sizeof out;
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, cachekit_keyring_open_into(keyring, NULL, PLACE,
                                                   sealed, sealed_len, out, &len, &index));
        CHECK(len == 0 && index == 0);
    }
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

TEST(an_older_key_is_named)
{
    static const uint8_t new_master[32] = "another master key of 32 bytes..";
    const uint8_t *others[] = {master};
    size_t lens[] = {32}, sealed_len = 300, len = 64, index = 7;
    uint8_t sealed[300], out[64];
    CachekitKeyring *before = new_keyring(), *after = NULL;
    CHECK_OK(cachekit_keyring_new(new_master, 32, others, lens, 1, TENANT, &after));
    CHECK_OK(cachekit_keyring_seal_into(before, NULL, PLACE, HELLO, sealed, &sealed_len));
    CHECK_OK(cachekit_keyring_open_into(after, NULL, PLACE, sealed, sealed_len, out, &len, &index));
    CHECK_NUMBER(1, index);
    CHECK_BYTES(hello, out, 16);
    cachekit_keyring_free(before);
    cachekit_keyring_free(after);
}
