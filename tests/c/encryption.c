/* Encryptors, keys derived from a master key, fingerprints. */
#include "fixture.h"

#define KEY key, sizeof key

static const size_t sizes[] = {
    0, 1, 15, 16, 17, 31, 32, 63, 64, 127, 128, 129, 255, 256, 1000, 4096, 65536, (1 << 20) + 13};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

TEST(encrypt_and_decrypt_give_the_plaintext_back)
{
    CachekitEncryptor *encryptor = new_encryptor(), *other = new_encryptor();
    for (int i = 0; i < SIZES; i++)
        for (size_t aad_len = 0; aad_len < 300; aad_len += 37) {
            size_t n = sizes[i], len = n + 28, back_len = n;
            uint8_t *data = malloc(n + 1), *out = malloc(n + 28 + 64), *back = malloc(n + 64),
                    aad[300];
            CASE("%zu bytes under an AAD of %zu", n, aad_len);
            fill_random(data, n, n);
            fill_random(aad, aad_len, 7);
            memset(out, POISON, n + 28 + 64);
            memset(back, POISON, n + 64);
            CHECK_OK(cachekit_encrypt(encryptor, KEY, aad, aad_len, data, n, out, &len));
            CHECK_NUMBER(n + 28, len);
            CHECK_OK(cachekit_decrypt(other, KEY, aad, aad_len, out, len, back, &back_len));
            CHECK_NUMBER(n, back_len);
            CHECK_BYTES(data, back, n);
            CHECK_FILLED(POISON, out + n + 28, 64);
            CHECK_FILLED(POISON, back + n, 64);
            free(data);
            free(out);
            free(back);
        }
    cachekit_encryptor_free(encryptor);
    cachekit_encryptor_free(other);
}

/* NIST's GCM test cases (McGrew and Viega, The Galois/Counter Mode of
 * Operation, appendix B), test cases 13 to 16, are AES-256. */
TEST(known_answers_of_aes_256_gcm)
{
    static const struct {
        const char *name, *key, *aad, *ciphertext, *plaintext;
    } rows[] = {
        {"test case 13", "0000000000000000000000000000000000000000000000000000000000000000", "",
            "000000000000000000000000530f8afbc74536b9a963b4f1c4cb738b", ""},
        {"test case 14", "0000000000000000000000000000000000000000000000000000000000000000", "",
            "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab9"
            "19",
            "00000000000000000000000000000000"},
        {"test case 16", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "cafebabefacedbaddecaf888"
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"},
    };
    CachekitEncryptor *encryptor = new_encryptor();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t k[32], aad[32], in[128], want[128], got[128];
        size_t want_len = from_hex(rows[i].plaintext, want), got_len = sizeof got;
        size_t aad_len = from_hex(rows[i].aad, aad), in_len = from_hex(rows[i].ciphertext, in);
        CASE("%s", rows[i].name);
        CHECK_NUMBER(32, from_hex(rows[i].key, k));
        CHECK_OK(cachekit_decrypt(encryptor, k, 32, aad, aad_len, in, in_len, got, &got_len));
        CHECK_NUMBER(want_len, got_len);
        CHECK_BYTES(want, got, want_len);
    }
    cachekit_encryptor_free(encryptor);
}

TEST(in_place)
{
    CachekitEncryptor *encryptor = new_encryptor();
    for (int i = 0; i < SIZES; i++) {
        size_t n = sizes[i], len = n + 28, back_len = n;
        uint8_t *data = malloc(n + 1), *buffer = malloc(n + 28);
        CASE("%zu bytes", n);
        fill_random(data, n, n);
        memcpy(buffer + CACHEKIT_NONCE_SIZE, data, n);
        CHECK_OK(cachekit_encrypt(
            encryptor, KEY, TENANT, buffer + CACHEKIT_NONCE_SIZE, n, buffer, &len));
        CHECK_NUMBER(n + 28, len);
        CHECK(n < 16 || memcmp(buffer + CACHEKIT_NONCE_SIZE, data, n) != 0);
        CHECK_OK(cachekit_decrypt(
            encryptor, KEY, TENANT, buffer, len, buffer + CACHEKIT_NONCE_SIZE, &back_len));
        CHECK_NUMBER(n, back_len);
        CHECK_BYTES(data, buffer + CACHEKIT_NONCE_SIZE, n);
        free(data);
        free(buffer);
    }
    cachekit_encryptor_free(encryptor);
}

