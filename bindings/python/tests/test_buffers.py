"""Every kind of buffer goes in, and is let go of."""

import array
import ctypes
import gc
import mmap
import random
import re
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import IS_CPYTHON, needed

import cachekit_core
from cachekit_core import (
    BufferTooSmallError,
    ByteStorage,
    Encryptor,
    InternalError,
    InvalidEntryError,
    Keyring,
)

DATA = bytes(range(256)) * 40
KEY = b"k" * 32


def mapped(data):
    found = mmap.mmap(-1, len(data))
    found[:] = data
    return found


def numpy_array(data):
    numpy = needed("numpy")
    return numpy.frombuffer(data, dtype="<u4").reshape(2, -1)


class Buffer(bytes):
    """A subclass of bytes."""


KINDS = {
    "bytes": bytes,
    "subclass": Buffer,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "memoryview of bytearray": lambda data: memoryview(bytearray(data)),
    "slice": lambda data: memoryview(b"##" + data + b"##")[2:-2],
    "words": lambda data: memoryview(data).cast("I"),
    "mmap": mapped,
    "array": lambda data: array.array("B", data),
    "doubles": lambda data: array.array("d", data),
    "ctypes": lambda data: (ctypes.c_char * len(data)).from_buffer_copy(data),
    "numpy": numpy_array,
}


@pytest.mark.parametrize("kind", KINDS)
def test_inputs(kind, objects):
    storage, encryptor, keyring = objects
    make = KINDS[kind]
    data = make(DATA)

    def padded(entry):  # to whole words, where the kind needs that
        try:
            return make(entry)
        except (TypeError, ValueError):
            return entry

    assert storage.retrieve(padded(storage.store(data))) == DATA
    sealed = keyring.seal(make(DATA[:64]), data)
    assert keyring.open(make(DATA[:64]), padded(sealed)) == DATA
    aad = make(DATA[:128])
    assert encryptor.decrypt(KEY, padded(encryptor.encrypt(KEY, data, aad)), aad) == DATA
    assert keyring.decrypt(padded(keyring.encrypt(data, aad)), aad) == DATA
    assert cachekit_core.checksum(data) == cachekit_core.checksum(DATA)
    assert cachekit_core.verify_checksum(data, make(cachekit_core.checksum(DATA)))
    assert cachekit_core.decompress(padded(cachekit_core.compress(data))) == DATA
    assert cachekit_core.inspect(padded(storage.store(data))).original_size == len(DATA)
    assert storage.validate(padded(storage.store(data)))
    assert storage.estimate_compression(data) > 1
    (envelope,) = storage.store_many([data])
    assert storage.retrieve_many([padded(envelope)]) == [DATA]
    (sealed,) = keyring.seal_many([(make(DATA[:64]), data)])
    assert keyring.open_many([(DATA[:64], padded(sealed))]) == [DATA]
    assert (
        Keyring(make(KEY), tenant=make(DATA[:64]), decrypt_only=[make(DATA[:32])]).key_count
        == 2
    )
    assert cachekit_core.key_fingerprint(make(KEY)) == cachekit_core.key_fingerprint(KEY)


@pytest.mark.parametrize(
    "kind", ["bytearray", "memoryview of bytearray", "mmap", "array", "ctypes"]
)
def test_outputs(kind, objects):
    storage, encryptor, keyring = objects
    make = KINDS[kind]
    envelope = storage.store(DATA)

    out = make(bytes(len(DATA) + 400))
    size = storage.store_into(DATA, out)
    assert bytes(memoryview(out).cast("B")[:size]) == envelope
    size = cachekit_core.compress_into(DATA, out)
    assert bytes(memoryview(out).cast("B")[:size]) == envelope

    for read in (storage.retrieve_into, cachekit_core.decompress_into):
        out = make(bytes(len(DATA)))
        assert read(envelope, out) == len(DATA)
        assert bytes(memoryview(out)) == DATA

    out = make(bytes(len(DATA) + 28))
    assert encryptor.encrypt_into(KEY, DATA, b"", out) == len(DATA) + 28
    plain = make(bytes(len(DATA)))
    assert encryptor.decrypt_into(KEY, out, b"", plain) == len(DATA)
    assert bytes(memoryview(plain)) == DATA

    out = make(bytes(len(DATA) + 400))
    size = keyring.seal_into("key", DATA, out)
    plain = make(bytes(len(DATA)))
    assert keyring.open_into("key", memoryview(out).cast("B")[:size], plain) == len(DATA)
    assert bytes(memoryview(plain)) == DATA


