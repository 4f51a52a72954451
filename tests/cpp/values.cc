// The functions that return a Result. It is built without exceptions and RTTI too.
#include "fixture.hpp"

#if __has_include(<span>) && __cplusplus >= 202002L
#include <span>
#endif

using namespace cachekit;

static constexpr std::size_t sizes[] = {0, 1, 100, 70000}; // of payloads, in bytes

static_assert(!std::is_copy_constructible_v<Buffer> && !std::is_copy_assignable_v<Buffer>);
static_assert(!std::is_copy_constructible_v<Batch> && !std::is_copy_assignable_v<Batch>);
static_assert(!std::is_copy_constructible_v<TenantKeys> && !std::is_copy_assignable_v<TenantKeys>);
static_assert(
    !std::is_copy_constructible_v<ByteStorage> && !std::is_copy_assignable_v<ByteStorage>);
static_assert(!std::is_copy_constructible_v<Encryptor> && !std::is_copy_assignable_v<Encryptor>);
static_assert(!std::is_copy_constructible_v<Keyring> && !std::is_copy_assignable_v<Keyring>);
static_assert(
    std::is_nothrow_move_constructible_v<Keyring> && std::is_nothrow_move_assignable_v<Keyring>);
static_assert(
    std::is_nothrow_move_constructible_v<Buffer> && std::is_nothrow_move_assignable_v<Buffer>);
static_assert(std::is_nothrow_move_constructible_v<Result<Buffer>>);
static_assert(noexcept(std::declval<const Keyring &>().try_seal("", "")));
// Numbers and wide text are no bytes, and what cannot be written to is no output.
static_assert(!std::is_constructible_v<Bytes, std::vector<int>> &&
              !std::is_constructible_v<Bytes, const wchar_t *>);
static_assert(!std::is_constructible_v<MutableBytes, const std::vector<std::uint8_t> &> &&
              !std::is_constructible_v<MutableBytes, std::string_view>);
static_assert(!std::is_constructible_v<Text, std::string_view>, "it may have no NUL at its end");

TEST(bytes_are_taken_from_everything)
{
    const std::string text = "abc";
    const std::uint8_t array[] = {'a', 'b', 'c'};
    const std::byte bytes[] = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
    const std::vector<std::byte> vector(bytes, bytes + 3);
    const std::array<unsigned char, 3> fixed = {'a', 'b', 'c'};
    Buffer buffer = *try_compress("abc");
    buffer = *try_decompress(buffer);
    for (Bytes view :
        {Bytes(text), Bytes("abc"), Bytes(array), Bytes(bytes), Bytes(vector), Bytes(fixed),
            Bytes(buffer), Bytes(std::string_view("abcd").substr(0, 3)), Bytes(text.data(), 3)})
        CHECK(view.text() == "abc" && view.size() == 3 && !view.empty() &&
              view.end() - view.begin() == 3);
#if defined(__cpp_lib_span)
    CHECK(Bytes(std::span<const std::uint8_t>(array)).text() == "abc");
    CHECK(Bytes(std::span<const std::byte>(vector)).text() == "abc");
    std::vector<std::uint8_t> out(100);
    const std::span<std::uint8_t> room(out);
    CHECK(try_compress_into("abc", room).has_value());
#endif
    CHECK(Bytes().empty() && Bytes(static_cast<const char *>(nullptr)).empty() &&
          Bytes(std::string()).size() == 0);
    CHECK(Bytes(std::string("a\0b", 3)).size() == 3);
}

TEST(a_storage_stores_and_retrieves)
{
    const ByteStorage storage = *ByteStorage::try_make();
    for (std::size_t size : sizes) {
        const std::string data = records(size);
        check::what = std::to_string(size) + " bytes";
        const Buffer envelope = *storage.try_store(data);
        CHECK(storage.try_retrieve(envelope)->text() == data);
        CHECK(*storage.try_validate(envelope));
        const EnvelopeInfo info = *try_inspect(envelope);
        CHECK(info.original_size == size && info.format == "msgpack" &&
              info.checksum == *try_checksum(data));

        std::vector<std::byte> room(compressed_bound(size) + 4);
        const std::size_t length = *storage.try_store_into(data, room, "json");
        CHECK(try_inspect(Bytes(room.data(), length))->format == "json");
        std::string back(size, 'x');
        CHECK(*storage.try_retrieve_into(Bytes(room.data(), length), back) == size && back == data);
    }
}

