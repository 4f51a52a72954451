"""Many entries in one call."""

import pytest

import cachekit_core
from cachekit_core import (
    ByteStorage,
    CacheMiss,
    ChecksumMismatchError,
    DecryptionFailedError,
    InputTooLargeError,
    InvalidEntryError,
    InvalidInputError,
    Keyring,
)

KEY, OLD = b"k" * 32, b"o" * 32
DATA = [b"", b"x", bytes(5000), b"data " * 300]


def test_storage():
    storage = ByteStorage("json")
    assert storage.store_many([]) == [] and storage.retrieve_many([]) == []
    assert storage.store_many([None]) == [None] and storage.retrieve_many([None, None]) == [
        None,
        None,
    ]
    envelopes = storage.store_many(DATA)
    assert envelopes == [storage.store(data) for data in DATA]
    assert cachekit_core.inspect(storage.store_many([b"x"], "text")[0]).format == "text"
    assert storage.retrieve_many(iter(envelopes)) == DATA
    mixed = storage.retrieve_many(
        [None, bytearray(envelopes[1]), b"junk", memoryview(envelopes[2]), None, b""]
    )
    assert mixed[0] is None and mixed[4] is None
    assert mixed[1] == DATA[1] and mixed[3] == DATA[2]
    assert type(mixed[2]) is InvalidEntryError and type(mixed[5]) is InvalidEntryError
    assert isinstance(mixed[2], CacheMiss)
    flipped = bytearray(envelopes[3])
    flipped[flipped.index(b"data")] ^= 1  # a literal of the block
    (result,) = storage.retrieve_many([flipped])
    assert type(result) is ChecksumMismatchError


def test_what_an_error_of_one_item_says():
    storage = ByteStorage()
    good = storage.store(b"x")
    results = storage.retrieve_many([None, good, None, b"\xc1", b"\xc1"])
    with pytest.raises(InvalidEntryError) as alone:
        storage.retrieve(b"\xc1")
    # Of the first that failed as when it is alone: its place among those that were sent to
    # the library would be wrong.
    assert str(results[3]) == str(alone.value)
    assert "items" not in str(results[3]) and type(results[4]) is InvalidEntryError


def test_keyring():
    keyring = Keyring(KEY, tenant="t", decrypt_only=[OLD])
    old = Keyring(OLD, tenant="t")
    keys = ["a", b"b", bytearray(b"c"), "é"]
    assert keyring.seal_many([]) == [] and keyring.open_many([]) == []
    sealed = keyring.seal_many(zip(keys, DATA), "json")
    assert [keyring.open(key, entry, "json") for key, entry in zip(keys, sealed)] == DATA
    assert keyring.open_many(zip(keys, sealed), "json") == DATA
    assert keyring.counter == 4
    assert keyring.seal_many([("a", None), ("b", b"x")])[0] is None

    entries = [None, sealed[1], old.seal("c", b"older", "json"), sealed[2]]
    found = keyring.open_many_with_index(zip(keys, entries), "json")
    assert found[:3] == [None, (DATA[1], 0), (b"older", 1)]
    assert type(found[3]) is DecryptionFailedError
    found = keyring.open_many(zip(keys, entries))  # as another format
    assert found[0] is None and all(type(entry) is DecryptionFailedError for entry in found[1:])


def test_items_of_their_own_fault():
    keyring = Keyring(KEY, tenant="t", max_payload=4000)
    results = keyring.seal_many(
        [
            ("a", b"x"),
            ("k" * ((1 << 20) + 1), b"x"),
            ("b", bytes(5000)),
            ("\ud800", b"x"),
            ("c", b"y"),
        ]
    )
    assert keyring.open("a", results[0]) == b"x" and keyring.open("c", results[4]) == b"y"
    assert type(results[1]) is type(results[2]) is InputTooLargeError
    assert type(results[3]) is InvalidInputError
    assert not any(isinstance(result, CacheMiss) for result in results[1:4])


def test_whole_calls_that_fail():
    storage, keyring = ByteStorage(), Keyring(KEY, tenant="t")
    for call in (
        lambda: storage.store_many([b"x"], "\ud800"),
        lambda: keyring.seal_many([("k", b"x")], "a\0"),
        lambda: keyring.open_many([("k", b"x")], "a\0"),
    ):
        with pytest.raises(InvalidInputError):
            call()
    for items in ([("k",)], [("k", b"", 0)]):
        with pytest.raises(ValueError):
            keyring.seal_many(items)
    for items in ([5], [("k", "text")], [(None, b"x")], 5):
        with pytest.raises(TypeError):
            keyring.seal_many(items)
    assert keyring.counter == 0


def test_inputs_that_change_while_they_are_read():
    keyring = Keyring(KEY, tenant="t")

    def items():
        given = [("a", b"x")]
        for item in given:
            if len(given) < 50:
                given.append(("a", b"x"))
            yield item

    assert len(keyring.seal_many(items())) == 50

    def broken():
        yield ("a", bytearray(b"x"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keyring.seal_many(broken())


def test_a_thousand():
    keyring = Keyring(KEY, tenant="t")
    items = [(f"key:{i}", b'{"id":%d}' % i * (i % 50)) for i in range(1000)]
    sealed = keyring.seal_many(items)
    opened = keyring.open_many(
        [
            (key, entry if i % 7 else None)
            for i, ((key, _), entry) in enumerate(zip(items, sealed))
        ]
    )
    assert opened == [data if i % 7 else None for i, (_, data) in enumerate(items)]


def test_mapping():
    keyring = Keyring(KEY, tenant="t")
    sealed = keyring.seal_many({"a": b"1", "b": None, "c": b"3"})
    opened = keyring.open_many(dict(zip("abc", sealed)))
    assert opened == [b"1", None, b"3"]
    assert keyring.open_many_with_index({"a": sealed[0]}) == [(b"1", 0)]
