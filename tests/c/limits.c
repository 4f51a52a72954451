/* 512 MiB and one byte more, senseless lengths, and envelopes that lie. */
#include "fixture.h"

#define MOST ((size_t)CACHEKIT_MAX_PAYLOAD_SIZE)

TEST(one_byte_too_many)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitEncryptor *encryptor = new_encryptor();
    CachekitKeyring *keyring = new_keyring();
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    uint8_t *in = reserve(MOST + 4096), small[64], *out;
    static const size_t more[] = {1, 4000, SIZE_MAX / 2, SIZE_MAX};
    size_t before = memory_status("VmRSS");
    CHECK(in != NULL);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        size_t n = more[i] > MOST ? more[i] : MOST + more[i], len = 0;
        size_t sealed = more[i] > MOST ? n : n + CACHEKIT_CIPHERTEXT_OVERHEAD;
        double ratio = 0;
        CASE("%zu bytes", n);
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_byte_storage_store(storage, in, n, NULL, &out, &len));
        CHECK(out == NULL && len == 0);
        CHECK_CODE(
            CACHEKIT_INPUT_TOO_LARGE, cachekit_byte_storage_retrieve(storage, in, n, &out, &len));
        CHECK(out == NULL && len == 0);
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_byte_storage_validate(storage, in, n));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_byte_storage_estimate_compression(storage, in, n, &ratio));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_envelope_inspect(in, n, &info));
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_compress(in, n, small, &len));
        CHECK_NUMBER(0, len);
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_decompress(in, n, small, &len));
        CHECK_NUMBER(0, len);
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_encrypt(encryptor, key, sizeof key, NULL, 0, in, n, small, &len));
        CHECK_NUMBER(0, len);
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_decrypt(encryptor, key, sizeof key, NULL, 0, in, sealed, small, &len));
        CHECK_NUMBER(0, len);
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_encrypt(keyring, NULL, 0, in, n, small, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_decrypt(keyring, NULL, 0, in, sealed, small, &len, NULL));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_decrypt_at(keyring, 0, NULL, 0, in, sealed, small, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_seal(keyring, NULL, BYTES("k"), in, n, &out, &len));
        CHECK(out == NULL && len == 0);
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_open(keyring, NULL, BYTES("k"), in, sealed, &out, &len, NULL));
        CHECK(out == NULL && len == 0);
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_msgpack_check(in, n));
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, cachekit_interop_value(in, n, small, &len));
        len = sizeof small;
        CHECK_CODE(
            CACHEKIT_INPUT_TOO_LARGE, cachekit_interop_key("n", "o", in, n, (char *)small, &len));
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_seal_interop(keyring, "u:g:1", in, n, small, &len));
        len = sizeof small;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_open_interop(keyring, "u:g:1", in, sealed, small, &len, NULL));
        CHECK_NUMBER(0, len);
    }
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(encryptor));
    CHECK_NUMBER(0, cachekit_keyring_get_counter(keyring));
    if (!CHECK_SANITIZED)
        CHECK(memory_status("VmRSS") < before + 8 * MIB); /* nothing was read */
    release(in, MOST + 4096);
    cachekit_byte_storage_free(storage);
    cachekit_encryptor_free(encryptor);
    cachekit_keyring_free(keyring);
}

TEST(components_of_an_aad_are_below_4_gib)
{
    static const size_t lens[] = {(size_t)1 << 32, SIZE_MAX / 2, SIZE_MAX};
    uint8_t out[64];
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        size_t len = sizeof out;
        CASE("tenant of %zu bytes", lens[i]);
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_aad(out, lens[i], BYTES("k"), "f", true, NULL, out, &len));
        CHECK_NUMBER(0, len);
        CASE("cache key of %zu bytes", lens[i]);
        len = sizeof out;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_aad(TENANT, out, lens[i], "f", true, NULL, out, &len));
        CHECK_NUMBER(0, len);
    }
}

