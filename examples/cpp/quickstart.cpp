// Compresses and encrypts a value for one place in the cache, and opens it again.
#include <cachekit.hpp>

#include <iostream>

int main()
{
    const std::string value = R"([{"id":1,"name":"Ada","role":"reader"},)"
                              R"({"id":2,"name":"Grace","role":"reader"},)"
                              R"({"id":3,"name":"Radia","role":"reader"},)"
                              R"({"id":4,"name":"Barbara","role":"reader"}])";
    try {
        // A master key for this run. A real one comes from where you keep secrets, as with
        // cachekit::Keyring::from_env, which reads CACHEKIT_MASTER_KEY.
        const cachekit::Keyring keyring(cachekit::generate_key(), "acme");
        const cachekit::Buffer sealed = keyring.seal("users:all", value, "json");
        const cachekit::Buffer opened = keyring.open("users:all", sealed, "json");
        std::cout << value.size() << " bytes, " << sealed.size() << " sealed, " << opened.size()
                  << " opened\n"
                  << opened.text() << '\n';

        // The cache key is authenticated: copied to another one, the entry does not open.
        if (const auto other = keyring.try_open("users:other", sealed, "json"); other.miss())
            std::cout << "under another cache key: " << other.error().name() << ": "
                      << other.error().message() << '\n';
    } catch (const cachekit::Error &error) {
        std::cerr << "cachekit: " << error.what() << '\n';
        return 1;
    }
}
