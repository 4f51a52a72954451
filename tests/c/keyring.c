/* Keyrings: rotation, the order of keys, what a constructor refuses. */
#include "fixture.h"

static const uint8_t k1[32] = "the first master key, 32 bytes..",
                     k2[32] = "the second master key, 32 bytes.",
                     k3[32] = "the third master key, 32 bytes..",
                     k4[32] = "the fourth master key, 32 bytes.",
                     k5[32] = "the fifth master key, 32 bytes..";
static const uint8_t *const all[] = {k1, k2, k3, k4, k5};
static const size_t lens[] = {32, 32, 32, 32, 32};

/* A keyring of the n keys from `first` on, the first of them current. */
static CachekitKeyring *ring(size_t first, size_t n)
{
    CachekitKeyring *keyring = NULL;
    CHECK_OK(cachekit_keyring_new(all[first], 32, all + first + 1, lens, n - 1, TENANT, &keyring));
    return keyring;
}

TEST(rotation_as_a_story)
{
    uint8_t old_entry[44], new_entry[44], out[16], fingerprint[16];
    size_t len = 44, index;
    const uint8_t *earlier[] = {k1};

    /* An entry is written under k1. */
    CachekitKeyring *before = NULL;
    CHECK_OK(cachekit_keyring_new(k1, 32, NULL, NULL, 0, TENANT, &before));
    CHECK_OK(cachekit_keyring_encrypt(before, BYTES("aad"), HELLO, old_entry, &len));
    CHECK_OK(cachekit_keyring_fingerprint(before, 0, fingerprint));
    cachekit_keyring_free(before);

    /* k2 becomes current, k1 only decrypts. Both entries are readable. */
    CachekitKeyring *during = NULL;
    CHECK_OK(cachekit_keyring_new(k2, 32, earlier, lens, 1, TENANT, &during));
    CHECK_NUMBER(2, cachekit_keyring_key_count(during));
    CHECK_OK(cachekit_keyring_encrypt(during, BYTES("aad"), HELLO, new_entry, &len));
    CHECK_OK(cachekit_keyring_decrypt(during, BYTES("aad"), old_entry, 44, out, &len, &index));
    CHECK_BYTES(hello, out, 16);
    CHECK_NUMBER(1, index);
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt(during, BYTES("aad"), new_entry, 44, out, &len, &index));
    CHECK_BYTES(hello, out, 16);
    CHECK_NUMBER(0, index);

    /* Who stored the fingerprint finds the key by it. */
    uint8_t listed[16];
    CHECK_OK(cachekit_keyring_fingerprint(during, 1, listed));
    CHECK_BYTES(fingerprint, listed, 16);
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt_at(during, 1, BYTES("aad"), old_entry, 44, out, &len));
    CHECK_BYTES(hello, out, 16);
    len = 16;
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_decrypt_at(during, 0, BYTES("aad"), old_entry, 44, out, &len));
    CHECK_FILLED(0, out, 16);
    cachekit_keyring_free(during);

    /* k1 is dropped. The old entry is gone, the new one stays. */
    CachekitKeyring *after = NULL;
    CHECK_OK(cachekit_keyring_new(k2, 32, NULL, NULL, 0, TENANT, &after));
    len = 16;
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_decrypt(after, BYTES("aad"), old_entry, 44, out, &len, &index));
    CHECK_NUMBER(0, len);
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt(after, BYTES("aad"), new_entry, 44, out, &len, &index));
    CHECK_NUMBER(0, index);
    cachekit_keyring_free(after);
}