/* What has no business being large is refused, before memory is taken for it. */
TEST(names_have_limits)
{
    static const size_t most = CACHEKIT_MAX_FORMAT_SIZE;
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    char *name = malloc(200 * MIB + 1);
    uint8_t *out = NULL, sealed[64];
    size_t len = 0;
    CHECK(name != NULL);
    memset(name, 'f', 200 * MIB);
    name[200 * MIB] = '\0';
    size_t before = memory_status("VmHWM");
    for (size_t n = 200 * MIB; n > most; n = n == 200 * MIB ? most + 1 : most) {
        CASE("%zu bytes", n);
        name[n] = '\0';
        CHECK(cachekit_byte_storage_new(name) == NULL);
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_byte_storage_store(storage, HELLO, name, &out, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_seal(keyring, name, BYTES("k"), HELLO, &out, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_open(keyring, name, BYTES("k"), HELLO, &out, &len, NULL));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_seal(keyring, NULL, (uint8_t *)name, n, HELLO, &out, &len));
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_open(keyring, NULL, (uint8_t *)name, n, sealed, 64, &out, &len, NULL));
        len = sizeof sealed;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_seal_interop(keyring, name, BYTES("\xc0"), sealed, &len));
        len = sizeof sealed;
        CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
            cachekit_keyring_open_interop(keyring, name, sealed, 64, sealed, &len, NULL));
    }
    CHECK_NUMBER(0, cachekit_keyring_get_counter(keyring));
    if (!CHECK_SANITIZED)
        CHECK(memory_status("VmHWM") < before + 8 * MIB);

    CASE("%zu bytes", most);
    name[most] = '\0';
    cachekit_byte_storage_free(storage);
    storage = cachekit_byte_storage_new(name);
    CHECK_OK(cachekit_byte_storage_store(storage, HELLO, NULL, &out, &len));
    cachekit_free_buffer(out);
    CHECK_OK(cachekit_keyring_seal(keyring, name, (uint8_t *)name, most, HELLO, &out, &len));
    uint8_t *back = NULL;
    size_t back_len = 0;
    CHECK_OK(cachekit_keyring_open(
        keyring, name, (uint8_t *)name, most, out, len, &back, &back_len, NULL));
    cachekit_free_buffer(out);
    cachekit_free_buffer(back);

    CASE("an interop key");
    name[194] = '\0';
    len = sizeof sealed;
    CHECK_OK(cachekit_keyring_seal_interop(keyring, name, BYTES("\xc0"), sealed, &len));
    name[194] = 'f', name[195] = '\0';
    len = sizeof sealed;
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_keyring_seal_interop(keyring, name, BYTES("\xc0"), sealed, &len));
    free(name);
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

/* Half a gibibyte itself goes through. */
TEST(exactly_512_mib)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("takes too long here");
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitEncryptor *encryptor = new_encryptor();
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    uint8_t *data = reserve(MOST), *envelope = NULL, *back = NULL;
    size_t envelope_len = 0, len = 0;
    CHECK_OK(cachekit_byte_storage_store(storage, data, MOST, NULL, &envelope, &envelope_len));
    CHECK_OK(cachekit_envelope_inspect(envelope, envelope_len, &info));
    CHECK_NUMBER(MOST, info.original_size);
    CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &back, &len));
    CHECK_NUMBER(MOST, len);
    CHECK(back != NULL && memcmp(back, data, MOST) == 0);
    cachekit_free_buffer(back);
    cachekit_free_buffer(envelope);

    uint8_t *out = reserve(MOST + 28);
    len = MOST + 28;
    memset(data, 1, 4096);
    CHECK_OK(cachekit_encrypt(encryptor, key, sizeof key, NULL, 0, data, MOST, out, &len));
    CHECK_NUMBER(MOST + 28, len);
    len = MOST;
    CHECK_OK(cachekit_decrypt(encryptor, key, sizeof key, NULL, 0, out, MOST + 28, out + 12, &len));
    CHECK_NUMBER(MOST, len);
    CHECK_FILLED(1, out + 12, 4096);
    CHECK_FILLED(0, out + 12 + MOST - 4096, 4096);
    release(out, MOST + 28);
    release(data, MOST);
    cachekit_byte_storage_free(storage);
    cachekit_encryptor_free(encryptor);
}

