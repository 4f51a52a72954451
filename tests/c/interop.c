/* Interop mode: keys, canonical values, the bounded check, sealed values. */
#include "fixture.h"

typedef struct document {
    const char *name, *hex;
} document;

/* Every row is one well-formed document. */
static const document well_formed[] = {
    {"nil", "c0"},
    {"true", "c3"},
    {"0", "00"},
    {"-1", "ff"},
    {"uint8", "ccff"},
    {"uint64", "cfffffffffffffffff"},
    {"int64", "d38000000000000000"},
    {"float32", "ca3f800000"},
    {"NaN", "cb7ff8000000000000"},
    {"text", "a161"},
    {"str8", "d90161"},
    {"str32", "db0000000161"},
    {"text not UTF-8", "a1ff"},
    {"bin8", "c40100"},
    {"bin32", "c600000000"},
    {"array", "93010203"},
    {"array32", "dd0000000101"},
    {"map", "81a16101"},
    {"map of integers", "8201020304"},
    {"map with a key twice", "82a16101a16102"},
    {"map32", "df000000010102"},
    {"fixext1", "d40100"},
    {"fixext16", "d80100000000000000000000000000000000"},
    {"ext8", "c7010500"},
    {"time", "d6ff00000000"},
};

/* No row is. */
static const document malformed[] = {
    {"nothing", ""},
    {"reserved c1", "c1"},
    {"uint8 cut", "cc"},
    {"float64 cut", "cb00000000000000"},
    {"a byte behind a text", "a2616200"},
    {"text longer than the input", "a361"},
    {"str32 of 4 GiB", "dbffffffff61"},
    {"bin32 of 4 GiB", "c6ffffffff"},
    {"array of 4 G", "ddffffffff00"},
    {"map of 4 G", "dfffffffff00"},
    {"array cut", "9201"},
    {"map cut", "81a161"},
    {"ext cut", "c70501"},
    {"two documents", "0101"},
    {"a byte behind", "9101c0"},
    {"c1 inside", "91c1"},
    {"lengths that add up to too much", "93dd00000003dd00000003dd00000003010203"},
};

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static size_t bytes_of(const document *d, uint8_t *out) { return from_hex(d->hex, out); }

/* depth arrays around nil. */
static size_t nested(size_t depth, uint8_t *out)
{
    memset(out, 0x91, depth);
    out[depth] = 0xc0;
    return depth + 1;
}

TEST(check_takes_one_document)
{
    uint8_t in[2000];
    for (size_t i = 0; i < ROWS(well_formed); i++) {
        CASE("%s", well_formed[i].name);
        CHECK_OK(cachekit_msgpack_check(in, bytes_of(&well_formed[i], in)));
    }
    for (size_t i = 0; i < ROWS(malformed); i++) {
        CASE("%s", malformed[i].name);
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(in, bytes_of(&malformed[i], in)));
    }
    CASE("nesting");
    CHECK_OK(cachekit_msgpack_check(in, nested(100, in)));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(in, nested(101, in)));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(in, nested(1999, in)));
}

TEST(check_takes_nothing_that_is_cut)
{
    /* {"name": "alice", "tags": [1, 2.5, nil, bin], "ext": fixext4} */
    uint8_t in[100];
    size_t len = from_hex("83a46e616d65a5616c696365a4746167739401cb4004000000000000c0c4030102"
                          "03a3657874d60161626364",
        in);
    CHECK_OK(cachekit_msgpack_check(in, len));
    for (size_t n = 0; n < len; n++) {
        CASE("%zu bytes", n);
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(in, n));
    }
}

#define KEY_OF_42 "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875"

TEST(the_key_of_the_protocol)
{
    /* [42] in every width, and as 42.0, is one key. */
    static const char *const spellings[] = {"912a", "91cc2a", "91cd002a", "91ce0000002a",
        "91cf000000000000002a", "91d02a", "91d1002a", "91d20000002a", "91d3000000000000002a",
        "91ca42280000", "91cb4045000000000000", "dc00012a", "dd000000012a"};
    for (size_t i = 0; i < ROWS(spellings); i++) {
        uint8_t args[32];
        char got[CACHEKIT_INTEROP_KEY_BUFFER_SIZE];
        size_t n = from_hex(spellings[i], args), len = sizeof got;
        CASE("%s", spellings[i]);
        CHECK_OK(cachekit_interop_key("users", "get_user", args, n, got, &len));
        CHECK_NUMBER(sizeof KEY_OF_42, len);
        CHECK_TEXT(KEY_OF_42, got);
    }
}

