/* ByteStorage, the one-shot functions and the envelope. */
#include "fixture.h"

static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 1000, 4096, 65535, 65536,
    65537, 1 << 20, (1 << 20) + 1, 5000011};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

TEST(store_and_retrieve_give_the_payload_back)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *data = malloc(sizes[SIZES - 1]);
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < SIZES; i++) {
            uint8_t *envelope = NULL, *back = NULL;
            size_t n = sizes[i], envelope_len = 0, back_len = 0;
            CASE("%zu bytes of %s", n, kind == 0 ? "records" : "noise");
            kind == 0 ? fill_records(data, n) : fill_random(data, n, n);
            CHECK_OK(cachekit_byte_storage_store(storage, data, n, NULL, &envelope, &envelope_len));
            CHECK(envelope_len <= cachekit_compressed_bound(n));
            CHECK_OK(cachekit_byte_storage_validate(storage, envelope, envelope_len));
            CHECK_OK(
                cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &back, &back_len));
            CHECK_NUMBER(n, back_len);
            CHECK(back != NULL);
            CHECK_BYTES(data, back, n);
            cachekit_free_buffer(back);
            cachekit_free_buffer(envelope);
        }
    free(data);
    cachekit_byte_storage_free(storage);
}

TEST(compress_and_decompress_give_the_payload_back)
{
    uint8_t *data = malloc(sizes[SIZES - 1]);
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < SIZES; i++) {
            size_t n = sizes[i], bound = cachekit_compressed_bound(n), len = bound, back_len = n;
            uint8_t *envelope = malloc(bound + 64), *back = malloc(n + 64);
            CASE("%zu bytes of %s", n, kind == 0 ? "records" : "noise");
            kind == 0 ? fill_records(data, n) : fill_random(data, n, n);
            memset(envelope + bound, POISON, 64);
            memset(back + n, POISON, 64);
            CHECK_OK(cachekit_compress(data, n, envelope, &len));
            CHECK_OK(cachekit_decompress(envelope, len, back, &back_len));
            CHECK_NUMBER(n, back_len);
            CHECK_BYTES(data, back, n);
            CHECK_FILLED(POISON, envelope + bound, 64);
            CHECK_FILLED(POISON, back + n, 64);
            free(envelope);
            free(back);
        }
    free(data);
}

TEST(the_envelope_is_that_of_the_family)
{
    static const struct {
        const char *payload, *envelope;
    } rows[] = {
        {"hello, cachekit!", HELLO_ENVELOPE},
        {"", "94c40100982d06cc800538ccd3cc94ccc200a76d73677061636b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t want[64], got[200];
        size_t want_len = from_hex(rows[i].envelope, want), got_len = sizeof got;
        CASE("\"%s\"", rows[i].payload);
        CHECK_OK(cachekit_compress(
            (const uint8_t *)rows[i].payload, strlen(rows[i].payload), got, &got_len));
        CHECK_NUMBER(want_len, got_len);
        CHECK_BYTES(want, got, want_len);
    }
}

/* What every reader of envelopes says of this one. A code that the payload
 * decides is not seen by inspect, which reads the header. */
static void check_readers(
    const char *name, const uint8_t *envelope, size_t len, CachekitError want, bool in_header)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    uint8_t *data = (uint8_t *)(uintptr_t)hello, out[64];
    size_t data_len = 1, out_len = sizeof out;
    CASE("%s", name);
    CHECK_CODE(want, cachekit_byte_storage_retrieve(storage, envelope, len, &data, &data_len));
    CHECK_CODE(want, cachekit_byte_storage_validate(storage, envelope, len));
    CHECK_CODE(want, cachekit_decompress(envelope, len, out, &out_len));
    if (in_header)
        CHECK_CODE(want, cachekit_envelope_inspect(envelope, len, &info));
    else
        CHECK_OK(cachekit_envelope_inspect(envelope, len, &info));
    if (want == CACHEKIT_OK) {
        CHECK_NUMBER(sizeof hello - 1, data_len);
        CHECK_BYTES(hello, data, sizeof hello - 1);
        CHECK_NUMBER(sizeof hello - 1, out_len);
        CHECK_BYTES(hello, out, sizeof hello - 1);
    } else {
        CHECK(data == NULL);
        CHECK_NUMBER(0, data_len);
        CHECK_NUMBER(0, out_len);
    }
    cachekit_free_buffer(data);
    cachekit_byte_storage_free(storage);
}

