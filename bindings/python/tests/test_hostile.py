"""Whatever comes from a cache is data or a miss, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st
from support import needed

import cachekit_core
from cachekit_core import ByteStorage, CacheMiss, Encryptor, Keyring, interop

KEY = b"k" * 32
STORAGE, ENCRYPTOR = ByteStorage(max_payload=1 << 20), Encryptor()
KEYRING = Keyring(KEY, tenant="t", max_payload=1 << 20)
AAD = cachekit_core.aad("t", "k")
AAD_OF_INTEROP = cachekit_core.aad("t", "k", compressed=False)
DATA = b'{"id":1,"name":"Ada"}' * 20
ENVELOPE = STORAGE.store(DATA)
SEALED = KEYRING.seal("k", DATA)


def damaged(entry):
    """The entry with some bytes replaced, or cut off, or with bytes behind it."""
    changes = st.lists(
        st.tuples(st.integers(0, len(entry) - 1), st.integers(0, 255)), max_size=4
    )

    def change(places, length, more):
        found = bytearray(entry)
        for place, byte in places:
            found[place] = byte
        return bytes(found[:length]) + more

    return st.builds(change, changes, st.integers(0, len(entry)), st.binary(max_size=3))


def read(function, *arguments):
    """The result, or None for a miss. Any other exception fails the test."""
    try:
        return function(*arguments)
    except CacheMiss as error:
        assert str(error)
        return None


@given(st.binary(max_size=300) | damaged(ENVELOPE))
def test_envelopes(entry):
    data = read(STORAGE.retrieve, entry)
    assert data is None or cachekit_core.checksum(data) == cachekit_core.inspect(entry).checksum
    assert STORAGE.validate(entry) == (data is not None)
    assert read(cachekit_core.decompress, entry) == data
    out = bytearray(1 << 20)
    size = read(STORAGE.retrieve_into, entry, out)
    assert (None if size is None else out[:size]) == data
    (result,) = STORAGE.retrieve_many([entry])
    assert result == data if data is not None else isinstance(result, CacheMiss)


@given(st.binary(max_size=300) | damaged(SEALED))
def test_entries(entry):
    data = read(KEYRING.open, "k", entry)
    assert data == (DATA if entry == SEALED else None)
    (result,) = KEYRING.open_many([("k", entry)])
    assert result == data if data is not None else isinstance(result, CacheMiss)
    read(ENCRYPTOR.decrypt, KEY, entry, AAD)
    read(KEYRING.decrypt, entry, AAD)
    read(KEYRING.open_interop, "k", entry)


@given(st.binary(max_size=300) | damaged(ENVELOPE))
def test_what_was_encrypted_by_others_with_the_key(plaintext):
    data = read(KEYRING.open, "k", KEYRING.encrypt(plaintext, AAD))
    envelope = read(STORAGE.retrieve, plaintext)
    if data is not None:
        assert data == envelope


@given(
    st.binary(max_size=100)
    | damaged(interop.encode({"a": [1, 2.5, "x", None], "b": {"c": b"y"}}))
)
def test_values(document):
    needed("msgpack")
    read(interop.decode, document)
    read(interop.open, KEYRING, "k", KEYRING.encrypt(document, AAD_OF_INTEROP))


@given(st.integers(0, 1 << 40), st.integers(0, 1000))
def test_what_an_envelope_claims(size, block):
    """An envelope that claims more than its limit takes no memory for it."""
    claimed = b"\xcf" + size.to_bytes(8, "big")
    envelope = (
        b"\x94\xc5" + block.to_bytes(2, "big") + bytes(block) + b"\x98" + bytes(8) + claimed
    )
    assert read(STORAGE.retrieve, envelope + b"\xa7msgpack") is None or size == 0