TEST(nonces_count_up_behind_the_instance_id)
{
    CachekitEncryptor *a = new_encryptor(), *b = new_encryptor();
    uint8_t first[28], out[28], of_b[28];
    size_t len = 28;
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(a));
    CHECK_OK(cachekit_encrypt(a, KEY, NULL, 0, NULL, 0, first, &len));
    CHECK_FILLED(0, first + 8, 4);
    for (unsigned i = 1; i < 600; i++) {
        CHECK_NUMBER(i, cachekit_encryptor_get_counter(a));
        CHECK_OK(cachekit_encrypt(a, KEY, NULL, 0, NULL, 0, out, &len));
        CHECK_BYTES(first, out, 8);
        CHECK_NUMBER(
            i, (unsigned)out[8] << 24 | (unsigned)out[9] << 16 | (unsigned)out[10] << 8 | out[11]);
    }
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(b));
    CHECK_OK(cachekit_encrypt(b, KEY, NULL, 0, NULL, 0, of_b, &len));
    CHECK(memcmp(first, of_b, 8) != 0);
    CHECK_NUMBER(1, cachekit_encryptor_get_counter(b));
    CHECK_OK(cachekit_decrypt(b, KEY, NULL, 0, out, 28, of_b, &len));
    CHECK_NUMBER(1, cachekit_encryptor_get_counter(b));
    cachekit_encryptor_free(a);
    cachekit_encryptor_free(b);
}

TEST(a_refused_encryption_consumes_no_nonce)
{
    CachekitEncryptor *encryptor = new_encryptor();
    uint8_t out[128];
    for (size_t capacity = 0; capacity < 44; capacity++) {
        size_t len = capacity;
        CASE("capacity %zu", capacity);
        memset(out, POISON, sizeof out);
        CHECK_CODE(
            CACHEKIT_BUFFER_TOO_SMALL, cachekit_encrypt(encryptor, KEY, NULL, 0, HELLO, out, &len));
        CHECK_NUMBER(44, len);
        CHECK_FILLED(POISON, out, sizeof out);
    }
    static const size_t lens[] = {0, 1, 16, 24, 31, 33, 64, SIZE_MAX};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        size_t len = sizeof out;
        CASE("key of %zu bytes", lens[i]);
        CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
            cachekit_encrypt(encryptor, key, lens[i], NULL, 0, HELLO, out, &len));
        CHECK_NUMBER(0, len);
        CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
            cachekit_decrypt(encryptor, key, lens[i], NULL, 0, out, 44, out + 64, &len));
    }
    size_t len = sizeof out;
    CHECK_CODE(
        CACHEKIT_NULL_POINTER, cachekit_encrypt(encryptor, KEY, NULL, 0, NULL, 1, out, &len));
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(encryptor));
    len = 44;
    CHECK_OK(cachekit_encrypt(encryptor, KEY, NULL, 0, HELLO, out, &len));
    CHECK_FILLED(0, out + 8, 4); /* the first nonce of all */
    CHECK_NUMBER(1, cachekit_encryptor_get_counter(encryptor));
    cachekit_encryptor_free(encryptor);
}

TEST(decrypt_says_the_size_it_needs)
{
    CachekitEncryptor *encryptor = new_encryptor();
    uint8_t ciphertext[44], out[64];
    size_t len = sizeof ciphertext;
    CHECK_OK(cachekit_encrypt(encryptor, KEY, NULL, 0, HELLO, ciphertext, &len));
    for (size_t capacity = 0; capacity < 20; capacity++) {
        size_t out_len = capacity;
        CASE("capacity %zu", capacity);
        memset(out, POISON, sizeof out);
        CHECK_CODE(capacity < 16 ? CACHEKIT_BUFFER_TOO_SMALL : CACHEKIT_OK,
            cachekit_decrypt(encryptor, KEY, NULL, 0, ciphertext, len, out, &out_len));
        CHECK_NUMBER(16, out_len);
        CHECK_FILLED(POISON, out + (capacity < 16 ? 0 : 16), 64 - 16);
    }
    for (size_t n = 0; n < 28; n++) {
        size_t out_len = sizeof out;
        CASE("ciphertext of %zu bytes", n);
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_decrypt(encryptor, KEY, NULL, 0, ciphertext, n, out, &out_len));
        CHECK_NUMBER(0, out_len);
    }
    cachekit_encryptor_free(encryptor);
}