/* Data within the limit whose envelope is not. */
TEST(an_envelope_above_512_mib)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("takes too long here");
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t *data = reserve(MOST), *out = NULL;
    size_t len = 1;
    fill_random(data, MOST, 1);
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_byte_storage_store(storage, data, MOST, NULL, &out, &len));
    CHECK(out == NULL && len == 0);
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        cachekit_keyring_seal(keyring, NULL, BYTES("k"), data, MOST, &out, &len));
    CHECK(out == NULL && len == 0);
    CHECK_NUMBER(0, cachekit_keyring_get_counter(keyring));
    release(data, MOST);
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

/* About 100 bytes that claim to be 500 GB, 4 GiB or 512 MiB. */
static const struct {
    const char *name, *hex;
    CachekitError code;
} bombs[] = {
    {"500 GB", "94" HELLO_BLOCK HELLO_SUM "cf000000746a528800" HELLO_FORMAT,
        CACHEKIT_INPUT_TOO_LARGE},
    {"2^64 - 1 bytes", "94" HELLO_BLOCK HELLO_SUM "cfffffffffffffffff" HELLO_FORMAT,
        CACHEKIT_INPUT_TOO_LARGE},
    {"512 MiB", "94" HELLO_BLOCK HELLO_SUM "ce20000000" HELLO_FORMAT, CACHEKIT_DECOMPRESSION_BOMB},
    {"a block of 4 GiB", "94c6ffffffff" HELLO_SUM "10" HELLO_FORMAT, CACHEKIT_INVALID_INPUT},
    {"a block of 4 G integers", "94ddffffffff" HELLO_SUM "10" HELLO_FORMAT, CACHEKIT_INVALID_INPUT},
    {"a format of 4 GiB", "94" HELLO_BLOCK HELLO_SUM HELLO_SIZE "dbffffffff",
        CACHEKIT_INVALID_INPUT},
    {"4 G fields", "ddffffffff" HELLO_BLOCK HELLO_SUM, CACHEKIT_INVALID_INPUT},
    {"4 G named fields", "dfffffffff" HELLO_BLOCK HELLO_SUM, CACHEKIT_INVALID_INPUT},
};

TEST(bombs_allocate_nothing)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    uint8_t aad[100], *out, place[100];
    size_t aad_len = sizeof aad, before = 0, peak = 0;
    CHECK_OK(cachekit_aad(TENANT, BYTES("k"), "msgpack", true, NULL, aad, &aad_len));
    for (int round = 0; round < check_rounds(200); round++)
        for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
            uint8_t bomb[100], sealed[200];
            size_t n = from_hex(bombs[i].hex, bomb), sealed_len = sizeof sealed, len;
            CASE("%s", bombs[i].name);
            CHECK_CODE(bombs[i].code, cachekit_byte_storage_retrieve(storage, bomb, n, &out, &len));
            CHECK(out == NULL && len == 0);
            CHECK_CODE(bombs[i].code, cachekit_byte_storage_validate(storage, bomb, n));
            CHECK_CODE(bombs[i].code, cachekit_envelope_inspect(bomb, n, &info));
            len = sizeof place;
            CHECK_CODE(bombs[i].code, cachekit_decompress(bomb, n, place, &len));
            CHECK_OK(cachekit_keyring_encrypt(keyring, aad, aad_len, bomb, n, sealed, &sealed_len));
            CHECK_CODE(bombs[i].code, cachekit_keyring_open(keyring, NULL, BYTES("k"), sealed,
                                          sealed_len, &out, &len, NULL));
            CHECK(out == NULL && len == 0);
            if (round == 0 && i == sizeof bombs / sizeof bombs[0] - 1) {
                before = memory_status("VmHWM");
                peak = memory_status("VmPeak");
            }
        }
    CASE("memory");
    if (!CHECK_SANITIZED && !check_slow()) {
        CHECK(memory_status("VmHWM") <= before + 8 * MIB);
        CHECK(memory_status("VmPeak") <= peak + 128 * MIB); /* Go reserves 64 MiB at a time */
    }
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