/* The parts of the envelope in other spellings. */
#define LEGACY "dc0012ccf00168656c6c6f2c2063616368656b697421"
#define K_BLOCK "af636f6d707265737365645f64617461"
#define K_SUM "a8636865636b73756d"
#define K_SIZE "ad6f726967696e616c5f73697a65"
#define K_FORMAT "a6666f726d6174"
#define MAP K_BLOCK HELLO_BLOCK K_SUM HELLO_SUM K_SIZE HELLO_SIZE K_FORMAT HELLO_FORMAT
#define WITH_BLOCK(b) "94" b HELLO_SUM HELLO_SIZE HELLO_FORMAT
#define WITH_SUM(s) "94" HELLO_BLOCK s HELLO_SIZE HELLO_FORMAT
#define WITH_SIZE(n) "94" HELLO_BLOCK HELLO_SUM n HELLO_FORMAT
#define WITH_FORMAT(f) "94" HELLO_BLOCK HELLO_SUM HELLO_SIZE f

TEST(every_spelling_of_an_envelope_is_read)
{
    static const struct {
        const char *name, *hex;
    } rows[] = {
        {"as written", HELLO_ENVELOPE},
        {"block as integers, the legacy form", WITH_BLOCK(LEGACY)},
        {"block as integers, array32",
            WITH_BLOCK("dd00000012ccf00168656c6c6f2c2063616368656b697421")},
        {"block as integers of all widths",
            WITH_BLOCK("dc0012ccf00168d065cd006cce0000006ccf000000000000006fd1002cd200000020"
                       "d3000000000000006361636865cc6b697421")},
        {"block bin16", WITH_BLOCK("c50012f00168656c6c6f2c2063616368656b697421")},
        {"block bin32", WITH_BLOCK("c600000012f00168656c6c6f2c2063616368656b697421")},
        {"checksum as bin8", WITH_SUM("c4086d8a34b63a3c52d3")},
        {"checksum as bin32", WITH_SUM("c6000000086d8a34b63a3c52d3")},
        {"checksum as array16", WITH_SUM("dc00086dcc8a34ccb63a3c52ccd3")},
        {"checksum in wide integers",
            WITH_SUM("98cc6dcd008ace00000034cf00000000000000b6d03ad1003cd200000052"
                     "d300000000000000d3")},
        {"size uint8", WITH_SIZE("cc10")},
        {"size uint16", WITH_SIZE("cd0010")},
        {"size uint32", WITH_SIZE("ce00000010")},
        {"size uint64", WITH_SIZE("cf0000000000000010")},
        {"size int8", WITH_SIZE("d010")},
        {"size int16", WITH_SIZE("d10010")},
        {"size int32", WITH_SIZE("d200000010")},
        {"size int64", WITH_SIZE("d30000000000000010")},
        {"format str8", WITH_FORMAT("d9076d73677061636b")},
        {"format str16", WITH_FORMAT("da00076d73677061636b")},
        {"format str32", WITH_FORMAT("db000000076d73677061636b")},
        {"format empty", WITH_FORMAT("a0")},
        {"format in UTF-8", WITH_FORMAT("a6c3a4e282ac2e")},
        {"array16", "dc0004" HELLO_BLOCK HELLO_SUM HELLO_SIZE HELLO_FORMAT},
        {"array32", "dd00000004" HELLO_BLOCK HELLO_SUM HELLO_SIZE HELLO_FORMAT},
        {"map", "84" MAP},
        {"map16", "de0004" MAP},
        {"map32", "df00000004" MAP},
        {"map in another order",
            "84" K_FORMAT HELLO_FORMAT K_SIZE HELLO_SIZE K_SUM HELLO_SUM K_BLOCK HELLO_BLOCK},
        {"map with a key that is not known", "85a17893c0c301" MAP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t envelope[256];
        check_readers(rows[i].name, envelope, from_hex(rows[i].hex, envelope), CACHEKIT_OK, true);
    }
}

TEST(every_fault_of_an_envelope_has_its_code)
{
    static const struct {
        const char *name, *hex;
        CachekitError code;
    } rows[] = {
        {"nothing", "", CACHEKIT_INVALID_INPUT},
        {"nil", "c0", CACHEKIT_INVALID_INPUT},
        {"text", HELLO_FORMAT, CACHEKIT_INVALID_INPUT},
        {"a byte behind it", HELLO_ENVELOPE "00", CACHEKIT_INVALID_INPUT},
        {"an envelope behind it", HELLO_ENVELOPE HELLO_ENVELOPE, CACHEKIT_INVALID_INPUT},
        {"three fields", "93" HELLO_BLOCK HELLO_SUM HELLO_SIZE, CACHEKIT_INVALID_INPUT},
        {"five fields", "95" HELLO_BLOCK HELLO_SUM HELLO_SIZE HELLO_FORMAT "c0",
            CACHEKIT_INVALID_INPUT},
        {"fields swapped", "94" HELLO_SUM HELLO_BLOCK HELLO_SIZE HELLO_FORMAT,
            CACHEKIT_INVALID_INPUT},
        {"block nil", WITH_BLOCK("c0"), CACHEKIT_INVALID_INPUT},
        {"block text", WITH_BLOCK("a4f0016865"), CACHEKIT_INVALID_INPUT},
        {"block with an integer 256", WITH_BLOCK("93cd01000101"), CACHEKIT_INVALID_INPUT},
        {"block with a negative integer", WITH_BLOCK("93ff0101"), CACHEKIT_INVALID_INPUT},
        {"block with a float", WITH_BLOCK("93ca000000000101"), CACHEKIT_INVALID_INPUT},
        {"block longer than the input, bin32", WITH_BLOCK("c6ffffffff00"), CACHEKIT_INVALID_INPUT},
        {"block longer than the input, array32", WITH_BLOCK("ddffffffff00"),
            CACHEKIT_INVALID_INPUT},
        {"checksum nil", WITH_SUM("c0"), CACHEKIT_INVALID_INPUT},
        {"checksum of 7 integers", WITH_SUM("976dcc8a34ccb63a3c52"), CACHEKIT_INVALID_INPUT},
        {"checksum of 9 integers", WITH_SUM("996dcc8a34ccb63a3c52ccd300"), CACHEKIT_INVALID_INPUT},
        {"checksum of 7 bytes", WITH_SUM("c4076d8a34b63a3c52"), CACHEKIT_INVALID_INPUT},
        {"checksum with an integer 256", WITH_SUM("98cd0100cc8a34ccb63a3c52ccd3"),
            CACHEKIT_INVALID_INPUT},
        {"checksum as text", WITH_SUM("a86d0a34363a3c5253"), CACHEKIT_INVALID_INPUT},
        {"size nil", WITH_SIZE("c0"), CACHEKIT_INVALID_INPUT},
        {"size true", WITH_SIZE("c3"), CACHEKIT_INVALID_INPUT},
        {"size 16.0", WITH_SIZE("cb4030000000000000"), CACHEKIT_INVALID_INPUT},
        {"size -1", WITH_SIZE("ff"), CACHEKIT_INVALID_INPUT},
        {"size -128", WITH_SIZE("d080"), CACHEKIT_INVALID_INPUT},
        {"size -2^63", WITH_SIZE("d38000000000000000"), CACHEKIT_INVALID_INPUT},
        {"format nil", WITH_FORMAT("c0"), CACHEKIT_INVALID_INPUT},
        {"format bin", WITH_FORMAT("c4076d73677061636b"), CACHEKIT_INVALID_INPUT},
        {"format not UTF-8", WITH_FORMAT("a1ff"), CACHEKIT_INVALID_INPUT},
        {"format a surrogate", WITH_FORMAT("a3eda080"), CACHEKIT_INVALID_INPUT},
        {"format longer than the input", WITH_FORMAT("dbffffffff6d"), CACHEKIT_INVALID_INPUT},
        {"map with a field missing", "83" K_BLOCK HELLO_BLOCK K_SUM HELLO_SUM K_SIZE HELLO_SIZE,
            CACHEKIT_INVALID_INPUT},
        {"map with a field twice", "85" MAP K_SIZE HELLO_SIZE, CACHEKIT_INVALID_INPUT},
        {"map with a reserved byte", "85a178c1" MAP, CACHEKIT_INVALID_INPUT},
        {"map longer than the input", "dfffffffff" MAP, CACHEKIT_INVALID_INPUT},
        {"array longer than the input", "ddffffffff" HELLO_BLOCK, CACHEKIT_INVALID_INPUT},
        {"size 512 MiB + 1", WITH_SIZE("ce20000001"), CACHEKIT_INPUT_TOO_LARGE},
        {"size 500 GB", WITH_SIZE("cf000000746a528800"), CACHEKIT_INPUT_TOO_LARGE},
        {"size 2^64 - 1", WITH_SIZE("cfffffffffffffffff"), CACHEKIT_INPUT_TOO_LARGE},
        {"size 2^63 - 1", WITH_SIZE("d37fffffffffffffff"), CACHEKIT_INPUT_TOO_LARGE},
        {"size 512 MiB", WITH_SIZE("ce20000000"), CACHEKIT_DECOMPRESSION_BOMB},
        {"size 1000 times the block, and 1", WITH_SIZE("cd4651"), CACHEKIT_DECOMPRESSION_BOMB},
        {"block empty", WITH_BLOCK("c400"), CACHEKIT_DECOMPRESSION_BOMB},
        {"block empty, of integers", WITH_BLOCK("90"), CACHEKIT_DECOMPRESSION_BOMB},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t envelope[256];
        check_readers(rows[i].name, envelope, from_hex(rows[i].hex, envelope), rows[i].code, true);
    }
}

TEST(every_fault_of_a_payload_has_its_code)
{
    static const struct {
        const char *name, *hex;
        CachekitError code;
    } rows[] = {
        {"block asks for more literals than it has",
            WITH_BLOCK("c412f00268656c6c6f2c2063616368656b697421"), CACHEKIT_DECOMPRESSION_FAILED},
        {"block ends in a length", WITH_BLOCK("c401f0"), CACHEKIT_DECOMPRESSION_FAILED},
        {"match in front of the payload", WITH_BLOCK("c40a1061ffff5061616161c0"),
            CACHEKIT_DECOMPRESSION_FAILED},
        {"match of offset 0", WITH_BLOCK("c40a10610000506161616161"),
            CACHEKIT_DECOMPRESSION_FAILED},
        {"block is longer than its size", WITH_SIZE("0f"), CACHEKIT_DECOMPRESSION_FAILED},
        {"block is longer than size 0", WITH_SIZE("00"), CACHEKIT_DECOMPRESSION_FAILED},
        {"legacy block is longer than its size", "94" LEGACY HELLO_SUM "0f" HELLO_FORMAT,
            CACHEKIT_DECOMPRESSION_FAILED},
        {"checksum of another", WITH_SUM("986ecc8a34ccb63a3c52ccd3"), CACHEKIT_CHECKSUM_MISMATCH},
        {"payload changed", WITH_BLOCK("c412f00168656c6c6f2c2063616368656b697422"),
            CACHEKIT_CHECKSUM_MISMATCH},
        {"checksum of another, and too short",
            "94" HELLO_BLOCK "986ecc8a34ccb63a3c52ccd311" HELLO_FORMAT, CACHEKIT_CHECKSUM_MISMATCH},
        {"payload is shorter than its size", WITH_SIZE("11"), CACHEKIT_SIZE_VALIDATION_FAILED},
        {"legacy payload is shorter than its size", "94" LEGACY HELLO_SUM "11" HELLO_FORMAT,
            CACHEKIT_SIZE_VALIDATION_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t envelope[256];
        check_readers(rows[i].name, envelope, from_hex(rows[i].hex, envelope), rows[i].code, false);
    }
}

TEST(size_of_1000_times_the_block_is_no_bomb)
{
    uint8_t envelope[64], *out = malloc(18000);
    size_t len = from_hex(WITH_SIZE("cd4650"), envelope), out_len = 18000;
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    CHECK_OK(cachekit_envelope_inspect(envelope, len, &info));
    CHECK_NUMBER(18000, info.original_size);
    CHECK_CODE(CACHEKIT_SIZE_VALIDATION_FAILED, cachekit_decompress(envelope, len, out, &out_len));
    free(out);
}

TEST(no_damage_gives_another_payload)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t envelope[64], *data;
    size_t len = from_hex(HELLO_ENVELOPE, envelope), data_len;
    for (size_t n = 0; n < len; n++) {
        CASE("cut to %zu bytes", n);
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_byte_storage_retrieve(storage, envelope, n, &data, &data_len));
    }
    for (size_t at = 0; at < len; at++)
        for (int change = 1; change < 256; change++) {
            CASE("byte %zu ^ %02x", at, change);
            envelope[at] ^= (uint8_t)change;
            CachekitError err =
                cachekit_byte_storage_retrieve(storage, envelope, len, &data, &data_len);
            CHECK(err == cachekit_byte_storage_validate(storage, envelope, len));
            if (err == CACHEKIT_OK) { /* another spelling, or another format */
                CHECK_NUMBER(sizeof hello - 1, data_len);
                CHECK_BYTES(hello, data, sizeof hello - 1);
            } else {
                CHECK(data == NULL && data_len == 0);
                CHECK(err <= CACHEKIT_DECOMPRESSION_FAILED || err == CACHEKIT_INPUT_TOO_LARGE ||
                      err == CACHEKIT_DECOMPRESSION_BOMB || err == CACHEKIT_SIZE_VALIDATION_FAILED);
            }
            cachekit_free_buffer(data);
            envelope[at] ^= (uint8_t)change;
        }
    cachekit_byte_storage_free(storage);
}