TEST(every_key_opens_its_own_and_says_its_index)
{
    CachekitKeyring *four = ring(0, 4);
    CHECK_NUMBER(4, cachekit_keyring_key_count(four));
    for (size_t k = 0; k < 5; k++) {
        CachekitKeyring *one = ring(k, 1);
        uint8_t in[44], out[44], want[16], got[16];
        size_t len = 44, index = 7;
        CASE("key %zu", k);
        CHECK_NUMBER(1, cachekit_keyring_key_count(one));
        CHECK_OK(cachekit_keyring_encrypt(one, NULL, 0, HELLO, in, &len));
        memset(out, POISON, sizeof out);
        len = 16;
        CachekitError err = k < 4 ? CACHEKIT_OK : CACHEKIT_DECRYPTION_FAILED;
        CHECK_CODE(err, cachekit_keyring_decrypt(four, NULL, 0, in, 44, out, &len, &index));
        CHECK_NUMBER(k < 4 ? k : 0, index);
        CHECK_NUMBER(k < 4 ? 16 : 0, len);
        if (k < 4) {
            CHECK_BYTES(hello, out, 16);
            CHECK_OK(cachekit_keyring_fingerprint(one, 0, want));
            CHECK_OK(cachekit_keyring_fingerprint(four, k, got));
            CHECK_BYTES(want, got, 16);
        } else {
            CHECK_FILLED(0, out, 16);
        }
        CHECK_FILLED(POISON, out + 16, 28);
        for (size_t at = 0; at < 4; at++) {
            len = 44;
            CHECK_CODE(at == k ? CACHEKIT_OK : CACHEKIT_DECRYPTION_FAILED,
                cachekit_keyring_decrypt_at(four, at, NULL, 0, in, 44, out, &len));
            CHECK_NUMBER(at == k ? 16 : 0, len);
            if (at != k)
                CHECK_FILLED(0, out, 16);
        }
        cachekit_keyring_free(one);
    }
    cachekit_keyring_free(four);
}

TEST(an_index_that_does_not_exist)
{
    static const size_t indices[] = {2, 3, 4, 5, 100, (size_t)1 << 32, SIZE_MAX - 1, SIZE_MAX};
    CachekitKeyring *two = ring(0, 2);
    uint8_t in[44], out[44];
    size_t len = 44;
    CHECK_OK(cachekit_keyring_encrypt(two, NULL, 0, HELLO, in, &len));
    for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
        CASE("index %zu", indices[i]);
        len = 44;
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_keyring_decrypt_at(two, indices[i], NULL, 0, in, 44, out, &len));
        CHECK_NUMBER(0, len);
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_fingerprint(two, indices[i], out));
    }
    cachekit_keyring_free(two);
}

TEST(what_a_constructor_refuses)
{
    static const uint8_t zeros[1025];
    static const struct {
        const char *name;
        size_t current, other, count, tenant;
        CachekitError code;
    } rows[] = {
        {"the shortest", 16, 16, 1, 1, CACHEKIT_OK},
        {"the longest", 1000, 1000, 3, 1024, CACHEKIT_OK},
        {"current key too short", 15, 16, 1, 1, CACHEKIT_INVALID_KEY_LENGTH},
        {"no current key", 0, 16, 1, 1, CACHEKIT_INVALID_KEY_LENGTH},
        {"decrypt-only key too short", 16, 15, 1, 1, CACHEKIT_INVALID_KEY_LENGTH},
        {"last decrypt-only key empty", 16, 0, 3, 1, CACHEKIT_INVALID_KEY_LENGTH},
        {"4 decrypt-only keys", 16, 16, 4, 1, CACHEKIT_INVALID_INPUT},
        {"a senseless count", 16, 16, SIZE_MAX, 1, CACHEKIT_INVALID_INPUT},
        {"no tenant", 16, 16, 1, 0, CACHEKIT_INVALID_INPUT},
        {"tenant too long", 16, 16, 1, 1025, CACHEKIT_SALT_TOO_LONG},
        {"tenant senseless", 16, 16, 1, SIZE_MAX, CACHEKIT_SALT_TOO_LONG},
    };
    uint8_t bytes[4][1000];
    const uint8_t *others[] = {bytes[0], bytes[1], bytes[2], bytes[3]};
    for (size_t i = 0; i < 4; i++)
        memset(bytes[i], (int)i + 1, sizeof bytes[i]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CachekitKeyring *keyring = (CachekitKeyring *)bytes;
        size_t other_lens[] = {16, 16, 16, 16};
        CASE("%s", rows[i].name);
        if (rows[i].count <= 4)
            other_lens[rows[i].count - 1] = rows[i].other;
        CHECK_CODE(rows[i].code, cachekit_keyring_new(zeros, rows[i].current, others, other_lens,
                                     rows[i].count, zeros, rows[i].tenant, &keyring));
        CHECK((keyring != NULL) == (rows[i].code == CACHEKIT_OK));
        cachekit_keyring_free(keyring);
    }

    CachekitKeyring *keyring = (CachekitKeyring *)bytes;
    const uint8_t *twice[] = {k2, k1}, *same[] = {k2, k2};
    CASE("the current key among the others");
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, cachekit_keyring_new(k1, 32, twice, lens, 2, TENANT, &keyring));
    CHECK(keyring == NULL);
    CASE("another key twice is nobody's business");
    CHECK_OK(cachekit_keyring_new(k1, 32, same, lens, 2, TENANT, &keyring));
    cachekit_keyring_free(keyring);
}