/* Whatever is wrong, the answer is the same, and no plaintext is left. */
TEST(a_failed_decrypt_leaves_zeros)
{
    static const size_t ns[] = {1, 16, 17, 100, 256, 300, 5000, 70000};
    CachekitEncryptor *encryptor = new_encryptor();
    for (size_t i = 0; i < sizeof ns / sizeof ns[0]; i++) {
        size_t n = ns[i], len = n + 28, out_len;
        uint8_t *data = malloc(n), *in = malloc(n + 28), *out = malloc(n + 128), other[32];
        fill_records(data, n);
        CHECK_OK(cachekit_encrypt(encryptor, KEY, TENANT, data, n, in, &len));
        memcpy(other, key, sizeof other);
        other[31] ^= 1;
        size_t step = n < 400 ? 1 : n / 50;
        for (size_t at = 0; at < len + 3; at += step) {
            memset(out, POISON, n + 128);
            out_len = n + 64;
            if (at < len) {
                CASE("%zu bytes, byte %zu changed", n, at);
                in[at] ^= 0x80;
                CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
                    cachekit_decrypt(encryptor, KEY, TENANT, in, len, out, &out_len));
                in[at] ^= 0x80;
            } else if (at == len) {
                CASE("%zu bytes, another key", n);
                CHECK_CODE(
                    CACHEKIT_DECRYPTION_FAILED, cachekit_decrypt(encryptor, other, sizeof other,
                                                    TENANT, in, len, out, &out_len));
            } else if (at == len + 1) {
                CASE("%zu bytes, another AAD", n);
                CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
                    cachekit_decrypt(
                        encryptor, KEY, (const uint8_t *)tenant, 1, in, len, out, &out_len));
            } else {
                CASE("%zu bytes, a byte cut off", n);
                CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
                    cachekit_decrypt(encryptor, KEY, TENANT, in, len - 1, out, &out_len));
                CHECK_FILLED(0, out, n - 1);
                continue;
            }
            CHECK_NUMBER(0, out_len);
            CHECK_FILLED(0, out, n);
            CHECK_FILLED(POISON, out + n + 64, 64); /* behind the buffer */
        }
        CASE("%zu bytes, in place", n);
        in[len - 1] ^= 1;
        out_len = n;
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
            cachekit_decrypt(encryptor, KEY, TENANT, in, len, in + 12, &out_len));
        CHECK_FILLED(0, in + 12, n);
        free(data);
        free(in);
        free(out);
    }
    cachekit_encryptor_free(encryptor);
}

TEST(many_keys_on_one_encryptor)
{
    /* An encryptor may remember expanded keys; it must not mix them up. */
    CachekitEncryptor *encryptor = new_encryptor();
    static uint8_t out[300][44], keys[300][32], back[16];
    int rounds = check_slow() ? 30 : 300;
    for (int i = 0; i < rounds; i++) {
        size_t len = 44;
        fill_random(keys[i], 32, (uint64_t)i);
        CHECK_OK(cachekit_encrypt(encryptor, keys[i], 32, NULL, 0, HELLO, out[i], &len));
    }
    for (int step = 1; step < 8; step += 2)
        for (int j = 0; j < rounds; j++) {
            int i = j * step % rounds;
            size_t len = 16;
            CASE("key %d", i);
            CHECK_OK(cachekit_decrypt(encryptor, keys[i], 32, NULL, 0, out[i], 44, back, &len));
            CHECK_BYTES(hello, back, 16);
            CHECK_CODE(
                CACHEKIT_DECRYPTION_FAILED, cachekit_decrypt(encryptor, keys[(i + 1) % rounds], 32,
                                                NULL, 0, out[i], 44, back, &len));
            len = 16;
        }
    cachekit_encryptor_free(encryptor);
}

/* Overlapping buffers with which a caller would lose the result are an error.
 * CACHEKIT_INTERNAL for them is not among the codes that these functions promise,
 * so these checks are not those that write down the codes met. */
