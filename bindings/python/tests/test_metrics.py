"""Metrics, as a dict and as text."""

import pytest

import cachekit_core
from cachekit_core import ByteStorage, Encryptor, InputTooLargeError, InvalidInputError, Keyring

KEY = b"k" * 32
COUNTS = {
    "operations",
    "errors",
    "bytes_in",
    "bytes_out",
    "timed_operations",
    "total_ns",
    "last_ns",
}
OPERATIONS = {"store", "retrieve", "encrypt", "decrypt"}


def test_storage():
    storage = ByteStorage()
    zeros = storage.metrics()
    assert set(zeros) == OPERATIONS | {"last_compression_ratio", "hardware_accelerated"}
    for operation in OPERATIONS:
        assert zeros[operation] == dict.fromkeys(COUNTS, 0)
    data = bytes(100_000)
    envelope = storage.store(data)
    storage.retrieve(envelope)
    with pytest.raises(cachekit_core.CacheMiss):
        storage.retrieve(b"junk")
    storage.store_many([data, data])
    found = storage.metrics()
    assert found["store"]["operations"] == 3 and found["store"]["errors"] == 0
    assert found["store"]["bytes_in"] == 300_000
    assert found["store"]["bytes_out"] == 3 * len(envelope)
    assert found["store"]["timed_operations"] >= 1 and found["store"]["total_ns"] > 0
    assert found["retrieve"]["operations"] == 2 and found["retrieve"]["errors"] == 1
    assert found["last_compression_ratio"] == pytest.approx(100_000 / len(envelope), rel=0.2)


def test_encryptor_and_keyring():
    encryptor, keyring = Encryptor(), Keyring(KEY, tenant="t")
    encryptor.encrypt(KEY, b"x" * 10, b"")
    assert encryptor.metrics()["encrypt"]["bytes_out"] == 38
    assert (
        encryptor.metrics()["hardware_accelerated"]
        == cachekit_core.hardware_acceleration_enabled()
    )
    keyring.open("k", keyring.seal("k", b"data"))
    found = keyring.metrics()
    assert all(found[operation]["operations"] == 1 for operation in OPERATIONS)
    assert (encryptor.counter, keyring.counter) == (1, 1)
    assert not encryptor.rotation_needed and not keyring.rotation_needed


def test_text():
    storage, encryptor, keyring = ByteStorage(), Encryptor(), Keyring(KEY, tenant="t")
    storage.store(b"x")
    lines = storage.metrics_text("orders").splitlines()
    assert 'cachekit_operations_total{name="orders",operation="store"} 1' in lines
    assert (
        'cachekit_operations_total{operation="store"} 1' in storage.metrics_text().splitlines()
    )
    assert storage.metrics_text() == storage.metrics_text("")
    for thing in (encryptor, keyring):
        assert '{name="é\\"",operation="encrypt"} 0' in thing.metrics_text('é"')
    with pytest.raises(InputTooLargeError):
        storage.metrics_text("x" * 1025)
    assert len(storage.metrics_text("\n" * 1024)) > 1024
    with pytest.raises(InvalidInputError):
        storage.metrics_text("\ud800")


def test_build_info():
    assert cachekit_core.build_info().startswith("go")
    cachekit_core.start()
    cachekit_core.start()
