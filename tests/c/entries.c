/* Sealed entries and their AAD. */
#include "fixture.h"

#define PLACE BYTES("user:42")

static CachekitKeyring *keyring_of(const char *name)
{
    CachekitKeyring *keyring = NULL;
    CHECK_OK(cachekit_keyring_new(
        master, sizeof master, NULL, NULL, 0, (const uint8_t *)name, strlen(name), &keyring));
    return keyring;
}

TEST(seal_and_open_give_the_payload_back)
{
    static const size_t sizes[] = {0, 1, 16, 64, 1000, 4096, 65536, 1 << 20, 3000001};
    static const char *const formats[] = {
        NULL, "", "json", "a format of more than thirty-one bytes"};
    CachekitKeyring *keyring = new_keyring();
    uint64_t sealed_so_far = 0;
    for (int kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (int f = 0; f < 4; f++) {
                size_t n = sizes[i], sealed_len = 0, back_len = 0, index = 7;
                uint8_t *data = malloc(n + 1), *sealed = NULL, *back = NULL;
                CASE("%zu bytes of %s", n, kind == 0 ? "records" : "noise");
                if (kind == 0)
                    fill_records(data, n);
                else
                    fill_random(data, n, n);
                CHECK_OK(cachekit_keyring_seal(
                    keyring, formats[f], PLACE, data, n, &sealed, &sealed_len));
                CHECK_NUMBER(++sealed_so_far, cachekit_keyring_get_counter(keyring));
                CHECK_NUMBER(0, (uintptr_t)sealed % 64);
                CHECK_OK(cachekit_keyring_open(
                    keyring, formats[f], PLACE, sealed, sealed_len, &back, &back_len, &index));
                CHECK_NUMBER(n, back_len);
                CHECK(back != NULL);
                CHECK_BYTES(data, back, n);
                CHECK_NUMBER(0, index);
                cachekit_free_buffer(sealed);
                cachekit_free_buffer(back);
                free(data);
            }
    cachekit_keyring_free(keyring);
}

TEST(sealed_is_the_envelope_encrypted_under_the_aad)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t *sealed = NULL, *back = NULL, aad[100], envelope[200], out[200], ours[300];
    size_t sealed_len = 0, back_len = 0, aad_len = sizeof aad, envelope_len = sizeof envelope,
           out_len = sizeof out, ours_len = sizeof ours;
    CHECK_OK(cachekit_aad(TENANT, PLACE, "msgpack", true, NULL, aad, &aad_len));

    CHECK_OK(cachekit_keyring_seal(keyring, NULL, PLACE, HELLO, &sealed, &sealed_len));
    CHECK_OK(cachekit_keyring_decrypt(
        keyring, aad, aad_len, sealed, sealed_len, envelope, &envelope_len, NULL));
    CHECK_OK(cachekit_decompress(envelope, envelope_len, out, &out_len));
    CHECK_NUMBER(16, out_len);
    CHECK_BYTES(hello, out, 16);

    CHECK_OK(
        cachekit_keyring_encrypt(keyring, aad, aad_len, envelope, envelope_len, ours, &ours_len));
    CHECK_OK(cachekit_keyring_open(keyring, NULL, PLACE, ours, ours_len, &back, &back_len, NULL));
    CHECK_NUMBER(16, back_len);
    CHECK_BYTES(hello, back, 16);
    cachekit_free_buffer(sealed);
    cachekit_free_buffer(back);
    cachekit_keyring_free(keyring);
}