TEST(buffers_that_overlap)
{
    CachekitEncryptor *encryptor = new_encryptor();
    CachekitKeyring *keyring = new_keyring();
    uint8_t buffer[128] = {0}, kept[44], back[16], *at = buffer + 12;
    size_t len;
    for (int by = -12; by <= 15; by++) {
        if (by == 0)
            continue; /* in place */
        CASE("plaintext %d bytes off its place", by);
        len = sizeof buffer;
        CHECK_NUMBER(CACHEKIT_INTERNAL,
            cachekit_encrypt(encryptor, key, 32, NULL, 0, at + by, 16, buffer, &len));
        CHECK_NUMBER(0, len);
        len = sizeof buffer;
        CHECK_NUMBER(CACHEKIT_INTERNAL,
            cachekit_keyring_encrypt(keyring, NULL, 0, at + by, 16, buffer, &len));
        CHECK_NUMBER(0, len);
    }
    CASE("AAD where the nonce goes");
    len = sizeof buffer;
    CHECK_NUMBER(CACHEKIT_INTERNAL,
        cachekit_encrypt(encryptor, key, 32, buffer + 11, 5, HELLO, buffer, &len));
    CASE("key where the nonce goes"); /* may succeed: nothing is lost if it is read first */
    memcpy(buffer + 11, key, 32);
    len = sizeof buffer;
    if (cachekit_encrypt(encryptor, buffer + 11, 32, NULL, 0, HELLO, buffer, &len) == CACHEKIT_OK) {
        size_t back_len = sizeof back;
        CHECK_OK(cachekit_decrypt(encryptor, key, 32, NULL, 0, buffer, len, back, &back_len));
    }

    CASE("a keyring that decrypts in place");
    len = sizeof buffer;
    CHECK_OK(cachekit_keyring_encrypt(keyring, NULL, 0, HELLO, buffer, &len));
    memcpy(kept, buffer, sizeof kept);
    len = 16;
    CHECK_NUMBER(CACHEKIT_INTERNAL,
        cachekit_keyring_decrypt(keyring, NULL, 0, buffer, sizeof kept, at, &len, NULL));
    CHECK_NUMBER(0, len);
    CHECK_BYTES(kept, buffer, sizeof kept);
    cachekit_encryptor_free(encryptor);
    cachekit_keyring_free(keyring);
}

/* The first key that fails would clear what the second one needs. */
TEST(a_plaintext_over_its_aad)
{
    CachekitKeyring *before = new_keyring(), *after = NULL;
    const uint8_t *old[] = {master};
    const size_t old_len[] = {sizeof master};
    uint8_t sealed[44], room[64], aad[16];
    size_t len = sizeof sealed, index = 0;
    fill_random(aad, sizeof aad, 1);
    CHECK_OK(cachekit_keyring_encrypt(before, aad, sizeof aad, HELLO, sealed, &len));
    CHECK_OK(cachekit_keyring_new(key, sizeof key, old, old_len, 1, TENANT, &after));
    for (size_t at = 0; at <= 40; at++) { /* of the plaintext; the AAD is at 20 */
        CASE("the plaintext at %zu, the AAD at 20", at);
        memset(room, POISON, sizeof room);
        memcpy(room + 20, aad, sizeof aad);
        len = 16;
        bool over = at > 4 && at < 36;
        CHECK_NUMBER(over ? CACHEKIT_INTERNAL : CACHEKIT_OK,
            cachekit_keyring_decrypt(
                after, room + 20, sizeof aad, sealed, sizeof sealed, room + at, &len, &index));
        CHECK_NUMBER(over ? 0 : 16, len);
        CHECK_NUMBER(over ? 0 : 1, index);
        if (over)
            CHECK_BYTES(aad, room + 20, sizeof aad);
    }
    cachekit_keyring_free(before);
    cachekit_keyring_free(after);
}

/* A master key may lie where its keys go. */
TEST(tenant_keys_in_place)
{
    CachekitTenantKeys want = CACHEKIT_TENANT_KEYS_INIT, keys;
    CHECK_OK(cachekit_derive_tenant_keys(master, sizeof master, TENANT, &want));
    for (size_t at = sizeof(size_t); at + sizeof master <= sizeof keys; at++) {
        CASE("master key at %zu", at);
        keys.struct_size = sizeof keys;
        memcpy((uint8_t *)&keys + at, master, sizeof master);
        CHECK_OK(cachekit_derive_tenant_keys((uint8_t *)&keys + at, sizeof master, TENANT, &keys));
        CHECK_BYTES(&want, &keys, sizeof keys);
    }
    CASE("not a master key");
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
        cachekit_derive_tenant_keys(keys.encryption, 15, TENANT, &keys));
    CHECK_FILLED(0, keys.encryption, 3 * CACHEKIT_KEY_SIZE);
}

TEST(the_error_of_a_constructor_is_set)
{
    CachekitError err = CACHEKIT_INTERNAL;
    CachekitEncryptor *encryptor = cachekit_encryptor_new(&err);
    CHECK_NUMBER(CACHEKIT_OK, err);
    CHECK(encryptor != NULL);
    cachekit_encryptor_free(encryptor);
    encryptor = cachekit_encryptor_new(NULL);
    CHECK(encryptor != NULL);
    cachekit_encryptor_free(encryptor);
}