TEST(settings_of_a_storage)
{
    ByteStorage storage = *ByteStorage::try_make("json");
    const std::string data = records(50000);
    const std::size_t fast = storage.try_store(data)->size();
    CHECK(try_inspect(*storage.try_store(data))->format == "json");
    CHECK(storage.try_set_level(CACHEKIT_MAX_LEVEL).has_value());
    CHECK(storage.try_store(data)->size() < fast);
    CHECK_CODE(CACHEKIT_INVALID_INPUT, storage.try_set_level(10));
    CHECK(*storage.try_estimate_compression(data) > 2);
    const Buffer envelope = *storage.try_store(data);
    CHECK(storage.try_set_max_payload(1000).has_value());
    CHECK_CODE(CACHEKIT_INVALID_INPUT, storage.try_set_max_payload(0));
    // Of the payload it is no miss, of the entry it is one.
    const Result<Buffer> stored = storage.try_store(data);
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, stored);
    CHECK(!stored.miss());
    const Result<Buffer> retrieved = storage.try_retrieve(envelope);
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, retrieved);
    CHECK(retrieved.miss() && retrieved.error().of_entry());
    const CachekitMetrics metrics = *storage.try_metrics();
    CHECK(
        metrics.store.operations == 5 && metrics.store.errors == 1 && metrics.retrieve.errors == 1);
    const Buffer text = *try_metrics_text(metrics, "orders");
    CHECK(text.text().find("cachekit_operations_total{name=\"orders\",operation=\"store\"} 5\n") !=
          std::string_view::npos);
    CHECK(text.text().back() == '\n');
    CHECK(try_metrics_text(metrics)->text().find("{operation=\"store\"} 5\n") !=
          std::string_view::npos);
}

TEST(a_storage_says_why_it_is_not_made)
{
    CHECK_CODE(CACHEKIT_INVALID_INPUT, ByteStorage::try_make(broken));
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        ByteStorage::try_make(std::string(CACHEKIT_MAX_FORMAT_SIZE + 1, 'x')));
    const Result<ByteStorage> cut = ByteStorage::try_make(std::string("js\0on", 5));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, cut);
    CHECK(std::string(cut.error().detail()) == "a NUL inside the text");
    CHECK(std::string(ByteStorage::try_make(broken).error().message()) ==
          "invalid input: the format is not UTF-8");
}

TEST(an_encryptor_encrypts_and_decrypts)
{
    const Encryptor encryptor = *Encryptor::try_make();
    const Buffer key = *try_generate_key();
    for (std::size_t size : sizes) {
        const std::string data = records(size);
        const Buffer sealed = *encryptor.try_encrypt(key, data, "place");
        CHECK(sealed.size() == size + CACHEKIT_CIPHERTEXT_OVERHEAD);
        CHECK(encryptor.try_decrypt(key, sealed, "place")->text() == data);
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, encryptor.try_decrypt(key, sealed, "elsewhere"));

        // In place, both ways.
        std::vector<std::uint8_t> room(size + CACHEKIT_CIPHERTEXT_OVERHEAD);
        std::uint8_t *inner = room.data() + CACHEKIT_NONCE_SIZE;
        if (size > 0)
            std::memcpy(inner, data.data(), size);
        CHECK(*encryptor.try_encrypt_into(key, Bytes(inner, size), "place", room) == room.size());
        CHECK(*encryptor.try_decrypt_into(key, room, "place", MutableBytes(inner, size)) == size);
        CHECK(Bytes(inner, size).text() == data);
    }
    CHECK(encryptor.counter() == 8 && !encryptor.rotation_needed());
    CHECK(encryptor.try_metrics()->encrypt.operations == 8);
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, encryptor.try_encrypt("short", "", ""));
    const Result<Buffer> stump = encryptor.try_decrypt(key, "short", "");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, stump);
    CHECK(stump.miss());
}