TEST(the_order_of_maps_does_not_change_a_key)
{
    char a[195], b[195], c[195];
    size_t len = 195;
    CHECK_OK(cachekit_interop_key("n", "o",
        BYTES("\x91\x82\xa1"
              "a\x01\xa1"
              "b\x02"),
        a, &len));
    len = 195;
    CHECK_OK(cachekit_interop_key("n", "o",
        BYTES("\x91\x82\xa1"
              "b\x02\xa1"
              "a\x01"),
        b, &len));
    len = 195;
    CHECK_OK(cachekit_interop_key("n", "o",
        BYTES("\x91\x82\xa1"
              "b\x01\xa1"
              "a\x02"),
        c, &len));
    CHECK_TEXT(a, b);
    CHECK(strcmp(a, c) != 0);
}

TEST(names_of_keys)
{
#define N64 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"
    static const struct {
        const char *name_space, *operation;
        CachekitError code;
    } rows[] = {
        {"a", "b", CACHEKIT_OK},
        {N64, N64, CACHEKIT_OK},
        {"0.a_b-c", "9", CACHEKIT_OK},
        {"nsx", "ns", CACHEKIT_OK},
        {"", "b", CACHEKIT_INVALID_INPUT},
        {"a", "", CACHEKIT_INVALID_INPUT},
        {N64 "a", "b", CACHEKIT_INVALID_INPUT},
        {"a", N64 "a", CACHEKIT_INVALID_INPUT},
        {"A", "b", CACHEKIT_INVALID_INPUT},
        {".a", "b", CACHEKIT_INVALID_INPUT},
        {"a..b", "b", CACHEKIT_INVALID_INPUT},
        {"a", "-b", CACHEKIT_INVALID_INPUT},
        {"a", "b\n", CACHEKIT_INVALID_INPUT},
        {"a:b", "c", CACHEKIT_INVALID_INPUT},
        {"\xc3\xa4", "b", CACHEKIT_INVALID_INPUT},
        {"\xff", "b", CACHEKIT_INVALID_INPUT},
        {"ns", "b", CACHEKIT_INVALID_INPUT},
        {"nsapi", "b", CACHEKIT_INVALID_INPUT},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char got[CACHEKIT_INTEROP_KEY_BUFFER_SIZE + 8];
        size_t len = CACHEKIT_INTEROP_KEY_BUFFER_SIZE;
        CASE("\"%s\", \"%s\"", rows[i].name_space, rows[i].operation);
        memset(got, POISON, sizeof got);
        CHECK_CODE(rows[i].code,
            cachekit_interop_key(rows[i].name_space, rows[i].operation, BYTES("\x90"), got, &len));
        if (rows[i].code == CACHEKIT_OK)
            CHECK_NUMBER(strlen(rows[i].name_space) + strlen(rows[i].operation) + 2 + 64 + 1, len);
        else
            CHECK_NUMBER(0, len);
        CHECK_FILLED(POISON, got + CACHEKIT_INTEROP_KEY_BUFFER_SIZE, 8);
    }
}

TEST(the_size_of_a_key)
{
    char got[100];
    for (size_t capacity = 0; capacity < sizeof KEY_OF_42 + 2; capacity++) {
        size_t len = capacity;
        CASE("capacity %zu", capacity);
        memset(got, POISON, sizeof got);
        bool fits = capacity >= sizeof KEY_OF_42;
        CHECK_CODE(fits ? CACHEKIT_OK : CACHEKIT_BUFFER_TOO_SMALL,
            cachekit_interop_key("users", "get_user", BYTES("\x91\x2a"), got, &len));
        CHECK_NUMBER(sizeof KEY_OF_42, len);
        CHECK_FILLED(POISON, got + (fits ? sizeof KEY_OF_42 : capacity), 10);
    }
}

/* Documents without a canonical form. */
static const document without_form[] = {
    {"NaN", "cb7ff8000000000000"},
    {"infinity", "cb7ff0000000000000"},
    {"minus infinity", "caff800000"},
    {"text not UTF-8", "a1ff"},
    {"a surrogate", "a3eda080"},
    {"an extension", "d40100"},
    {"a time", "d6ff00000000"},
    {"a key twice", "82a16101a16102"},
    {"a key twice, in two widths", "82a16101d9016102"},
    {"a key that is no text", "810102"},
    {"a key that is bin", "81c4016101"},
    {"a key not UTF-8", "81a1ff01"},
};

