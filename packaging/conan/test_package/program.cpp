#include <cachekit.hpp>

#include <iostream>

int main()
{
    const cachekit::Keyring keyring(cachekit::generate_key(), "acme");
    std::cout << keyring.open("users:1", keyring.seal("users:1", "opened")).text() << '\n';
}