TEST(a_failed_decompress_leaves_zeros)
{
    static const char *const envelopes[] = {WITH_SUM("986ecc8a34ccb63a3c52ccd3"), WITH_SIZE("11"),
        WITH_SIZE("0f"), WITH_BLOCK("c412f00268656c6c6f2c2063616368656b697421")};
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        CASE("%s", envelopes[i]);
        uint8_t envelope[64], out[128];
        size_t len = from_hex(envelopes[i], envelope), out_len = 64;
        memset(out, POISON, sizeof out);
        CHECK(cachekit_decompress(envelope, len, out, &out_len) != CACHEKIT_OK);
        CHECK_FILLED(0, out, 15);
        CHECK(memcmp(out, hello, 15) != 0);
        CHECK_FILLED(POISON, out + 64, 64);
    }
}

TEST(inspect_reads_what_was_stored)
{
    static const struct {
        const char *default_format, *format, *want;
    } rows[] = {
        {NULL, NULL, "msgpack"},
        {NULL, "json", "json"},
        {"orjson", NULL, "orjson"},
        {"orjson", "arrow", "arrow"},
        {"", NULL, ""},
        {NULL, "", ""},
        {"\xc3\xa4", NULL, "\xc3\xa4"},
        {NULL, "a format of more than thirty-one bytes", "a format of more than thirty-one bytes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CASE("format %s", rows[i].want);
        CachekitByteStorage *storage = cachekit_byte_storage_new(rows[i].default_format);
        CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
        uint8_t *envelope, sum[8], data[1000];
        size_t len;
        fill_records(data, sizeof data);
        CHECK_OK(cachekit_byte_storage_store(
            storage, data, sizeof data, rows[i].format, &envelope, &len));
        CHECK_OK(cachekit_envelope_inspect(envelope, len, &info));
        CHECK_NUMBER(sizeof info, info.struct_size);
        CHECK_NUMBER(sizeof data, info.original_size);
        CHECK(info.compressed_size > 0 && info.compressed_size < len);
        CHECK_OK(cachekit_checksum(data, sizeof data, sum));
        CHECK_BYTES(sum, info.checksum, sizeof sum);
        CHECK_NUMBER(strlen(rows[i].want), info.format_len);
        CHECK_BYTES(rows[i].want, info.format, info.format_len);
        CHECK((const uint8_t *)info.format >= envelope &&
              (const uint8_t *)info.format + info.format_len <= envelope + len);
        cachekit_free_buffer(envelope);
        cachekit_byte_storage_free(storage);
    }
}

TEST(formats_of_every_length_fit)
{
    static const size_t lens[] = {31, 32, 100, 255, 256, 65535, 65536, 200000};
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    char *format = malloc(200001);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        CASE("format of %zu bytes", lens[i]);
        uint8_t *envelope = NULL, *data = NULL;
        size_t len = 0, data_len = 0;
        CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
        memset(format, 'f', lens[i]);
        format[lens[i]] = '\0';
        CHECK_OK(cachekit_byte_storage_store(storage, HELLO, format, &envelope, &len));
        CHECK_OK(cachekit_envelope_inspect(envelope, len, &info));
        CHECK_NUMBER(lens[i], info.format_len);
        CHECK_OK(cachekit_byte_storage_retrieve(storage, envelope, len, &data, &data_len));
        CHECK_BYTES(hello, data, sizeof hello - 1);
        cachekit_free_buffer(data);
        cachekit_free_buffer(envelope);
    }
    free(format);
    cachekit_byte_storage_free(storage);
}