TEST(what_has_no_canonical_form)
{
    uint8_t in[300], out[600];
    char text[195];
    for (size_t i = 0; i < ROWS(without_form) + ROWS(malformed); i++) {
        const document *d =
            i < ROWS(without_form) ? &without_form[i] : &malformed[i - ROWS(without_form)];
        size_t n = bytes_of(d, in + 1), len = sizeof out;
        CASE("%s", d->name);
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_value(in + 1, n, out, &len));
        CHECK_NUMBER(0, len);
        in[0] = 0x91;
        len = sizeof text;
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_key("n", "o", in, n + 1, text, &len));
        CHECK_NUMBER(0, len);
    }
    CASE("nesting");
    size_t len = sizeof out;
    CHECK_OK(cachekit_interop_value(in, nested(100, in), out, &len));
    len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_value(in, nested(101, in), out, &len));
    CASE("arguments that are no array");
    for (size_t i = 0; i < ROWS(well_formed); i++) {
        size_t n = bytes_of(&well_formed[i], in);
        if (in[0] >> 4 == 9 || in[0] == 0xdd)
            continue;
        len = sizeof text;
        CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_key("n", "o", in, n, text, &len));
    }
}

TEST(canonical_values)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"c0", "c0"},
        {"d3000000000000007f", "7f"},
        {"d20000ffff", "cdffff"},
        {"d3ffffffffffffffff", "ff"},
        {"d1ff80", "d080"},
        {"cf0000000100000000", "cf0000000100000000"},
        {"ca3fc00000", "cb3ff8000000000000"},
        {"cb4000000000000000", "cb4000000000000000"}, /* 2.0 stays a float */
        {"cb8000000000000000", "cb8000000000000000"}, /* and so does -0.0 */
        {"db00000003616263", "a3616263"},
        {"c60000000100", "c40100"},
        {"dd00000002dc000101a0", "929101a0"},
        {"82a16202a16101", "82a16101a16202"},
        {"83a16101a001a2616102", "83a001a16101a2616102"},
        {"82a3efbfbf01a4f090808002", "82a3efbfbf01a4f090808002"}, /* by code point, not UTF-16 */
        {"81a17882a17a01a17902", "81a17882a17902a17a01"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint8_t in[64], want[64], got[200], again[200];
        size_t n = from_hex(rows[i].in, in), want_len = from_hex(rows[i].want, want);
        CASE("%s", rows[i].in);
        CHECK(want_len <= 2 * n);
        for (size_t capacity = 0; capacity <= 2 * n; capacity++) {
            size_t len = capacity;
            bool fits = capacity >= want_len;
            memset(got, POISON, sizeof got);
            CHECK_CODE(fits ? CACHEKIT_OK : CACHEKIT_BUFFER_TOO_SMALL,
                cachekit_interop_value(in, n, got, &len));
            CHECK_NUMBER(want_len, len);
            CHECK_FILLED(POISON, got + (fits ? want_len : capacity), 20);
            if (!fits)
                continue;
            CHECK_BYTES(want, got, want_len);
            len = sizeof again;
            CHECK_OK(cachekit_interop_value(got, want_len, again, &len));
            CHECK_NUMBER(want_len, len);
            CHECK_BYTES(want, again, want_len);
        }
    }
}

TEST(sealed_values)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t in[300], sealed[400], aad[200], out[400];
    for (size_t i = 0; i < ROWS(well_formed); i++) {
        size_t n = bytes_of(&well_formed[i], in), len = n + 28, out_len = n, aad_len = sizeof aad,
               index = 7;
        CASE("%s", well_formed[i].name);
        memset(sealed, POISON, sizeof sealed);
        memset(out, POISON, sizeof out);
        CHECK_OK(cachekit_keyring_seal_interop(keyring, KEY_OF_42, in, n, sealed, &len));
        CHECK_NUMBER(n + 28, len);
        CHECK_FILLED(POISON, sealed + len, 64);
        CHECK_OK(
            cachekit_keyring_open_interop(keyring, KEY_OF_42, sealed, len, out, &out_len, &index));
        CHECK_NUMBER(n, out_len);
        CHECK_NUMBER(0, index);
        CHECK_BYTES(in, out, n);
        CHECK_FILLED(POISON, out + n, 64);

        /* It is the value under the AAD of an entry that is not compressed. */
        out_len = sizeof out;
        CHECK_OK(cachekit_aad(TENANT, BYTES(KEY_OF_42), "msgpack", false, NULL, aad, &aad_len));
        CHECK_OK(cachekit_keyring_decrypt(keyring, aad, aad_len, sealed, len, out, &out_len, NULL));
        CHECK_BYTES(in, out, n);
    }
    CHECK_NUMBER(ROWS(well_formed), cachekit_keyring_get_counter(keyring));
    cachekit_keyring_free(keyring);
}