TEST(derivation_known_answers)
{
    CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;
    uint8_t out[32], fingerprint[16], want[16];
    from_hex("96179a9bc881aa7ca83f04b78a66afd3", want);
    CHECK_OK(cachekit_derive_tenant_keys(master, sizeof master, TENANT, &keys));
    CHECK_OK(cachekit_key_fingerprint(keys.encryption, 32, fingerprint));
    CHECK_BYTES(want, fingerprint, 16);

    CHECK_OK(cachekit_derive_key(master, sizeof master, TENANT, BYTES("encryption"), out));
    CHECK_BYTES(keys.encryption, out, 32);
    CHECK_OK(cachekit_derive_key(master, sizeof master, TENANT, BYTES("authentication"), out));
    CHECK_BYTES(keys.authentication, out, 32);
    CHECK_OK(cachekit_derive_key(master, sizeof master, TENANT, BYTES("cache_keys"), out));
    CHECK_BYTES(keys.cache_keys, out, 32);
    CHECK(memcmp(keys.encryption, keys.authentication, 32) != 0);
    CHECK(memcmp(keys.encryption, keys.cache_keys, 32) != 0);
    CHECK(memcmp(keys.authentication, keys.cache_keys, 32) != 0);

    CHECK_OK(cachekit_derive_tenant_keys(master, sizeof master, BYTES("another"), &keys));
    CHECK(memcmp(keys.cache_keys, out, 32) != 0);
}

/* A key derived from the zeros that out_key is cleared to would be everyone's. */
TEST(derivation_in_place)
{
    uint8_t want[32], both[40];
    CHECK_OK(cachekit_derive_key(master, sizeof master, TENANT, BYTES("domain"), want));
    memcpy(both, master, sizeof master);
    CHECK_OK(cachekit_derive_key(both, 32, TENANT, BYTES("domain"), both));
    CHECK_BYTES(want, both, 32);

    memcpy(both + 8, master, sizeof master);
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_derive_key(both + 8, 32, TENANT, NULL, 0, both));
    CHECK_FILLED(0, both, 32);
}

TEST(fingerprints)
{
    /* SHA-256("key_fingerprint_v1"), the first half, and of 32 bytes of 61. */
    uint8_t a[16], b[16];
    CHECK_OK(cachekit_key_fingerprint(NULL, 0, a));
    from_hex("a02802b037dc79af0654520ff40947aa", b);
    CHECK_BYTES(b, a, 16);
    CHECK_OK(cachekit_key_fingerprint(master, 32, a));
    from_hex("1e7ef323dbe65078bce75b6a472afb25", b);
    CHECK_BYTES(b, a, 16);
}

TEST(derivation_checks_every_length)
{
    static const struct {
        const char *name;
        size_t master, salt, domain;
        CachekitError code;
    } rows[] = {
        {"the shortest", 16, 1, 1, CACHEKIT_OK},
        {"the longest", 2000, 1024, 255, CACHEKIT_OK},
        {"no master key", 0, 1, 1, CACHEKIT_INVALID_KEY_LENGTH},
        {"master key too short", 15, 1, 1, CACHEKIT_INVALID_KEY_LENGTH},
        {"no salt", 32, 0, 1, CACHEKIT_INVALID_INPUT},
        {"salt too long", 32, 1025, 1, CACHEKIT_SALT_TOO_LONG},
        {"salt senseless", 32, SIZE_MAX, 1, CACHEKIT_SALT_TOO_LONG},
        {"no domain", 32, 1, 0, CACHEKIT_INVALID_INPUT},
        {"domain too long", 32, 1, 256, CACHEKIT_DOMAIN_TOO_LONG},
        {"domain senseless", 32, 1, SIZE_MAX, CACHEKIT_DOMAIN_TOO_LONG},
    };
    static const uint8_t zeros[2000];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[40];
        CASE("%s", rows[i].name);
        memset(out, POISON, sizeof out);
        CHECK_CODE(rows[i].code, cachekit_derive_key(zeros, rows[i].master, zeros, rows[i].salt,
                                     zeros, rows[i].domain, out));
        CHECK_FILLED(POISON, out + 32, 8);
        if (rows[i].code != CACHEKIT_OK)
            CHECK_FILLED(0, out, 32);
        if (rows[i].domain != 1)
            continue;
        CachekitTenantKeys keys;
        memset(&keys, POISON, sizeof keys);
        keys.struct_size = sizeof keys;
        CHECK_CODE(rows[i].code,
            cachekit_derive_tenant_keys(zeros, rows[i].master, zeros, rows[i].salt, &keys));
        if (rows[i].code != CACHEKIT_OK)
            CHECK_FILLED(0, keys.encryption, 96);
    }
    CASE("a byte that no UTF-8 has");
    uint8_t out[32];
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_derive_key(master, sizeof master, TENANT, BYTES("\xff"), out));
    CHECK_OK(cachekit_derive_key(master, sizeof master, BYTES("\xff"), BYTES("domain"), out));
}