def test_outputs_that_are_too_small(objects):
    storage, encryptor, keyring = objects
    envelope, sealed = storage.store(DATA), keyring.seal("key", DATA)
    ciphertext = encryptor.encrypt(KEY, DATA, b"")
    counts = encryptor.counter, keyring.counter
    bound = cachekit_core.compressed_bound(len(DATA)) + len("msgpack")
    for size in (0, 7, len(envelope) - 1):
        for call, needed in [
            (lambda out: storage.store_into(DATA, out), None),
            (lambda out: keyring.seal_into("key", DATA, out), None),
            (lambda out: cachekit_core.compress_into(DATA, out), len(envelope)),
            (lambda out: storage.retrieve_into(envelope, out), len(DATA)),
            (lambda out: cachekit_core.decompress_into(envelope, out), len(DATA)),
            (lambda out: encryptor.encrypt_into(KEY, DATA, b"", out), len(DATA) + 28),
            (lambda out: encryptor.decrypt_into(KEY, ciphertext, b"", out), len(DATA)),
            (lambda out: keyring.open_into("key", sealed, out), len(DATA)),
        ]:
            with pytest.raises(BufferTooSmallError) as caught:
                call(bytearray(size))
            said = int(re.search(r"(\d+) bytes needed", str(caught.value)).group(1))
            if needed is None:  # what is enough for all data of this length
                assert len(envelope) < said <= bound + 28
            else:
                assert said == needed
    assert counts == (encryptor.counter, keyring.counter)  # no nonce is used up
    assert storage.store_into(DATA, bytearray(bound)) == len(envelope)
    assert keyring.seal_into("key", DATA, bytearray(bound + 28)) == len(sealed)


def test_in_place(objects):
    _, encryptor, _ = objects
    room = bytearray(12) + DATA + bytes(16)
    view = memoryview(room)
    encryptor.encrypt_into(KEY, view[12:-16], b"a", view)
    assert encryptor.decrypt(KEY, room, b"a") == DATA
    encryptor.decrypt_into(KEY, view, b"a", view[12:-16])
    assert view[12:-16] == DATA
    with pytest.raises(cachekit_core.InternalError):
        encryptor.encrypt_into(KEY, view[1:-29], b"a", view)


@pytest.mark.parametrize(
    "out", [b"x" * 999, memoryview(b"x" * 999), memoryview(bytearray(1998))[::2]]
)
def test_outputs_that_cannot_be_written(out, objects):
    storage, encryptor, keyring = objects
    for call in (
        lambda: storage.store_into(b"data", out),
        lambda: storage.retrieve_into(storage.store(b"data"), out),
        lambda: encryptor.encrypt_into(KEY, b"data", b"", out),
        lambda: keyring.seal_into("key", b"data", out),
        lambda: keyring.open_into("key", keyring.seal("key", b"data"), out),
    ):
        with pytest.raises(BufferError):
            call()


def test_buffers_are_let_go_of(objects):
    storage, encryptor, keyring = objects
    envelope, sealed = bytearray(storage.store(DATA)), bytearray(keyring.seal("key", DATA))
    out = bytearray(len(DATA) * 2)
    data, key, aad, bad = (
        bytearray(DATA),
        bytearray(KEY),
        bytearray(b"aad"),
        bytearray(b"not an entry"),
    )
    caught = []
    for call in (
        lambda: storage.store(data),
        lambda: storage.store_into(data, out),
        lambda: storage.retrieve(envelope),
        lambda: storage.retrieve(bad),
        lambda: storage.retrieve_into(bad, out),
        lambda: storage.retrieve_into(envelope, out),
        lambda: storage.store_many([data, data]),
        lambda: storage.store_many([data, 5]),
        lambda: storage.retrieve_many([envelope, bad]),
        lambda: encryptor.encrypt(key, data, aad),
        lambda: encryptor.encrypt_into(key, data, aad, out),
        lambda: encryptor.encrypt(bad, data, aad),
        lambda: encryptor.decrypt(key, data, aad),
        lambda: encryptor.decrypt(key, data, "aad"),
        lambda: keyring.seal(bad, data),
        lambda: keyring.seal(bad, data, "a\0b"),
        lambda: keyring.seal_into(bad, data, out),
        lambda: keyring.open("key", sealed),
        lambda: keyring.open(bad, sealed),
        lambda: keyring.open_into("key", sealed, out),
        lambda: keyring.open_into(bad, sealed, out),
        lambda: keyring.open_many([("key", sealed), (bad, bad)]),
        lambda: keyring.open_many([(bad, sealed), 5]),
        lambda: keyring.encrypt(data, aad),
        lambda: keyring.decrypt(data, aad),
        lambda: keyring.decrypt_at(0, data, aad),
        lambda: keyring.open_interop("key", bad),
        lambda: keyring.seal_interop("key", bad),
        lambda: cachekit_core.compress(data),
        lambda: cachekit_core.decompress(bad),
        lambda: cachekit_core.inspect(bad),
        lambda: cachekit_core.checksum(data),
        lambda: Keyring(key, tenant=bytearray(b"t"), decrypt_only=[bad]),
    ):
        try:
            call()
        except (cachekit_core.CachekitError, TypeError) as error:
            caught.append(error)  # whose frames are kept, and hold nothing
        for buffer in (data, key, aad, bad, out, envelope, sealed):
            buffer.append(0)  # BufferError if it is still in use
            del buffer[-1]
    assert len(caught) > 10