TEST(a_keyring_seals_and_opens)
{
    const Keyring keyring = keyring_of();
    for (std::size_t size : sizes) {
        const std::string data = records(size);
        const Buffer sealed = *keyring.try_seal("users:1", data, "json");
        std::size_t index = 99;
        CHECK(keyring.try_open("users:1", sealed, "json", &index)->text() == data && index == 0);
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, keyring.try_open("users:2", sealed, "json"));
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, keyring.try_open("users:1", sealed));
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, keyring_of('b').try_open("users:1", sealed, "json"));
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
            keyring_of('a', "other").try_open("users:1", sealed, "json"));
        CHECK(keyring_of('b').try_open("users:1", sealed, "json").miss());

        std::vector<char> room(compressed_bound(size) + 4 + CACHEKIT_CIPHERTEXT_OVERHEAD);
        const std::size_t length = *keyring.try_seal_into("users:1", data, room, "json");
        std::vector<char> back(size);
        CHECK(*keyring.try_open_into("users:1", Bytes(room.data(), length), back, "json", &index) ==
              size);
        CHECK(Bytes(back).text() == data);
    }
    CHECK(keyring.counter() == 8 && keyring.try_metrics()->encrypt.operations == 8);
}

TEST(what_is_too_small_says_what_is_needed)
{
    const Keyring keyring = keyring_of();
    const std::string data = records(1000);
    const Buffer sealed = *keyring.try_seal("k", data);
    std::uint8_t small[10];
    const Result<std::size_t> length = keyring.try_open_into("k", sealed, small);
    CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, length);
    CHECK(length.error().needed() == 1000 && !length.miss());
    std::vector<std::uint8_t> none; // whose address may be NULL
    CHECK(keyring.try_open_into("k", sealed, none).error().needed() == 1000);
    CHECK(keyring.try_seal_into("k", data, none).error().needed() >= sealed.size());
    CHECK(keyring.counter() == 1);
    CHECK_CODE(
        CACHEKIT_NULL_POINTER, keyring.try_open_into("k", sealed, MutableBytes(nullptr, 1000)));
    CHECK(*keyring.try_open_into("k", *keyring.try_seal("k", ""), none) == 0);
}

// A bad argument is no miss, a bad entry is one, although both have the same codes.
TEST(an_argument_at_fault_is_no_miss)
{
    const Keyring keyring = keyring_of();
    const Buffer sealed = *keyring.try_seal("k", "value");
    const std::string large(CACHEKIT_MAX_CACHE_KEY_SIZE + 1, 'k'),
        format(CACHEKIT_MAX_FORMAT_SIZE + 1, 'f');
    std::uint8_t out[100];
    const auto is = [](CachekitError code, bool miss, const auto &result) {
        CHECK_CODE(code, result);
        CHECK(result.miss() == miss);
    };
    is(CACHEKIT_INPUT_TOO_LARGE, false, keyring.try_open(large, sealed));
    is(CACHEKIT_INPUT_TOO_LARGE, false, keyring.try_open("k", sealed, format));
    is(CACHEKIT_INPUT_TOO_LARGE, false, keyring.try_open_into(large, sealed, out));
    is(CACHEKIT_INVALID_INPUT, false, keyring.try_open("k", sealed, broken));
    is(CACHEKIT_INVALID_INPUT, false, keyring.try_open("k", sealed, std::string("a\0b", 3)));
    is(CACHEKIT_INVALID_INPUT, true, keyring.try_open("k", "stump"));
    is(CACHEKIT_INVALID_INPUT, true, keyring.try_open("k", ""));
    is(CACHEKIT_INVALID_INPUT, true, keyring.try_open_into("k", "stump", out));
    is(CACHEKIT_INVALID_INPUT, true, keyring.try_decrypt("stump", "aad"));
    is(CACHEKIT_INVALID_INPUT, false, keyring.try_decrypt_at(1, sealed, "aad"));
    is(CACHEKIT_INVALID_INPUT, true, keyring.try_decrypt_at(0, "stump", "aad"));
    is(CACHEKIT_INPUT_TOO_LARGE, false, keyring.try_open_interop(std::string(195, 'k'), sealed));
    is(CACHEKIT_DECRYPTION_FAILED, true, keyring.try_open_interop(broken, sealed));
    is(CACHEKIT_INVALID_INPUT, true, keyring.try_open_interop("k", "stump"));
    is(CACHEKIT_INVALID_INPUT, true, try_msgpack_check("\xc1"));
    is(CACHEKIT_INVALID_INPUT, true, try_inspect("no envelope"));
    is(CACHEKIT_INVALID_INPUT, true, try_decompress("no envelope"));
}