TEST(an_entry_opens_only_in_its_place)
{
    CachekitKeyring *keyring = new_keyring(), *other = keyring_of("another");
    uint8_t *sealed = NULL, *back = (uint8_t *)keyring;
    size_t len = 0, back_len = 1, index = 7;
    CHECK_OK(cachekit_keyring_seal(keyring, "json", PLACE, HELLO, &sealed, &len));
    CASE("another key of the cache");
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, cachekit_keyring_open(keyring, "json", BYTES("user:43"),
                                               sealed, len, &back, &back_len, &index));
    CHECK(back == NULL && back_len == 0 && index == 0);
    CASE("another format");
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_open(keyring, NULL, PLACE, sealed, len, &back, &back_len, &index));
    CASE("another tenant");
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_open(other, "json", PLACE, sealed, len, &back, &back_len, &index));
    CASE("cut");
    for (size_t n = 0; n < len; n++) {
        CHECK_CODE(n < 28 ? CACHEKIT_INVALID_INPUT : CACHEKIT_DECRYPTION_FAILED,
            cachekit_keyring_open(keyring, "json", PLACE, sealed, n, &back, &back_len, &index));
        CHECK(back == NULL && back_len == 0 && index == 0);
    }
    for (size_t at = 0; at < len; at++) {
        CASE("byte %zu changed", at);
        sealed[at] ^= 1;
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
            cachekit_keyring_open(keyring, "json", PLACE, sealed, len, &back, &back_len, &index));
        CHECK(back == NULL && back_len == 0 && index == 0);
        sealed[at] ^= 1;
    }
    cachekit_free_buffer(sealed);
    cachekit_keyring_free(keyring);
    cachekit_keyring_free(other);
}

TEST(an_older_key_opens_and_is_named)
{
    static const uint8_t new_master[32] = "another master key of 32 bytes..";
    const uint8_t *others[] = {master};
    size_t lens[] = {32}, len = 0, back_len = 0, index = 7;
    uint8_t *sealed = NULL, *back = NULL;
    CachekitKeyring *before = new_keyring(), *after = NULL;
    CHECK_OK(cachekit_keyring_new(new_master, 32, others, lens, 1, TENANT, &after));
    CHECK_OK(cachekit_keyring_seal(before, NULL, PLACE, HELLO, &sealed, &len));
    CHECK_OK(cachekit_keyring_open(after, NULL, PLACE, sealed, len, &back, &back_len, &index));
    CHECK_NUMBER(1, index);
    CHECK_BYTES(hello, back, 16);
    cachekit_free_buffer(sealed);
    cachekit_free_buffer(back);
    cachekit_keyring_free(before);
    cachekit_keyring_free(after);
}

/* Entries that are authentic and yet no envelope of this format. */
TEST(a_bad_envelope_inside_has_its_code)
{
    static const struct {
        const char *name, *hex;
        CachekitError code;
    } rows[] = {
        {"as it should be", HELLO_ENVELOPE, CACHEKIT_OK},
        {"legacy",
            "94dc0012ccf00168656c6c6f2c2063616368656b697421" HELLO_SUM HELLO_SIZE HELLO_FORMAT,
            CACHEKIT_OK},
        {"nothing", "", CACHEKIT_INVALID_INPUT},
        {"another format", "94" HELLO_BLOCK HELLO_SUM HELLO_SIZE "a46a736f6e",
            CACHEKIT_INVALID_INPUT},
        {"a byte behind it", HELLO_ENVELOPE "00", CACHEKIT_INVALID_INPUT},
        {"too large", "94" HELLO_BLOCK HELLO_SUM "ce20000001" HELLO_FORMAT,
            CACHEKIT_INPUT_TOO_LARGE},
        {"a bomb", "94" HELLO_BLOCK HELLO_SUM "ce20000000" HELLO_FORMAT,
            CACHEKIT_DECOMPRESSION_BOMB},
        {"a damaged block", "94" HELLO_BLOCK HELLO_SUM "0f" HELLO_FORMAT,
            CACHEKIT_DECOMPRESSION_FAILED},
        {"another checksum", "94" HELLO_BLOCK "986ecc8a34ccb63a3c52ccd3" HELLO_SIZE HELLO_FORMAT,
            CACHEKIT_CHECKSUM_MISMATCH},
        {"another size", "94" HELLO_BLOCK HELLO_SUM "11" HELLO_FORMAT,
            CACHEKIT_SIZE_VALIDATION_FAILED},
    };
    CachekitKeyring *keyring = new_keyring();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t envelope[100], aad[100], sealed[200], *back = (uint8_t *)keyring;
        size_t len = from_hex(rows[i].hex, envelope), aad_len = sizeof aad, back_len = 1, index = 7,
               sealed_len = sizeof sealed;
        CASE("%s", rows[i].name);
        CHECK_OK(cachekit_aad(TENANT, PLACE, "msgpack", true, NULL, aad, &aad_len));
        CHECK_OK(
            cachekit_keyring_encrypt(keyring, aad, aad_len, envelope, len, sealed, &sealed_len));
        CHECK_CODE(rows[i].code, cachekit_keyring_open(keyring, NULL, PLACE, sealed, sealed_len,
                                     &back, &back_len, &index));
        CHECK((back != NULL) == (rows[i].code == CACHEKIT_OK));
        CHECK_NUMBER(rows[i].code == CACHEKIT_OK ? 16 : 0, back_len);
        CHECK_NUMBER(0, index);
        cachekit_free_buffer(back);
    }
    cachekit_keyring_free(keyring);
}

