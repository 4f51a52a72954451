// What the tests of the wrapper share.
#ifndef FIXTURE_HPP
#define FIXTURE_HPP

#include "check.hpp"

// A master key of one byte, many times.
inline std::vector<std::uint8_t> master(std::uint8_t byte)
{
    return std::vector<std::uint8_t>(CACHEKIT_KEY_SIZE, byte);
}

inline cachekit::Keyring keyring_of(std::uint8_t byte = 'a', const char *tenant = "acme")
{
    return *cachekit::Keyring::try_make(master(byte), tenant);
}

// Text that compresses well.
inline std::string records(std::size_t size)
{
    std::string text;
    while (text.size() < size)
        text +=
            "{\"id\":" + std::to_string(text.size()) + ",\"name\":\"Ada\",\"role\":\"reader\"},";
    text.resize(size);
    return text;
}

// Text that is not UTF-8.
inline const char *const broken = "\xff\xfe";

#endif // FIXTURE_HPP