TEST(sealed_values_are_checked)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t in[300], sealed[400], aad[200], out[400];
    size_t aad_len = sizeof aad;
    CHECK_OK(cachekit_aad(TENANT, BYTES(KEY_OF_42), "msgpack", false, NULL, aad, &aad_len));
    for (size_t i = 0; i < ROWS(malformed); i++) {
        size_t n = bytes_of(&malformed[i], in), len = sizeof sealed, out_len = sizeof out,
               index = 7;
        CASE("%s", malformed[i].name);
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_keyring_seal_interop(keyring, KEY_OF_42, in, n, sealed, &len));
        CHECK_NUMBER(0, len);
        CHECK_NUMBER(i, cachekit_keyring_get_counter(keyring));

        len = sizeof sealed;
        memset(out, POISON, sizeof out);
        CHECK_OK(cachekit_keyring_encrypt(keyring, aad, aad_len, in, n, sealed, &len));
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_keyring_open_interop(keyring, KEY_OF_42, sealed, len, out, &out_len, &index));
        CHECK_NUMBER(0, out_len);
        CHECK_NUMBER(0, index);
    }
    cachekit_keyring_free(keyring);
}

TEST(sealed_values_open_only_under_their_key)
{
    CachekitKeyring *keyring = new_keyring(), *newer = NULL;
    static const uint8_t new_master[32] = "another master key of 32 bytes..";
    const uint8_t *others[] = {master};
    size_t lens[] = {32}, len = 30, out_len, index = 7;
    uint8_t sealed[30], out[64];
    CHECK_OK(cachekit_keyring_seal_interop(keyring, "u:g:1", BYTES("\x91\x2a"), sealed, &len));
    CASE("another key");
    memset(out, POISON, sizeof out);
    out_len = 2;
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
        cachekit_keyring_open_interop(keyring, "u:g:2", sealed, 30, out, &out_len, &index));
    CHECK_FILLED(0, out, 2);
    CHECK_FILLED(POISON, out + 2, 62);
    CHECK_NUMBER(0, index);
    for (size_t at = 0; at < 30; at++) {
        CASE("byte %zu changed", at);
        out_len = 2;
        sealed[at] ^= 0x10;
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
            cachekit_keyring_open_interop(keyring, "u:g:1", sealed, 30, out, &out_len, NULL));
        CHECK_FILLED(0, out, 2);
        sealed[at] ^= 0x10;
    }
    for (size_t n = 0; n < 30; n++) {
        CASE("cut to %zu bytes", n);
        out_len = sizeof out;
        CHECK_CODE(n < 28 ? CACHEKIT_INVALID_INPUT : CACHEKIT_DECRYPTION_FAILED,
            cachekit_keyring_open_interop(keyring, "u:g:1", sealed, n, out, &out_len, NULL));
    }
    CASE("after a rotation");
    CHECK_OK(cachekit_keyring_new(new_master, 32, others, lens, 1, TENANT, &newer));
    out_len = 2;
    CHECK_OK(cachekit_keyring_open_interop(newer, "u:g:1", sealed, 30, out, &out_len, &index));
    CHECK_NUMBER(1, index);
    CHECK_BYTES("\x91\x2a", out, 2);
    cachekit_keyring_free(newer);
    cachekit_keyring_free(keyring);
}

TEST(sealed_values_say_the_size_they_need)
{
    CachekitKeyring *keyring = new_keyring();
    uint8_t sealed[64], out[64];
    size_t len, index;
    for (size_t capacity = 0; capacity < 30; capacity++) {
        CASE("seal into %zu bytes", capacity);
        len = capacity;
        memset(sealed, POISON, sizeof sealed);
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL,
            cachekit_keyring_seal_interop(keyring, "u:g:1", BYTES("\x91\x2a"), sealed, &len));
        CHECK_NUMBER(30, len);
        CHECK_FILLED(POISON, sealed, sizeof sealed);
    }
    CHECK_NUMBER(0, cachekit_keyring_get_counter(keyring));
    CHECK_OK(cachekit_keyring_seal_interop(keyring, "u:g:1", BYTES("\x91\x2a"), sealed, &len));
    for (size_t capacity = 0; capacity < 2; capacity++) {
        CASE("open into %zu bytes", capacity);
        len = capacity, index = 7;
        memset(out, POISON, sizeof out);
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL,
            cachekit_keyring_open_interop(keyring, "u:g:1", sealed, 30, out, &len, &index));
        CHECK_NUMBER(2, len);
        CHECK_NUMBER(0, index);
        CHECK_FILLED(POISON, out, sizeof out);
    }
    cachekit_keyring_free(keyring);
}

TEST(the_private_frame_of_python_is_not_decoded)
{
    /* "CK" 3, a header of 2 bytes, "{}", a payload. */
    uint8_t frame[] = "CK\3\0\0\0\2{}\x91\x2a", out[64];
    size_t len = sizeof out;
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_msgpack_check(frame, sizeof frame - 1));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cachekit_interop_value(frame, sizeof frame - 1, out, &len));
}
