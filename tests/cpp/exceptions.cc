// The functions that throw.
#include "fixture.hpp"

using namespace cachekit;

// Checks that call throws just this class, with this code.
template <class Exception, class Call> static void throws(CachekitError code, bool miss, Call call)
{
    check::what = cachekit_error_name(code);
    try {
        call();
        FAIL("it throws");
    } catch (const Exception &error) {
        CHECK(typeid(error) == typeid(Exception));
        CHECK_CODE(code, error);
        CHECK(std::string(error.name()) == cachekit_error_name(code));
        CHECK(std::string(error.what()).rfind(cachekit_error_string(code), 0) == 0);
        CHECK((dynamic_cast<const CacheMiss *>(static_cast<const Error *>(&error)) != nullptr) ==
              miss);
        CHECK(error.failure().miss() == miss);
    } catch (...) {
        FAIL("it throws another class");
    }
}

TEST(every_code_has_its_class)
{
    const auto raise = [](CachekitError code, bool of_entry = false) {
        return [=] { Result<void>(Failure(code, "detail", of_entry)).value(); };
    };
    throws<InvalidInputError>(CACHEKIT_INVALID_INPUT, false, raise(CACHEKIT_INVALID_INPUT));
    throws<ChecksumMismatchError>(
        CACHEKIT_CHECKSUM_MISMATCH, true, raise(CACHEKIT_CHECKSUM_MISMATCH));
    throws<DecompressionFailedError>(
        CACHEKIT_DECOMPRESSION_FAILED, true, raise(CACHEKIT_DECOMPRESSION_FAILED));
    throws<DecryptionFailedError>(
        CACHEKIT_DECRYPTION_FAILED, true, raise(CACHEKIT_DECRYPTION_FAILED));
    throws<CounterExhaustedError>(
        CACHEKIT_COUNTER_EXHAUSTED, false, raise(CACHEKIT_COUNTER_EXHAUSTED));
    throws<InvalidKeyLengthError>(
        CACHEKIT_INVALID_KEY_LENGTH, false, raise(CACHEKIT_INVALID_KEY_LENGTH));
    throws<BufferTooSmallError>(CACHEKIT_BUFFER_TOO_SMALL, false, raise(CACHEKIT_BUFFER_TOO_SMALL));
    throws<NullPointerError>(CACHEKIT_NULL_POINTER, false, raise(CACHEKIT_NULL_POINTER));
    throws<InputTooLargeError>(CACHEKIT_INPUT_TOO_LARGE, false, raise(CACHEKIT_INPUT_TOO_LARGE));
    throws<DecompressionBombError>(
        CACHEKIT_DECOMPRESSION_BOMB, true, raise(CACHEKIT_DECOMPRESSION_BOMB));
    throws<SizeValidationFailedError>(
        CACHEKIT_SIZE_VALIDATION_FAILED, true, raise(CACHEKIT_SIZE_VALIDATION_FAILED));
    throws<RngFailureError>(CACHEKIT_RNG_FAILURE, false, raise(CACHEKIT_RNG_FAILURE));
    throws<DomainTooLongError>(CACHEKIT_DOMAIN_TOO_LONG, false, raise(CACHEKIT_DOMAIN_TOO_LONG));
    throws<SaltTooLongError>(CACHEKIT_SALT_TOO_LONG, false, raise(CACHEKIT_SALT_TOO_LONG));
    throws<InvalidHandleError>(CACHEKIT_INVALID_HANDLE, false, raise(CACHEKIT_INVALID_HANDLE));
    throws<OutOfMemoryError>(CACHEKIT_OUT_OF_MEMORY, false, raise(CACHEKIT_OUT_OF_MEMORY));
    throws<ForkedError>(CACHEKIT_FORKED, false, raise(CACHEKIT_FORKED));
    throws<InternalError>(CACHEKIT_INTERNAL, false, raise(CACHEKIT_INTERNAL));
    throws<InvalidEntryError>(CACHEKIT_INVALID_INPUT, true, raise(CACHEKIT_INVALID_INPUT, true));
    throws<EntryTooLargeError>(
        CACHEKIT_INPUT_TOO_LARGE, true, raise(CACHEKIT_INPUT_TOO_LARGE, true));
    throws<Error>(static_cast<CachekitError>(20), false, raise(static_cast<CachekitError>(20)));
}

TEST(an_entry_error_is_caught_as_each_of_its_classes)
{
    const Keyring keyring(master('a'), "acme");
    const auto open = [&] { (void)keyring.open("k", "stump"); };
    throws<InvalidEntryError>(CACHEKIT_INVALID_INPUT, true, open);
    int caught = 0;
    try {
        open();
    } catch (const InvalidInputError &) {
        caught++;
    }
    try {
        open();
    } catch (const CacheMiss &) {
        caught++;
    }
    try {
        open();
    } catch (const std::exception &error) {
        caught += std::string(error.what()).find("invalid input") == 0;
    }
    CHECK(caught == 3);
}