TEST(rotation_of_the_master_key)
{
    const auto first = master('1'), second = master('2');
    const Keyring before = *Keyring::try_make(first, "acme");
    const Buffer sealed = *before.try_seal("k", "value");
    const Keyring after = *Keyring::try_make(second, "acme", {first});
    std::size_t index = 0;
    CHECK(after.try_open("k", sealed, "msgpack", &index)->text() == "value" && index == 1);
    CHECK(after.key_count() == 2);
    CHECK(*after.try_fingerprint(1) == *before.try_fingerprint());
    CHECK(*after.try_fingerprint() != *after.try_fingerprint(1));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, after.try_fingerprint(2));

    const Buffer aad = *try_aad("acme", "k", "msgpack", true);
    const Buffer envelope = *after.try_decrypt(sealed, aad, &index);
    CHECK(index == 1 && try_decompress(envelope)->text() == "value");
    CHECK(try_decompress(*after.try_decrypt_at(1, sealed, aad))->text() == "value");
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, after.try_decrypt_at(0, sealed, aad));
    std::vector<std::uint8_t> out(sealed.size());
    CHECK(*after.try_decrypt_into(sealed, aad, out) == envelope.size());
    CHECK(*after.try_decrypt_at_into(1, sealed, aad, out) == envelope.size());
    const Buffer plain = *after.try_encrypt("text", aad);
    CHECK(after.try_decrypt(plain, aad)->text() == "text");
    CHECK(*after.try_encrypt_into("text", aad, out) == plain.size());

    const std::vector<Bytes> others = {first, Bytes("another key, long enough")};
    CHECK(Keyring::try_make(second, "acme", others)->key_count() == 3);
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, Keyring::try_make(second, "acme", {first, first, first, first}));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, Keyring::try_make(second, "acme", {second}));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, Keyring::try_make(second, ""));
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, Keyring::try_make("short", "acme"));
    CHECK_CODE(CACHEKIT_SALT_TOO_LONG,
        Keyring::try_make(second, std::string(CACHEKIT_MAX_SALT_SIZE + 1, 't')));
}

TEST(settings_of_a_keyring)
{
    Keyring keyring = keyring_of();
    const std::string data = records(50000);
    const Buffer fast = *keyring.try_seal("k", data);
    CHECK(keyring.try_set_level(CACHEKIT_MAX_LEVEL).has_value());
    CHECK(keyring.try_seal("k", data)->size() < fast.size());
    CHECK(keyring.try_set_max_payload(100).has_value());
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, keyring.try_seal("k", data));
    CHECK(keyring.try_open("k", fast).miss());
    CHECK_CODE(CACHEKIT_INVALID_INPUT, keyring.try_set_level(0));
}

