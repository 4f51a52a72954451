"""Nothing is left behind: handles, memory and references."""

import gc
import os
import sys
import weakref

import pytest
from support import IS_CPYTHON

import cachekit_core
from cachekit_core import ByteStorage, CachekitError, Encryptor, Keyring

KEY = b"k" * 32
MIB = 1 << 20


def resident():
    """The memory of this process, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(work, times):
    """By how many bytes the memory grew, beyond what the first turns take."""
    for _ in range(times // 10):
        work()
    gc.collect()
    before = resident()
    for _ in range(times):
        work()
    gc.collect()
    return resident() - before


measured = pytest.mark.skipif(
    not IS_CPYTHON, reason="PyPy's memory grows and shrinks as it likes"
)


@measured
@pytest.mark.parametrize("how", ["closed", "left"])
def test_handles(how):
    def work():
        for made in (ByteStorage(), Encryptor(), Keyring(KEY, tenant="t")):
            if how == "closed":
                made.close()

    # 100,000 handles; each takes more than 64 bytes of the library's and of Python's.
    assert growth(work, 33_334) < 2 * MIB


@measured
def test_calls():
    storage, encryptor, keyring = ByteStorage(), Encryptor(), Keyring(KEY, tenant="t")
    data, out = bytearray(b"data " * 20), bytearray(500)
    envelope, sealed = storage.store(data), keyring.seal("k", data)
    ciphertext = encryptor.encrypt(KEY, data, b"")

    def work():
        storage.store(data)
        storage.store_into(data, out)
        storage.retrieve(envelope)
        encryptor.encrypt(KEY, data, b"a")
        encryptor.decrypt(KEY, ciphertext, b"")
        keyring.seal("k", data, "json")
        keyring.open("k", sealed)
        keyring.open_with_index(b"k", sealed)
        keyring.open_many([("k", sealed), ("k", None)])
        cachekit_core.checksum(data)

    assert growth(work, 10_000) < 2 * MIB


@measured
def test_failing_calls():
    storage, keyring = ByteStorage(), Keyring(KEY, tenant="t")
    bad = bytearray(b"not an entry")

    def work():
        for call in (
            lambda: storage.retrieve(bad),
            lambda: storage.store(b"", "a\0"),
            lambda: storage.store(5),
            lambda: keyring.open("k", bad),
            lambda: keyring.seal("\ud800", b""),
            lambda: keyring.seal_many([("k", b""), ("k", 5)]),
        ):
            try:
                call()
            except (CachekitError, TypeError):
                continue
            raise AssertionError("it should have failed")
        keyring.open_many([("k", bad)] * 3)

    assert growth(work, 10_000) < 2 * MIB


@pytest.mark.skipif(not IS_CPYTHON, reason="counts references")
def test_references():
    storage, keyring = ByteStorage(), Keyring(KEY, tenant="t")
    data, format, name, out = b"data" * 10, "json" * 2, "key" * 2, bytearray(500)
    sealed = keyring.seal(name, data, format)
    items = [(name, sealed), (name, data), (name, None)]

    def counts():
        return [sys.getrefcount(thing) for thing in (data, format, name, out, sealed, items)]

    before = counts()
    for _ in range(1000):
        storage.store(data, format)
        storage.store_into(data, out, format)
        keyring.seal(name, data, format)
        keyring.open(name, sealed, format)
        keyring.open_into(name, sealed, out, format)
        keyring.open_many(items, format)
        keyring.seal_many(items, format)
        try:
            keyring.open(name, data, format)
        except CachekitError:
            pass
    assert counts() == before


def test_objects_die():
    for make in (ByteStorage, Encryptor, lambda: Keyring(KEY, tenant="t")):
        thing = make()
        ref = weakref.ref(thing)
        del thing
        gc.collect()
        gc.collect()
        assert ref() is None


def test_constructors_that_fail_leave_no_handle():
    for make in (
        lambda: ByteStorage(level=99),
        lambda: ByteStorage(max_payload=0),
        lambda: Keyring(KEY, tenant="t", level=99),
        lambda: Keyring(b"short", tenant="t"),
    ):
        with pytest.raises(CachekitError):
            make()
    never = ByteStorage.__new__(ByteStorage)
    with pytest.raises(cachekit_core.InvalidHandleError):
        never.store(b"")
    never.close()