TEST(a_format_that_is_not_utf8_is_refused)
{
    static const char *const formats[] = {
        "\xff", "a\x80", "\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80"};
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        uint8_t *envelope = (uint8_t *)(uintptr_t)hello;
        size_t len = 1;
        CASE("format %zu", i);
        CHECK(cachekit_byte_storage_new(formats[i]) == NULL);
        CHECK_CODE(CACHEKIT_INVALID_INPUT,
            cachekit_byte_storage_store(storage, HELLO, formats[i], &envelope, &len));
        CHECK(envelope == NULL && len == 0);
    }
    cachekit_byte_storage_free(storage);
}

TEST(compressed_bound_is_the_formula_and_saturates)
{
    static const size_t ns[] = {0, 1, 254, 255, 256, 1000, 65536, 536870912};
    CHECK_NUMBER(136, cachekit_compressed_bound(0));
    for (size_t i = 0; i < sizeof ns / sizeof ns[0]; i++)
        CHECK_NUMBER(ns[i] + ns[i] / 255 + 16 + 120, cachekit_compressed_bound(ns[i]));
    CHECK_NUMBER(SIZE_MAX, cachekit_compressed_bound(SIZE_MAX));
    CHECK_NUMBER(SIZE_MAX, cachekit_compressed_bound(SIZE_MAX - 1));
    CHECK_NUMBER(SIZE_MAX, cachekit_compressed_bound(SIZE_MAX - SIZE_MAX / 256));
}

