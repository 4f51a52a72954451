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
    CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
    CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
    const bool known = cachekit_envelope_inspect(envelope, envelope_len, &info) == CACHEKIT_OK &&
                       info.original_size == text.size() &&
                       cachekit_byte_storage_get_metrics(storage, &metrics) == CACHEKIT_OK &&
                       metrics.retrieve.bytes_out == text.size();
    cachekit_free_buffer(data);
    cachekit_free_buffer(envelope);
    cachekit_byte_storage_free(storage);
    return same && known ? 0 : 1;
}