TEST(master_keys_in_hexadecimal_digits)
{
    static const struct {
        const char *hex;
        size_t bytes;
        CachekitError code;
    } rows[] = {
        {MASTER_HEX, 32, CACHEKIT_OK},
        {MASTER_HEX "61", 33, CACHEKIT_OK},
        {MASTER_HEX MASTER_HEX MASTER_HEX, 96, CACHEKIT_OK},
        {"", 0, CACHEKIT_INVALID_KEY_LENGTH},
        {"6161", 0, CACHEKIT_INVALID_KEY_LENGTH},
        {&MASTER_HEX[2], 0, CACHEKIT_INVALID_KEY_LENGTH},
        {&MASTER_HEX[1], 0, CACHEKIT_INVALID_INPUT},
        {MASTER_HEX "6", 0, CACHEKIT_INVALID_INPUT},
        {MASTER_HEX "\n", 0, CACHEKIT_INVALID_INPUT},
        {" " MASTER_HEX, 0, CACHEKIT_INVALID_INPUT},
        {"0x" MASTER_HEX, 0, CACHEKIT_INVALID_INPUT},
        {"\"" MASTER_HEX "\"", 0, CACHEKIT_INVALID_INPUT},
        {MASTER_HEX "6g", 0, CACHEKIT_INVALID_INPUT},
        {MASTER_HEX "\xff\xff", 0, CACHEKIT_INVALID_INPUT},
    };
    uint8_t want[96], out[100];
    memset(want, 'a', sizeof want);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CASE("\"%s\"", rows[i].hex);
        size_t len = sizeof out;
        memset(out, POISON, sizeof out);
        CHECK_CODE(rows[i].code, cachekit_parse_master_key(rows[i].hex, out, &len));
        CHECK_NUMBER(rows[i].bytes, len);
        CHECK_BYTES(want, out, rows[i].bytes);
        CHECK_FILLED(POISON, out + rows[i].bytes, sizeof out - rows[i].bytes);
        if (rows[i].code != CACHEKIT_OK)
            continue;
        for (len = 0; len < rows[i].bytes; len++) {
            size_t needed = len;
            memset(out, POISON, sizeof out);
            CHECK_CODE(
                CACHEKIT_BUFFER_TOO_SMALL, cachekit_parse_master_key(rows[i].hex, out, &needed));
            CHECK_NUMBER(rows[i].bytes, needed);
            CHECK_FILLED(POISON, out, sizeof out);
        }
        CHECK_OK(cachekit_parse_master_key(rows[i].hex, out, &len)); /* the bound is enough */
    }
    CASE("every digit");
    static const char digits[] = "0123456789abcdefABCDEF01234567890123456789abcdefABCDEF0123456789";
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xab, 0xcd,
        0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xab,
        0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89};
    size_t len = sizeof out;
    CHECK_OK(cachekit_parse_master_key(digits, out, &len));
    CHECK_NUMBER(sizeof bytes, len);
    CHECK_BYTES(bytes, out, sizeof bytes);
}

TEST(generated_keys_differ)
{
    enum { MANY = 100 };
    uint8_t keys[MANY][CACHEKIT_KEY_SIZE + 8], either[CACHEKIT_KEY_SIZE] = {0};
    memset(keys, POISON, sizeof keys);
    for (int i = 0; i < MANY; i++) {
        CHECK_OK(cachekit_generate_key(keys[i]));
        CHECK_FILLED(POISON, keys[i] + CACHEKIT_KEY_SIZE, 8);
        for (int j = 0; j < i; j++)
            CHECK(memcmp(keys[i], keys[j], CACHEKIT_KEY_SIZE) != 0);
        for (int j = 0; j < CACHEKIT_KEY_SIZE; j++)
            either[j] |= keys[i][j];
    }
    /* Of a hundred keys each has a bit somewhere: that it has not, is a chance of 2^-92. */
    CHECK_FILLED(0xff, either, sizeof either);
}
