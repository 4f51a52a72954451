// A C++ program that uses the library.
#include <cachekit.h>

#include <cstring>
#include <string>

int main()
{
    const std::string text(1000, 'x');
    CachekitByteStorage *storage = cachekit_byte_storage_new(nullptr);
    std::uint8_t *envelope = nullptr, *data = nullptr;
    std::size_t envelope_len = 0, data_len = 0;
    CachekitError err =
        cachekit_byte_storage_store(storage, reinterpret_cast<const std::uint8_t *>(text.data()),
            text.size(), nullptr, &envelope, &envelope_len);
    if (CACHEKIT_SUCCEEDED(err))
        err = cachekit_byte_storage_retrieve(storage, envelope, envelope_len, &data, &data_len);
    const bool same = CACHEKIT_SUCCEEDED(err) && data_len == text.size() &&
                      std::memcmp(data, text.data(), data_len) == 0;
    cachekit_free_buffer(data);
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    return same ? 0 : 1;
}