TEST(compress_takes_a_buffer_below_the_bound)
{
    static const size_t ns[] = {0, 16, 1000, 100000};
    for (size_t i = 0; i < sizeof ns / sizeof ns[0]; i++) {
        size_t n = ns[i], bound = cachekit_compressed_bound(n), exact = bound, len;
        uint8_t *data = malloc(n + 1), *want = malloc(bound), *got = malloc(bound + 64);
        fill_records(data, n);
        CASE("%zu bytes", n);
        CHECK_OK(cachekit_compress(data, n, want, &exact));

        memset(got, POISON, bound + 64);
        len = exact;
        CHECK_OK(cachekit_compress(data, n, got, &len));
        CHECK_NUMBER(exact, len);
        CHECK_BYTES(want, got, exact);
        CHECK_FILLED(POISON, got + exact, bound + 64 - exact);

        static const size_t less[] = {1, 2, 20};
        for (int j = 0; j < 3; j++) {
            memset(got, POISON, bound + 64);
            len = exact - less[j];
            CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, cachekit_compress(data, n, got, &len));
            CHECK_NUMBER(exact, len);
            CHECK_FILLED(POISON, got + exact - less[j], bound + 64 - exact + less[j]);
        }
        len = 0;
        CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, cachekit_compress(data, n, got, &len));
        CHECK_NUMBER(exact, len);
        free(data);
        free(want);
        free(got);
    }
}