#define HEX_16(digits) digits digits digits digits digits digits digits digits
#define HEX(digits) HEX_16(digits) HEX_16(digits) HEX_16(digits) HEX_16(digits)
#define ONE HEX("1a")
#define TWO HEX("2B")
#define THREE HEX("3c")

static void set(const char *variable, const char *value)
{
    if (value == NULL)
        unsetenv(variable);
    else
        setenv(variable, value, 1);
}

TEST(keys_of_the_environment)
{
    static const struct {
        const char *name, *current, *previous;
        size_t keys; /* of the keyring */
        CachekitError code;
    } rows[] = {
        {"one key", ONE, NULL, 1, CACHEKIT_OK},
        {"an empty list", ONE, "", 1, CACHEKIT_OK},
        {"upper case and a longer key", TWO, ONE ONE, 2, CACHEKIT_OK},
        {"a list", ONE, TWO "," THREE, 3, CACHEKIT_OK},
        {"white space and empty items", ONE, "\t" TWO ",, " THREE ",\n", 3, CACHEKIT_OK},
        {"the longest list", ONE, TWO "," THREE "," TWO, 4, CACHEKIT_OK},
        {"a list too long", ONE, TWO "," TWO "," TWO "," TWO, 0, CACHEKIT_INVALID_INPUT},
        {"not set", NULL, NULL, 0, CACHEKIT_INVALID_INPUT},
        {"empty", "", TWO, 0, CACHEKIT_INVALID_INPUT},
        {"white space behind the key", ONE "\n", NULL, 0, CACHEKIT_INVALID_INPUT},
        {"0x", "0x" ONE, NULL, 0, CACHEKIT_INVALID_INPUT},
        {"no digits", ONE, "x" TWO, 0, CACHEKIT_INVALID_INPUT},
        {"too short", HEX_16("1a"), NULL, 0, CACHEKIT_INVALID_KEY_LENGTH},
        {"a previous one too short", ONE, HEX_16("2b"), 0, CACHEKIT_INVALID_KEY_LENGTH},
        {"the current one twice", ONE, TWO "," HEX("1A"), 0, CACHEKIT_INVALID_INPUT},
    };
    uint8_t tenant_1025[1025] = {1};
    CachekitKeyring *keyring = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CASE("%s", rows[i].name);
        set("CACHEKIT_MASTER_KEY", rows[i].current);
        set("CACHEKIT_PREVIOUS_MASTER_KEYS", rows[i].previous);
        keyring = (CachekitKeyring *)tenant_1025;
        CHECK_CODE(rows[i].code, cachekit_keyring_from_env(TENANT, &keyring));
        CHECK((keyring != NULL) == (rows[i].code == CACHEKIT_OK));
        CHECK_NUMBER(rows[i].keys, cachekit_keyring_key_count(keyring));
        cachekit_keyring_free(keyring);
    }
    CASE("the tenant");
    setenv("CACHEKIT_MASTER_KEY", ONE, 1);
    unsetenv("CACHEKIT_PREVIOUS_MASTER_KEYS");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_keyring_from_env(NULL, 0, &keyring));
    CHECK_CODE(CACHEKIT_SALT_TOO_LONG,
        cachekit_keyring_from_env(tenant_1025, sizeof tenant_1025, &keyring));
    CHECK(keyring == NULL);
}

/* The variables are those of the moment of the call, and their keys are those that
 * cachekit_keyring_new would get. */