@pytest.mark.skipif(not IS_CPYTHON, reason="counts references")
def test_inputs_die(objects):
    storage, encryptor, keyring = objects

    class Owned(bytearray):
        pass

    found = []

    def fresh():
        data = Owned(DATA)
        found.append(weakref.ref(data))
        return data

    storage.store(fresh())
    storage.store_many([fresh(), fresh()])
    keyring.seal("key", fresh())
    keyring.seal_many([(fresh(), fresh())])
    encryptor.encrypt(KEY, fresh(), fresh())
    with pytest.raises(InvalidEntryError):
        storage.retrieve(fresh())
    with pytest.raises(TypeError):
        storage.store_many([fresh(), 1])
    gc.collect()
    assert len(found) == 10
    assert [ref() for ref in found] == [None] * 10


@given(
    st.binary(max_size=3000), st.binary(max_size=40), st.sampled_from(["msgpack", "json", "é"])
)
def test_round_trips(data, name, format):
    storage, encryptor, keyring = ROUND
    assert storage.retrieve(storage.store(data, format)) == data
    assert keyring.open(name, keyring.seal(name, data, format), format) == data
    assert encryptor.decrypt(KEY, encryptor.encrypt(KEY, data, name), name) == data


ROUND = ByteStorage(), Encryptor(), Keyring(KEY, tenant="t")


@pytest.mark.parametrize(
    "size", [0, 1, 2, 4095, 4096, 4097, 65535, 65536, 1 << 20, (1 << 20) + 1, 5_000_000]
)
def test_sizes(size):
    storage, encryptor, keyring = ROUND
    noise = random.Random(size).getrandbits(8 * size + 8).to_bytes(size + 1, "big")[:size]
    for data in (bytes(size), noise, b"ab" * (size // 2)):
        assert storage.retrieve(storage.store(data)) == data
        assert keyring.open(b"k", keyring.seal(b"k", data)) == data
        assert encryptor.decrypt(KEY, encryptor.encrypt(KEY, data, b""), b"") == data
        assert storage.retrieve_many(storage.store_many([data, data])) == [data, data]


def test_results_are_not_shared_objects(objects):
    """The memory of a result is a new bytes object, and never one that Python shares."""
    storage, _, keyring = objects
    for value in range(256):
        data = bytes([value])
        assert storage.retrieve(storage.store(data)) == data
        assert keyring.open("k", keyring.seal("k", data)) == data
        assert keyring.decrypt(keyring.encrypt(data, b""), b"") == data
    assert b"" == bytes(0) and [bytes([i])[0] for i in range(256)] == list(range(256))


def test_input_and_output_overlap():
    """What would read the bytes that it has just written refuses; what lies side by side is
    worked on."""
    data = b'{"id":1,"name":"Ada"}' * 20
    storage, keyring = ByteStorage(), Keyring(KEY, tenant="t")
    envelope, sealed = storage.store(data), keyring.seal("k", data)
    calls = {
        "store": (data, storage.store_into),
        "retrieve": (envelope, storage.retrieve_into),
        "seal": (data, lambda data, out: keyring.seal_into("k", data, out)),
        "open": (sealed, lambda data, out: keyring.open_into("k", data, out)),
        "seal, key": (b"k", lambda key, out: keyring.seal_into(key, data, out)),
        "open, key": (b"k", lambda key, out: keyring.open_into(key, sealed, out)),
        "compress": (data, cachekit_core.compress_into),
        "decompress": (envelope, cachekit_core.decompress_into),
    }
    for name, (given, call) in calls.items():
        size = len(given)
        memory = bytearray(2000)
        view = memoryview(memory)
        for start in (0, 1, 1000, 2000 - size):
            memory[start : start + size] = given
            with pytest.raises(InternalError, match="overlap"):
                call(view[start : start + size], view)
            with pytest.raises(InternalError, match="overlap"):
                call(view[start : start + size], view[start + size - 1 :])
            assert memory[start : start + size] == given, name
        memory[1000 : 1000 + size] = given
        assert call(view[1000 : 1000 + size], view[:1000]) > 0
        memory[1000 - size : 1000] = given
        assert call(view[1000 - size : 1000], view[1000:]) > 0
    out = bytearray(100)
    assert storage.store_into(memoryview(out)[10:10], out) > 0


@pytest.mark.skipif(not IS_CPYTHON, reason="PyPy has no signal in the middle of this")
def test_an_exception_in_the_middle_lets_go(monkeypatch):
    """As from a handler of a signal, between taking a buffer and noting that it is taken."""
    from cachekit_core import _buffers_cpython as buffers

    class Interrupted(list):
        def append(self, _):
            raise KeyboardInterrupt

        pop = append

    data = bytearray(10)
    with pytest.raises(KeyboardInterrupt):
        buffers.readable(data, "data", Interrupted())
    gc.collect()
    data.append(1)  # BufferError while it is held