TEST(decompress_says_the_size_it_needs)
{
    uint8_t envelope[64], out[64];
    size_t len = from_hex(HELLO_ENVELOPE, envelope);
    for (size_t capacity = 0; capacity < 20; capacity++) {
        size_t out_len = capacity;
        CASE("capacity %zu", capacity);
        memset(out, POISON, sizeof out);
        CHECK_CODE(capacity < 16 ? CACHEKIT_BUFFER_TOO_SMALL : CACHEKIT_OK,
            cachekit_decompress(envelope, len, out, &out_len));
        CHECK_NUMBER(16, out_len);
        CHECK_FILLED(POISON, out + (capacity < 16 ? capacity : 16), 64 - 16);
    }
}

TEST(checksum_is_xxh3)
{
    /* XXH3_64bits of nothing, and of the example in docs/wire-format.md. */
    static const struct {
        const char *data, *sum;
    } rows[] = {{"", "2d06800538d394c2"}, {"hello, cachekit!", "6d8a34b63a3c52d3"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t want[8], got[8];
        const uint8_t *data = (const uint8_t *)rows[i].data;
        size_t n = strlen(rows[i].data);
        CASE("\"%s\"", rows[i].data);
        from_hex(rows[i].sum, want);
        CHECK_OK(cachekit_checksum(data, n, got));
        CHECK_BYTES(want, got, 8);
        CHECK_OK(cachekit_verify_checksum(data, n, want));
        for (int bit = 0; bit < 64; bit++) {
            want[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_CODE(CACHEKIT_CHECKSUM_MISMATCH, cachekit_verify_checksum(data, n, want));
            want[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

TEST(estimate_compression)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *data = calloc(1, 100000);
    double zeros = -1, records = -1, noise = -1, nothing = -1;
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, data, 100000, &zeros));
    fill_records(data, 100000);
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, data, 100000, &records));
    fill_random(data, 100000, 1);
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, data, 100000, &noise));
    CHECK_OK(cachekit_byte_storage_estimate_compression(storage, NULL, 0, &nothing));
    CHECK(zeros > 100 && zeros < 100000);
    CHECK(records > 1.5 && records < zeros);
    CHECK(noise > 0.9 && noise <= 1);
    CHECK(nothing >= 0 && nothing <= 0);
    free(data);
    cachekit_byte_storage_free(storage);
}