TEST(keys_of_the_environment)
{
    unsetenv("CACHEKIT_MASTER_KEY");
    unsetenv("CACHEKIT_PREVIOUS_MASTER_KEYS");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, Keyring::try_from_env("acme"));
    std::string digits;
    for (int i = 0; i < CACHEKIT_KEY_SIZE; i++)
        digits += "61";
    setenv("CACHEKIT_MASTER_KEY", digits.c_str(), 1);
    const Keyring keyring = *Keyring::try_from_env("acme");
    CHECK(*keyring.try_fingerprint() == *keyring_of('a').try_fingerprint());
    CHECK(*Keyring::try_from_env()->try_fingerprint() ==
          *keyring_of('a', "default").try_fingerprint());
    unsetenv("CACHEKIT_MASTER_KEY");

    CHECK(try_parse_master_key(digits)->text() == std::string(CACHEKIT_KEY_SIZE, 'a'));
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, try_parse_master_key("61"));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, try_parse_master_key("0x" + digits));
}

TEST(keys_are_derived)
{
    const auto key = master('a');
    const TenantKeys keys = *try_derive_tenant_keys(key, "acme");
    CHECK(try_derive_key(key, "acme", "encryption")->text() == keys.encryption().text());
    CHECK(try_derive_key(key, "acme", "authentication")->text() == keys.authentication().text());
    CHECK(try_derive_key(key, "acme", "cache_keys")->text() == keys.cache_keys().text());
    CHECK(*try_key_fingerprint(keys.encryption()) == *keyring_of().try_fingerprint());
    CHECK_CODE(CACHEKIT_DOMAIN_TOO_LONG, try_derive_key(key, "acme", std::string(256, 'd')));
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH, try_derive_tenant_keys("short", "acme"));
    CHECK(try_generate_key()->size() == CACHEKIT_KEY_SIZE &&
          try_generate_key()->text() != try_generate_key()->text());
}

TEST(keys_are_wiped_where_they_were)
{
    TenantKeys keys = *try_derive_tenant_keys(master('a'), "acme");
    const Bytes old = keys.encryption();
    const std::string text(old.text());
    TenantKeys moved = std::move(keys);
    CHECK(moved.encryption().text() == text && old.text() == std::string(CACHEKIT_KEY_SIZE, '\0'));
    keys = std::move(moved);
    CHECK(keys.encryption().text() == text);
    TenantKeys &same = keys;
    keys = std::move(same);
    CHECK(keys.encryption().text() == text);
}

TEST(moves)
{
    Keyring one = keyring_of();
    const Buffer sealed = *one.try_seal("k", "value");
    Keyring two = std::move(one);
    CHECK(two.try_open("k", sealed)->text() == "value");
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, one.try_open("k", sealed));
    CHECK(!one.try_open("k", sealed).miss() && one.counter() == 0 && one.key_count() == 0 &&
          one.get() == nullptr);
    one = std::move(two);
    CHECK(one.try_open("k", sealed)->text() == "value");
    one = keyring_of('b'); // and the keyring that it was is freed
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, one.try_open("k", sealed));
    Keyring &same = one;
    one = std::move(same);
    CHECK(one.key_count() == 1);

    ByteStorage storage = *ByteStorage::try_make();
    const ByteStorage other = std::move(storage);
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, storage.try_store("x"));
    CHECK(other.try_store("x").has_value() && other.get() != nullptr);
    Encryptor encryptor = *Encryptor::try_make();
    const Encryptor taken = std::move(encryptor);
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, encryptor.try_metrics());
    CHECK(taken.try_metrics().has_value() && taken.get() != nullptr);
}

TEST(moves_of_buffers)
{
    Buffer sealed = *keyring_of().try_seal("k", "value"); // memory of the library
    Buffer key = *try_generate_key();                     // memory of the wrapper
    const std::string secret(key.text());
    Buffer moved = std::move(key);
    CHECK(moved.text() == secret && key.empty() && key.data() == nullptr);
    moved = std::move(sealed); // wipes and frees the key
    CHECK(keyring_of().try_open("k", moved)->text() == "value");
    Buffer &same = moved;
    moved = std::move(same);
    CHECK(keyring_of().try_open("k", moved)->text() == "value");
    moved.reset();
    moved.reset();
    CHECK(moved.empty() && moved.begin() == moved.end());
    Result<Buffer> result = try_compress("x");
    Result<Buffer> taken = std::move(result);
    CHECK(try_decompress(*taken)->text() == "x");
    result = Failure(CACHEKIT_INTERNAL, "");
    taken = std::move(result);
    CHECK_CODE(CACHEKIT_INTERNAL, taken);
}