/* Half a MiB that claims to be 512 MiB, which is not too much for its size and so is
 * decompressed. Where that fails early, most of the result's memory was never written
 * to, and wiping must not touch it. */
TEST_ALONE(junk_touches_no_memory)
{
    enum { JUNK = 540000, ROOM = JUNK + 100 };
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitKeyring *keyring = new_keyring();
    uint8_t *junk = malloc(ROOM), *sealed = malloc(ROOM + 28), *place = reserve(MOST), *out,
            aad[100];
    size_t aad_len = sizeof aad, len;
    CHECK(junk != NULL && sealed != NULL && place != NULL);
    CHECK_OK(cachekit_aad(TENANT, BYTES("k"), "msgpack", true, NULL, aad, &aad_len));
    static const struct {
        const char *name, *start;
        uint8_t rest;
        CachekitError code;
    } rows[] = {
        {"a match that goes nowhere", "1061000000", 0, CACHEKIT_DECOMPRESSION_FAILED},
        {"literals without end", "1061010000f0", 0xff, CACHEKIT_DECOMPRESSION_FAILED},
        {"a match without end", "1f610100", 0xff, CACHEKIT_DECOMPRESSION_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CASE("%s", rows[i].name);
        memset(junk, rows[i].rest, ROOM);
        size_t n = from_hex("94c600083d60", junk);
        from_hex(rows[i].start, junk + n);
        n += JUNK;
        n += from_hex(HELLO_SUM "ce20000000" HELLO_FORMAT, junk + n);
        size_t sealed_len = n + 28;
        CHECK_OK(cachekit_keyring_encrypt(keyring, aad, aad_len, junk, n, sealed, &sealed_len));
        size_t before = memory_status("VmRSS");
        for (int round = 0; round < 3; round++) {
            CHECK_CODE(rows[i].code, cachekit_byte_storage_retrieve(storage, junk, n, &out, &len));
            CHECK_CODE(rows[i].code, cachekit_byte_storage_validate(storage, junk, n));
            len = MOST;
            CHECK_CODE(rows[i].code, cachekit_decompress(junk, n, place, &len));
            CHECK_CODE(rows[i].code, cachekit_keyring_open(keyring, NULL, BYTES("k"), sealed,
                                         sealed_len, &out, &len, NULL));
        }
        if (!CHECK_SANITIZED)
            CHECK(memory_status("VmHWM") <= before + 16 * MIB);
    }
    release(place, MOST);
    free(junk);
    free(sealed);
    cachekit_byte_storage_free(storage);
    cachekit_keyring_free(keyring);
}

TEST(documents_that_claim_allocate_nothing)
{
    static const char *const claims[] = {"91dbffffffff61", "91c6ffffffff00", "91ddffffffff00",
        "91dfffffffff00", "93ddfffffffeddfffffffeddfffffffe", "91c9ffffffff01"};
    size_t before = memory_status("VmHWM");
    for (int round = 0; round < check_rounds(200); round++)
        for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
            uint8_t in[64], out[128];
            char text[195];
            size_t n = from_hex(claims[i], in), len = sizeof out;
            CASE("%s", claims[i]);
            CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(in, n));
            CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_value(in, n, out, &len));
            len = sizeof text;
            CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_key("n", "o", in, n, text, &len));
        }
    if (!CHECK_SANITIZED && !check_slow())
        CHECK(memory_status("VmHWM") <= before + 8 * MIB);
}