TEST(seal_refuses_a_format_that_is_not_utf8)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t *sealed = (uint8_t *)keyring;
    size_t len = 1;
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_keyring_seal(keyring, "\xff", PLACE, HELLO, &sealed, &len));
    CHECK(sealed == NULL && len == 0);
    CHECK_NUMBER(0, cachekit_keyring_get_counter(keyring));
    cachekit_keyring_free(keyring);
}

TEST(aad_has_every_component_behind_its_length)
{
    static const struct {
        const char *tenant, *cache_key, *format, *type, *want;
        bool compressed;
    } rows[] = {
        {"t", "k", "f", NULL, "030000000174000000016b00000001660000000454727565", true},
        {"t", "k", "f", NULL, "030000000174000000016b00000001660000000546616c7365", false},
        {"t", "k", "f", "str", "030000000174000000016b0000000166000000045472756500000003737472",
            true},
        {"t", "k", "f", "", "030000000174000000016b0000000166000000045472756500000000", true},
        {"", "", "", NULL, "030000000000000000000000000000000454727565", true},
        {"\xff", "\xff", "f", NULL, "0300000001ff00000001ff00000001660000000454727565", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t want[64], got[64];
        size_t want_len = from_hex(rows[i].want, want), len;
        size_t bound = 26 + strlen(rows[i].tenant) + strlen(rows[i].cache_key) +
                       strlen(rows[i].format) + (rows[i].type == NULL ? 0 : strlen(rows[i].type));
        CHECK(want_len <= bound);
        for (size_t capacity = 0; capacity <= bound; capacity++) {
            CASE("row %zu into %zu bytes", i, capacity);
            memset(got, POISON, sizeof got);
            len = capacity;
            CHECK_CODE(capacity < want_len ? CACHEKIT_BUFFER_TOO_SMALL : CACHEKIT_OK,
                cachekit_aad((const uint8_t *)rows[i].tenant, strlen(rows[i].tenant),
                    (const uint8_t *)rows[i].cache_key, strlen(rows[i].cache_key), rows[i].format,
                    rows[i].compressed, rows[i].type, got, &len));
            CHECK_NUMBER(want_len, len);
            if (capacity >= want_len)
                CHECK_BYTES(want, got, want_len);
            CHECK_FILLED(POISON, got + (capacity < want_len ? capacity : want_len), 10);
        }
    }
    uint8_t out[64];
    size_t len = sizeof out;
    CASE("format not UTF-8");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_aad(TENANT, PLACE, "\xff", true, NULL, out, &len));
    CHECK_NUMBER(0, len);
    CASE("type not UTF-8");
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_aad(TENANT, PLACE, "f", true, "\xff", out, &len));
    CHECK_NUMBER(0, len);
}