TEST(the_environment_is_read_at_the_call)
{
    uint8_t bytes[3][32], want[16], got[16];
    const uint8_t *others[] = {bytes[1], bytes[2]};
    CachekitKeyring *by_hand = NULL, *before = NULL, *after = NULL;
    memset(bytes[0], 0x1a, 32), memset(bytes[1], 0x2b, 32), memset(bytes[2], 0x3c, 32);
    setenv("CACHEKIT_MASTER_KEY", THREE, 1);
    CHECK_OK(cachekit_keyring_from_env(TENANT, &before));
    setenv("CACHEKIT_MASTER_KEY", ONE, 1);
    setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", TWO "," THREE, 1);
    CHECK_OK(cachekit_keyring_from_env(TENANT, &after));
    CHECK_OK(cachekit_keyring_new(bytes[0], 32, others, lens, 2, TENANT, &by_hand));
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(cachekit_keyring_fingerprint(by_hand, i, want));
        CHECK_OK(cachekit_keyring_fingerprint(after, i, got));
        CHECK_BYTES(want, got, 16);
    }
    CHECK_OK(cachekit_keyring_fingerprint(before, 0, got));
    CHECK_BYTES(want, got, 16);
    cachekit_keyring_free(by_hand);
    cachekit_keyring_free(before);
    cachekit_keyring_free(after);
    unsetenv("CACHEKIT_PREVIOUS_MASTER_KEYS");
}

TEST(the_masters_are_not_kept)
{
    uint8_t current[32], other[32], in[44], out[16];
    const uint8_t *others[] = {other};
    size_t len = 44, index = 0;
    CachekitKeyring *keyring = NULL, *old = ring(1, 1);
    memcpy(current, k1, 32);
    memcpy(other, k2, 32);
    CHECK_OK(cachekit_keyring_new(current, 32, others, lens, 1, TENANT, &keyring));
    cachekit_wipe(current, 32);
    cachekit_wipe(other, 32);
    CHECK_OK(cachekit_keyring_encrypt(old, NULL, 0, HELLO, in, &len));
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt(keyring, NULL, 0, in, 44, out, &len, &index));
    CHECK_NUMBER(1, index);
    cachekit_keyring_free(keyring);
    cachekit_keyring_free(old);
}

TEST(the_key_is_that_of_the_tenant)
{
    /* The keyring's keys are those of derive_tenant_keys, and an encryptor
     * with them reads what the keyring writes, and the other way about. */
    CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;
    CachekitKeyring *keyring = ring(0, 1), *stranger = NULL;
    CachekitEncryptor *encryptor = new_encryptor();
    uint8_t in[44], out[16], want[16], got[16];
    size_t len = 44;
    CHECK_OK(cachekit_derive_tenant_keys(k1, 32, TENANT, &keys));
    CHECK_OK(cachekit_key_fingerprint(keys.encryption, 32, want));
    CHECK_OK(cachekit_keyring_fingerprint(keyring, 0, got));
    CHECK_BYTES(want, got, 16);

    CHECK_OK(cachekit_keyring_encrypt(keyring, BYTES("aad"), HELLO, in, &len));
    len = 16;
    CHECK_OK(cachekit_decrypt(encryptor, keys.encryption, 32, BYTES("aad"), in, 44, out, &len));
    CHECK_BYTES(hello, out, 16);
    len = 44;
    CHECK_OK(cachekit_encrypt(encryptor, keys.encryption, 32, BYTES("aad"), HELLO, in, &len));
    len = 16;
    CHECK_OK(cachekit_keyring_decrypt(keyring, BYTES("aad"), in, 44, out, &len, NULL));
    CHECK_BYTES(hello, out, 16);

    CHECK_OK(cachekit_keyring_new(k1, 32, NULL, NULL, 0, BYTES("another"), &stranger));
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_decrypt(stranger, BYTES("aad"), in, 44, out, &len, NULL));
    cachekit_keyring_free(stranger);
    cachekit_keyring_free(keyring);
    cachekit_encryptor_free(encryptor);
}

