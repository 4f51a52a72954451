// The published test vectors, as tests/cpp/rows has written them: a line each, its fields
// between tabs, bytes as hexadecimal digits.
#include "fixture.hpp"

#include <fstream>
#include <sstream>

using namespace cachekit;

static std::string unhex(const std::string &digits)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
}

using Row = std::vector<std::string>;

// The rows of a kind, of which there must be so many.
static std::vector<Row> rows(const std::string &kind, std::size_t count)
{
    std::vector<Row> found;
    std::ifstream file(ROWS);
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        Row row;
        for (std::string field; std::getline(fields, field, '\t');)
            row.push_back(field);
        if (row.at(0) == kind)
            found.push_back(row);
    }
    check::what = kind;
    CHECK(found.size() == count);
    return found;
}

TEST(envelopes)
{
    const ByteStorage storage;
    for (const Row &row : rows("envelope", 20)) {
        check::what = row.at(1);
        const std::string envelope = unhex(row.at(2)), data = unhex(row.at(3));
        CHECK(storage.retrieve(envelope).text() == data && decompress(envelope).text() == data);
        const EnvelopeInfo info = inspect(envelope);
        CHECK(info.original_size == data.size() && info.format == row.at(4) &&
              info.checksum == checksum(data));
    }
}

TEST(envelopes_that_are_refused)
{
    const ByteStorage storage;
    for (const Row &row : rows("reject", 14)) {
        check::what = row.at(1);
        const std::string envelope = unhex(row.at(2));
        CHECK(!storage.validate(envelope) && storage.try_retrieve(envelope).miss() &&
              try_decompress(envelope).miss());
        CHECK((*storage.try_retrieve_many({Item(envelope)}))[0].miss());
        try {
            (void)storage.retrieve(envelope);
            FAIL("it throws");
        } catch (const CacheMiss &) {
        }
    }
}

TEST(ciphertexts)
{
    const Encryptor encryptor;
    for (const Row &row : rows("ciphertext", 9)) {
        check::what = row.at(1);
        const std::string master = unhex(row.at(2)), tenant = row.at(3), made = unhex(row.at(7));
        const std::string type = row.at(10) == "-" ? "" : row.at(10);
        CHECK(aad(tenant, row.at(4), row.at(5), row.at(6) == "true",
                  row.at(10) == "-" ? nullptr : type.c_str())
                  .text() == made);
        const std::string ciphertext = unhex(row.at(8)), plaintext = unhex(row.at(9));
        CHECK(Keyring(master, tenant).decrypt(ciphertext, made).text() == plaintext);
        CHECK(encryptor.decrypt(derive_tenant_keys(master, tenant).encryption(), ciphertext, made)
                  .text() == plaintext);
        CHECK_CODE(CACHEKIT_DECRYPTION_FAILED,
            Keyring(master, tenant + "x").try_decrypt(ciphertext, made));
    }
}

TEST(interop_keys)
{
    for (const Row &row : rows("key", 44)) {
        check::what = row.at(1);
        CHECK(interop_key(row.at(2), row.at(3), unhex(row.at(4))).text() == row.at(5));
    }
}

TEST(interop_values)
{
    for (const Row &row : rows("interop", 1)) {
        const Keyring keyring(unhex(row.at(2)), row.at(3));
        CHECK(keyring.open_interop(row.at(4), unhex(row.at(5))).text() == unhex(row.at(6)));
    }
}