TEST(many_with_one_that_fails)
{
    const Keyring keyring = keyring_of();
    const std::vector<std::string> keys = {"users:1", "users:2", "users:3", "users:4", "users:5"};
    std::vector<std::string> values;
    std::vector<Item> items;
    for (std::size_t i = 0; i < keys.size(); i++)
        values.push_back(records(i * 100));
    for (std::size_t i = 0; i < keys.size(); i++)
        items.emplace_back(keys[i], values[i]);
    const Batch sealed = *keyring.try_seal_many(std::move(items), "json");
    CHECK(sealed.size() == 5 && !sealed.empty() && !sealed.rotation_needed());
    CHECK_CODE(CACHEKIT_OK, sealed);

    items.clear();
    const std::string long_key(CACHEKIT_MAX_CACHE_KEY_SIZE + 1, 'k');
    for (std::size_t i = 0; i < keys.size(); i++)
        items.emplace_back(i == 4 ? long_key : keys[i], i == 1   ? Bytes("stump")
                                                        : i == 3 ? *sealed[0]
                                                                 : *sealed[i]);
    Batch opened = *keyring.try_open_many(std::move(items), "json");
    CHECK_CODE(CACHEKIT_INVALID_INPUT, opened);
    for (std::size_t i = 0; i < 3; i += 2)
        CHECK(opened[i]->text() == values[i] && opened.key_index(i) == 0);
    CHECK_CODE(CACHEKIT_INVALID_INPUT, opened[1]);
    CHECK(opened[1].miss() && std::string(opened[1].error().detail()).rfind("items[1]: ", 0) == 0);
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, opened[3]);
    CHECK(opened[3].miss() && std::string(opened[3].error().detail()).empty());
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE, opened[4]);
    CHECK(!opened[4].miss());

    const Batch moved = std::move(opened);
    CHECK(moved[2]->text() == values[2]);
}

TEST(many_of_a_storage)
{
    const ByteStorage storage = *ByteStorage::try_make();
    const Batch stored = *storage.try_store_many({Item("one"), Item(""), Item("three")}, "text");
    CHECK(try_inspect(*stored[2])->format == "text");
    const Batch back = *storage.try_retrieve_many(
        {Item(*stored[0]), Item(*stored[1]), Item("no envelope"), Item(*stored[2])});
    CHECK(back[0]->text() == "one" && back[1]->empty() && back[3]->text() == "three");
    CHECK(back[2].miss());
    CHECK(storage.try_store_many({})->empty());
    // All items fail: that is theirs, and no failure of the call.
    const Batch none = *storage.try_retrieve_many({Item("no envelope")});
    CHECK_CODE(CACHEKIT_INVALID_INPUT, none);
    CHECK(none[0].miss());
}

TEST(many_fail_as_a_whole)
{
    Keyring keyring = keyring_of();
    CHECK_CODE(CACHEKIT_INVALID_INPUT, keyring.try_seal_many({Item("k", "v")}, broken));
    CHECK_CODE(
        CACHEKIT_INVALID_INPUT, keyring.try_seal_many({Item("k", "v")}, std::string("a\0b", 3)));
    CHECK_CODE(CACHEKIT_INPUT_TOO_LARGE,
        keyring.try_open_many({Item("k", "v")}, std::string(CACHEKIT_MAX_FORMAT_SIZE + 1, 'f')));
    const Keyring moved = std::move(keyring);
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, keyring.try_open_many({Item("k", "v")}));
}