TEST(too_small_a_buffer_consumes_no_nonce)
{
    CachekitKeyring *keyring = ring(0, 3);
    uint8_t in[44], out[64];
    size_t len, index;
    for (size_t capacity = 0; capacity < 44; capacity++) {
        CASE("encrypt into %zu bytes", capacity);
        memset(out, POISON, sizeof out);
        len = capacity;
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL,
            cachekit_keyring_encrypt(keyring, NULL, 0, HELLO, out, &len));
        CHECK_NUMBER(44, len);
        CHECK_FILLED(POISON, out, sizeof out);
    }
    CHECK_NUMBER(0, cachekit_keyring_get_counter(keyring));
    CHECK_OK(cachekit_keyring_encrypt(keyring, NULL, 0, HELLO, in, &len));
    CHECK_FILLED(0, in + 8, 4);
    CHECK_NUMBER(1, cachekit_keyring_get_counter(keyring));
    for (size_t capacity = 0; capacity < 16; capacity++) {
        CASE("decrypt into %zu bytes", capacity);
        memset(out, POISON, sizeof out);
        len = capacity, index = 7;
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL,
            cachekit_keyring_decrypt(keyring, NULL, 0, in, 44, out, &len, &index));
        CHECK_NUMBER(16, len);
        CHECK_NUMBER(0, index);
        len = capacity;
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL,
            cachekit_keyring_decrypt_at(keyring, 0, NULL, 0, in, 44, out, &len));
        CHECK_NUMBER(16, len);
        CHECK_FILLED(POISON, out, sizeof out);
    }
    for (size_t n = 0; n < 28; n++) {
        CASE("ciphertext of %zu bytes", n);
        len = sizeof out;
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_keyring_decrypt(keyring, NULL, 0, in, n, out, &len, NULL));
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_keyring_decrypt_at(keyring, 0, NULL, 0, in, n, out, &len));
    }
    cachekit_keyring_free(keyring);
}

TEST(in_place)
{
    static const size_t sizes[] = {0, 1, 16, 100, 4096, 70000};
    CachekitKeyring *keyring = ring(0, 2);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i], len = n + 28;
        uint8_t *data = malloc(n + 1), *buffer = malloc(n + 28);
        CASE("%zu bytes", n);
        fill_records(data, n);
        memcpy(buffer + 12, data, n);
        CHECK_OK(cachekit_keyring_encrypt(keyring, TENANT, buffer + 12, n, buffer, &len));
        len = n;
        CHECK_OK(
            cachekit_keyring_decrypt_at(keyring, 0, TENANT, buffer, n + 28, buffer + 12, &len));
        CHECK_BYTES(data, buffer + 12, n);

        memcpy(buffer + 12, data, n);
        len = n + 28;
        CHECK_OK(cachekit_keyring_encrypt(keyring, TENANT, buffer + 12, n, buffer, &len));
        len = n;
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
            cachekit_keyring_decrypt_at(keyring, 1, TENANT, buffer, n + 28, buffer + 12, &len));
        CHECK_FILLED(0, buffer + 12, n);
        free(data);
        free(buffer);
    }
    cachekit_keyring_free(keyring);
}

TEST(known_answer_of_the_protocol)
{
    uint8_t want[64], aad[64], in[64], out[8];
    size_t want_len =
        from_hex("030000000e63726f73732d73646b2d746573740000000d746573743a766563746f723a31"
                 "000000076d73677061636b0000000546616c7365",
            want);
    size_t in_len =
        from_hex("f8f69c70000000000000000087d9ec09f2c2347a4b37d5330ccf50e3c31e69642801bef5", in);
    size_t aad_len = sizeof aad, len = sizeof out;
    CachekitKeyring *keyring = new_keyring();
    CHECK_OK(cachekit_aad(TENANT, BYTES("test:vector:1"), "msgpack", false, NULL, aad, &aad_len));
    CHECK_NUMBER(want_len, aad_len);
    CHECK_BYTES(want, aad, aad_len);
    CHECK_OK(cachekit_keyring_decrypt(keyring, aad, aad_len, in, in_len, out, &len, NULL));
    CHECK_NUMBER(8, len);
    CHECK_BYTES("\1\2\3\4\5\6\7\10", out, 8);
    cachekit_keyring_free(keyring);
}