TEST(inputs_are_not_written_to)
{
    size_t n = 3 * 4096, len = 0, out_len;
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    uint8_t *data = reserve(n), *envelope = NULL, *back = NULL, *sealed = reserve(n);
    fill_records(data, n);
    CHECK(freeze(data, n));
    CHECK_OK(cachekit_byte_storage_store(storage, data, n, NULL, &envelope, &len));
    memcpy(sealed, envelope, len);
    CHECK(freeze(sealed, n));
    CHECK_OK(cachekit_byte_storage_retrieve(storage, sealed, len, &back, &out_len));
    CHECK_BYTES(data, back, n);
    cachekit_free_buffer(back);
    cachekit_free_buffer(envelope);
    release(data, n);
    release(sealed, n);
    cachekit_byte_storage_free(storage);
}

/* The library must not read behind an input either. */
TEST(reads_end_where_the_input_ends)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
    size_t page = page_size();
    uint8_t *pages = reserve(3 * page), *end = pages + 2 * page;
    CHECK(forbid(end, page));
    for (size_t n = 0; n < 600; n++) {
        uint8_t *envelope = NULL, *back = NULL, sum[8];
        size_t len = 0, back_len = 0;
        CASE("%zu bytes", n);
        fill_records(end - n, n);
        CHECK_OK(cachekit_checksum(end - n, n, sum));
        CHECK_OK(cachekit_byte_storage_store(storage, end - n, n, NULL, &envelope, &len));
        memcpy(end - len, envelope, len);
        CHECK_OK(cachekit_byte_storage_retrieve(storage, end - len, len, &back, &back_len));
        CHECK_OK(cachekit_verify_checksum(back, back_len, sum));
        cachekit_free_buffer(back);
        cachekit_free_buffer(envelope);

        /* Nor write behind an output. */
        back_len = n;
        size_t room = cachekit_compressed_bound(n);
        fill_records(pages, n);
        len = room;
        CHECK_OK(cachekit_compress(pages, n, end - room, &len));
        memmove(pages, end - room, len);
        CHECK_OK(cachekit_decompress(pages, len, end - n, &back_len));
        CHECK_NUMBER(n, back_len);
    }
    release(pages, 3 * page);
    cachekit_byte_storage_free(storage);
}
