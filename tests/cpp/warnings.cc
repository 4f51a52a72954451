// What happens only after 2^31 encryptions, or without memory, and what is wiped: here the program
// has C functions of its own, which answer so and which the linker takes instead.
#include "fixture.hpp"

using namespace cachekit;

static CachekitError answer;
static std::uint64_t count;
static std::size_t wiped; // bytes

extern "C" {

CachekitError cachekit_keyring_seal(CachekitKeyring *, const char *, const uint8_t *, size_t,
    const uint8_t *, size_t, uint8_t **sealed, size_t *sealed_len)
{
    *sealed = nullptr;
    *sealed_len = 0;
    // Any memory of the library does as the result.
    return CACHEKIT_SUCCEEDED(answer) && cachekit_byte_storage_store(ByteStorage::try_make()->get(),
                                             nullptr, 0, nullptr, sealed, sealed_len) != CACHEKIT_OK
               ? CACHEKIT_INTERNAL
               : answer;
}

CachekitError cachekit_keyring_encrypt(CachekitKeyring *, const uint8_t *, size_t, const uint8_t *,
    size_t plaintext_len, uint8_t *out, size_t *out_len)
{
    std::memset(out, 'c', plaintext_len + CACHEKIT_CIPHERTEXT_OVERHEAD);
    *out_len = CACHEKIT_SUCCEEDED(answer) ? plaintext_len + CACHEKIT_CIPHERTEXT_OVERHEAD : 0;
    return answer;
}

CachekitError cachekit_keyring_seal_many(
    CachekitKeyring *, const char *, CachekitItem *items, size_t, size_t, uint8_t **results)
{
    *results = nullptr;
    items[0].error = answer;
    return answer;
}

void cachekit_wipe(void *memory, size_t len)
{
    std::memset(memory, 0, len);
    wiped += len;
}

uint64_t cachekit_keyring_get_counter(const CachekitKeyring *) { return count; }
uint64_t cachekit_encryptor_get_counter(const CachekitEncryptor *) { return count; }
}

TEST(a_warning_is_a_success)
{
    const Keyring keyring = keyring_of();
    answer = CACHEKIT_ROTATION_NEEDED;
    const Result<Buffer> sealed = keyring.try_seal("k", "value");
    CHECK(sealed.has_value() && sealed.rotation_needed() && sealed->size() > 0);
    CHECK_CODE(CACHEKIT_ROTATION_NEEDED, sealed);
    const Result<Buffer> encrypted = keyring.try_encrypt("value", "aad");
    CHECK(encrypted.has_value() && encrypted.rotation_needed() && encrypted->size() == 33);
    std::uint8_t room[33];
    CHECK(keyring.try_encrypt_into("value", "aad", room).rotation_needed());
    const Batch batch = *keyring.try_seal_many({Item("k", "value")});
    CHECK(batch.rotation_needed() && batch[0].rotation_needed());
    CHECK_CODE(CACHEKIT_ROTATION_NEEDED, batch);
    CHECK(keyring.seal("k", "value").size() > 0); // and nothing is thrown
    answer = CACHEKIT_OK;
    CHECK(!keyring.try_seal("k", "value").rotation_needed());
    CHECK(!keyring.try_seal_many({Item("k", "value")})->rotation_needed());
}

TEST(the_counter_says_when)
{
    const Keyring keyring = keyring_of();
    const Encryptor encryptor = *Encryptor::try_make();
    count = (std::uint64_t{1} << 31) - 1;
    CHECK(!keyring.rotation_needed() && !encryptor.rotation_needed());
    count++;
    CHECK(keyring.rotation_needed() && encryptor.rotation_needed());
}

TEST(what_is_worn_out_refuses)
{
    const Keyring keyring = keyring_of();
    answer = CACHEKIT_COUNTER_EXHAUSTED;
    CHECK_CODE(CACHEKIT_COUNTER_EXHAUSTED, keyring.try_seal("k", "value"));
    CHECK_CODE(CACHEKIT_COUNTER_EXHAUSTED, keyring.try_encrypt("value", "aad"));
    // Each item says it, so the call has done its work.
    CHECK_CODE(CACHEKIT_COUNTER_EXHAUSTED, (*keyring.try_seal_many({Item("k", "value")}))[0]);
}

TEST(want_of_memory_is_a_failure)
{
    const Keyring keyring = keyring_of();
    answer = CACHEKIT_OUT_OF_MEMORY;
    CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, keyring.try_seal("k", "value"));
    CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, keyring.try_seal_many({Item("k", "value")}));
    answer = CACHEKIT_OK;
    // More than there is: refused before the C function is called.
    CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, keyring.try_encrypt(Bytes("value", SIZE_MAX / 2), "aad"));
    CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, try_compress(Bytes("value", SIZE_MAX)));
}

// Buffers of the library's own memory are wiped by cachekit_free_buffer.
TEST(keys_are_wiped)
{
    wiped = 0;
    {
        const Buffer key = *try_generate_key();
        Buffer moved = *try_derive_key(key, "acme", "encryption");
        const Buffer last = std::move(moved);
        CHECK(wiped == 0);
    }
    CHECK(wiped == 2 * CACHEKIT_KEY_SIZE);
    wiped = 0;
    (void)try_derive_key("short", "acme", "encryption"); // fails, and its buffer is wiped too
    CHECK(wiped == CACHEKIT_KEY_SIZE);
    wiped = 0;
    {
        const TenantKeys keys = *try_derive_tenant_keys(std::vector<std::uint8_t>(32, 'a'), "acme");
    }
    CHECK(wiped >= 3 * CACHEKIT_KEY_SIZE);
}