TEST(every_throwing_function_works)
{
    Keyring keyring(master('a'), "acme", {master('b')});
    keyring.set_level(CACHEKIT_DEFAULT_LEVEL);
    keyring.set_max_payload(1000000);
    const std::string data = records(500);
    const Buffer sealed = keyring.seal("k", data, "json");
    CHECK(keyring.open("k", sealed, "json").text() == data);
    std::vector<std::uint8_t> room(2000), back(500);
    const std::size_t length = keyring.seal_into("k", data, room);
    CHECK(keyring.open_into("k", Bytes(room.data(), length), back) == 500);
    const Batch batch = keyring.seal_many({Item("k", data)});
    CHECK(keyring.open_many({Item("k", *batch[0])})[0]->text() == data);
    const Buffer place = aad("acme", "k");
    const Buffer text = keyring.encrypt("text", place);
    CHECK(keyring.decrypt(text, place).text() == "text" &&
          keyring.decrypt_at(0, text, place).text() == "text");
    CHECK(keyring.decrypt_into(
              Bytes(room.data(), keyring.encrypt_into("text", place, room)), place, back) == 4);
    CHECK(keyring.decrypt_at_into(0, text, place, back) == 4);
    CHECK(keyring.fingerprint() ==
          key_fingerprint(derive_tenant_keys(master('a'), "acme").encryption()));
    CHECK(keyring.metrics().encrypt.operations == 5);

    const std::uint8_t args[] = {0x91, 42};
    const InteropKey key = interop_key("users", "get_user", args);
    const Buffer value = interop_value(args);
    CHECK(interop_value_into(args, room) == 2);
    msgpack_check(value);
    CHECK(keyring.open_interop(key, keyring.seal_interop(key, value)).text() == value.text());
    CHECK(keyring.open_interop_into(
              key, Bytes(room.data(), keyring.seal_interop_into(key, value, room)), back) == 2);

    CHECK(inspect(ByteStorage(nullptr).store(data)).format == "msgpack");
    ByteStorage storage("json");
    storage.set_level(2);
    storage.set_max_payload(1000000);
    const Buffer envelope = storage.store(data);
    CHECK(storage.retrieve(envelope).text() == data && storage.validate(envelope) &&
          inspect(envelope).format == "json");
    CHECK(storage.retrieve_into(Bytes(room.data(), storage.store_into(data, room)), back) == 500);
    CHECK(storage.retrieve_many({Item(*storage.store_many({Item(data)})[0])})[0]->text() == data);
    CHECK(storage.estimate_compression(data) > 1);
    CHECK(metrics_text(storage.metrics()).text().find("# HELP") == 0);

    const Encryptor encryptor;
    const Buffer secret = generate_key();
    const Buffer ciphertext = encryptor.encrypt(secret, "text", "aad");
    CHECK(encryptor.decrypt(secret, ciphertext, "aad").text() == "text");
    CHECK(encryptor.decrypt_into(secret,
              Bytes(room.data(), encryptor.encrypt_into(secret, "text", "aad", room)), "aad",
              back) == 4);
    CHECK(encryptor.metrics().decrypt.operations == 2);
    CHECK(derive_key(master('a'), "acme", "encryption").size() == CACHEKIT_KEY_SIZE);
    CHECK(parse_master_key(std::string(64, 'a')).size() == 32);

    CHECK(decompress(compress(data)).text() == data);
    CHECK(decompress_into(Bytes(room.data(), compress_into(data, room)), back) == 500);
    CHECK(verify_checksum(data, checksum(data)));
    start();
    setenv("CACHEKIT_MASTER_KEY", std::string(64, 'a').c_str(), 1);
    CHECK(Keyring::from_env("acme").key_count() == 1);
    unsetenv("CACHEKIT_MASTER_KEY");
}

TEST(constructors_and_calls_throw)
{
    throws<InvalidKeyLengthError>(
        CACHEKIT_INVALID_KEY_LENGTH, false, [] { Keyring("short", "acme"); });
    throws<InvalidInputError>(CACHEKIT_INVALID_INPUT, false, [] { ByteStorage storage(broken); });
    throws<InvalidInputError>(CACHEKIT_INVALID_INPUT, false, [] { (void)Keyring::from_env(); });
    throws<EntryTooLargeError>(CACHEKIT_INPUT_TOO_LARGE, true, [] {
        ByteStorage storage;
        const Buffer envelope = storage.store(records(100));
        storage.set_max_payload(10);
        (void)storage.retrieve(envelope);
    });
    throws<DecryptionFailedError>(CACHEKIT_DECRYPTION_FAILED, true,
        [] { (void)keyring_of('a').open("k", keyring_of('b').seal("k", "value")); });
    throws<BufferTooSmallError>(CACHEKIT_BUFFER_TOO_SMALL, false, [] {
        std::uint8_t out[1];
        try {
            (void)decompress_into(compress("value"), out);
        } catch (const BufferTooSmallError &error) {
            CHECK(error.needed() == 5);
            throw;
        }
    });
    throws<InvalidHandleError>(CACHEKIT_INVALID_HANDLE, false, [] {
        Keyring keyring = keyring_of();
        const Keyring moved = std::move(keyring);
        (void)keyring.open_many({Item("k", "v")});
    });
}