TEST(interop)
{
    const Keyring keyring = keyring_of('a', "default");
    const std::uint8_t args[] = {0x91, 42};
    const InteropKey key = *try_interop_key("users", "get_user", args);
    CHECK(key.text() ==
          "users:get_user:61598716255080080f6456eb065c2e51badfaa4320b0efe97469c29cffee8875");
    CHECK(Bytes(key).size() == key.size() && std::string(key.c_str()) == key.text());
    const std::uint8_t value[] = {
        0x81, 0xa1, 'a', 0xcd, 0, 1}; // {"a": 1}, not in its shortest form
    const Buffer form = *try_interop_value(value);
    CHECK(form.text() == "\x81\xa1"
                         "a\x01");
    std::uint8_t room[100];
    CHECK(*try_interop_value_into(value, room) == form.size());
    CHECK(try_msgpack_check(form).has_value());
    const Buffer sealed = *keyring.try_seal_interop(key, form);
    std::size_t index = 99;
    CHECK(keyring.try_open_interop(key, sealed, &index)->text() == form.text() && index == 0);
    CHECK(*keyring.try_seal_interop_into(key, form, room) == sealed.size());
    std::uint8_t back[100];
    CHECK(*keyring.try_open_interop_into(key, Bytes(room, sealed.size()), back) == form.size());
    CHECK_CODE(CACHEKIT_DECRYPTION_FAILED, keyring.try_open_interop("users:other", sealed));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, keyring.try_seal_interop(key, "\xc1"));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, try_interop_key("Users", "get_user", args));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, try_interop_value("\xc1"));
}

TEST(without_an_object)
{
    const std::string data = records(3000);
    const Buffer envelope = *try_compress(data);
    CHECK(try_decompress(envelope)->text() == data);
    std::vector<std::uint8_t> room(compressed_bound(data.size()));
    CHECK(*try_compress_into(data, room) == envelope.size());
    std::vector<std::uint8_t> back(data.size());
    CHECK(*try_decompress_into(envelope, back) == data.size());
    CHECK(try_decompress(*try_compress(""))->empty());
    const Checksum sum = *try_checksum(data);
    CHECK(*try_verify_checksum(data, sum) && !*try_verify_checksum("other", sum));
    CHECK_CODE(CACHEKIT_INVALID_INPUT, try_verify_checksum(data, "short"));
    std::string damaged(envelope.text());
    damaged[damaged.size() / 2] ^= 1;
    CHECK(try_decompress(damaged).miss() && !*ByteStorage::try_make()->try_validate(damaged));
    CHECK(!ByteStorage::try_make()->try_validate(Bytes(nullptr, 5)).miss());
    CHECK_CODE(CACHEKIT_NULL_POINTER, ByteStorage::try_make()->try_validate(Bytes(nullptr, 5)));
    CHECK(try_start().has_value());
    CHECK(version_number() == CACHEKIT_VERSION_NUMBER &&
          std::string(version_string()) == CACHEKIT_VERSION_STRING);
    CHECK(std::string(build_info()).find("go") == 0);
    CHECK(hardware_acceleration_enabled() ==
          Encryptor::try_make()->try_metrics()->hardware_accelerated);
}

// A Failure is kept although later calls of the thread fail too, and its text has room
// for the longest.
TEST(failures)
{
    const Failure failure = try_decompress("").error();
    const std::string text = failure.message();
    CHECK(!try_generate_key()->empty() && try_interop_value("\xc1").miss() == false);
    CHECK(text == failure.message() && text.find(failure.detail()) != std::string::npos);
    CHECK(std::string(failure.name()) == "CACHEKIT_INVALID_INPUT");
    const std::string longest(CACHEKIT_MAX_DETAIL_SIZE, 'd');
    for (int code = 0; code <= 20; code++) {
        const Failure full(static_cast<CachekitError>(code), longest.c_str());
        CHECK(full.detail() == longest);
    }
    const std::string longer(5000, 'd');
    CHECK(std::strlen(Failure(CACHEKIT_INTERNAL, longer.c_str()).message()) < 500);
}
