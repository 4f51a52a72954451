"""What a program may do wrong."""

import copy
import mmap
import pickle

import pytest

import cachekit_core
from cachekit_core import (
    ByteStorage,
    CacheMiss,
    Encryptor,
    EntryTooLargeError,
    InputTooLargeError,
    InvalidHandleError,
    InvalidInputError,
    InvalidKeyLengthError,
    Keyring,
    SaltTooLongError,
)

KEY = b"k" * 32
MIB = 1 << 20


def test_closed():
    storage, encryptor, keyring = ByteStorage(), Encryptor(), Keyring(KEY, tenant="t")
    sealed = keyring.seal("k", b"data")
    for closed in (storage, encryptor, keyring):
        assert not closed.closed and "closed" not in repr(closed)
        closed.close()
        closed.close()
        assert closed.closed and "closed" in repr(closed)
        with closed:
            pass
    calls = [
        lambda: storage.store(b""),
        lambda: storage.store_into(b"", bytearray(500)),
        lambda: storage.retrieve(b"x"),
        lambda: storage.retrieve_into(b"x", bytearray(5)),
        lambda: storage.store_many([b""]),
        lambda: storage.store_many([]),
        lambda: storage.store_many([None]),
        lambda: storage.retrieve_many([b"x"]),
        lambda: storage.validate(b"x"),
        lambda: storage.estimate_compression(b"x"),
        lambda: storage.metrics(),
        lambda: storage.metrics_text(),
        lambda: setattr(storage, "level", 2),
        lambda: setattr(storage, "max_payload", 2),
        lambda: encryptor.encrypt(KEY, b"", b""),
        lambda: encryptor.encrypt_into(KEY, b"", b"", bytearray(50)),
        lambda: encryptor.decrypt(KEY, bytes(40), b""),
        lambda: encryptor.decrypt_into(KEY, bytes(40), b"", bytearray(50)),
        lambda: encryptor.metrics(),
        lambda: keyring.seal("k", b""),
        lambda: keyring.seal_into("k", b"", bytearray(500)),
        lambda: keyring.open("k", sealed),
        lambda: keyring.open_with_index("k", sealed),
        lambda: keyring.open_into("k", sealed, bytearray(500)),
        lambda: keyring.seal_many([("k", b"")]),
        lambda: keyring.open_many([("k", sealed)]),
        lambda: keyring.open_many_with_index([("k", sealed)]),
        lambda: keyring.encrypt(b"", b""),
        lambda: keyring.decrypt(bytes(40), b""),
        lambda: keyring.decrypt_with_index(bytes(40), b""),
        lambda: keyring.decrypt_at(0, bytes(40), b""),
        lambda: keyring.seal_interop("k", b"\xc0"),
        lambda: keyring.open_interop("k", bytes(40)),
        lambda: keyring.fingerprints,
        lambda: keyring.metrics(),
        lambda: setattr(keyring, "level", 2),
    ]
    for call in calls:
        with pytest.raises(InvalidHandleError, match="closed"):
            call()
    assert (encryptor.counter, keyring.counter, keyring.key_count) == (0, 0, 0)


def test_context_managers_close():
    with ByteStorage() as storage:
        storage.store(b"x")
    assert storage.closed
    with pytest.raises(ZeroDivisionError), Keyring(KEY, tenant="t") as keyring:
        1 / 0  # noqa: B018
    assert keyring.closed


@pytest.mark.parametrize("data", ["s3cret", 5, None, 1.5, object(), [1, 2], {}])
def test_wrong_types(data, objects):
    storage, encryptor, keyring = objects
    calls = [
        lambda: storage.store(data),
        lambda: storage.store_into(data, bytearray(500)),
        lambda: storage.store_into(b"", data),
        lambda: storage.retrieve(data),
        lambda: storage.validate(data),
        lambda: storage.estimate_compression(data),
        lambda: encryptor.encrypt(data, b"", b""),
        lambda: encryptor.encrypt(KEY, data, b""),
        lambda: encryptor.encrypt(KEY, b"", data),
        lambda: encryptor.decrypt(KEY, data, b""),
        lambda: keyring.seal("k", data),
        lambda: keyring.open("k", data),
        lambda: keyring.encrypt(data, b""),
        lambda: keyring.decrypt(bytes(40), data),
        lambda: keyring.seal_interop("k", data),
        lambda: keyring.open_interop("k", data),
        lambda: cachekit_core.checksum(data),
        lambda: cachekit_core.verify_checksum(b"", data),
        lambda: cachekit_core.compress(data),
        lambda: cachekit_core.decompress(data),
        lambda: cachekit_core.inspect(data),
        lambda: cachekit_core.msgpack_check(data),
        lambda: cachekit_core.derive_key(data, "s", "d"),
        lambda: cachekit_core.key_fingerprint(data),
        lambda: Keyring(data, tenant="t"),
        lambda: Keyring(KEY, tenant="t", decrypt_only=[data]),
    ]
    if data is not None:
        calls += [
            lambda: storage.store_many([b"", data]),
            lambda: storage.retrieve_many([data]),
            lambda: keyring.seal_many([("k", data)]),
            lambda: keyring.open_many([("k", data)]),
        ]
    for call in calls:
        with pytest.raises(TypeError) as caught:
            call()
        assert "s3cret" not in str(caught.value)
        if isinstance(data, str):
            assert "encode it first" in str(caught.value)


def test_other_wrong_types(objects):
    storage, encryptor, keyring = objects
    for call in (
        lambda: storage.store(b"", 5),
        lambda: storage.store(b"", b"msgpack"),
        lambda: keyring.seal(5, b""),
        lambda: keyring.seal(None, b""),
        lambda: keyring.seal("k", b"", b"json"),
        lambda: keyring.open(5, b""),
        lambda: keyring.seal_interop(b"k", b"\xc0"),
        lambda: keyring.decrypt_at("0", bytes(40), b""),
        lambda: keyring.open_many(5),
        lambda: keyring.open_many([5]),
        lambda: storage.store_many(5),
        lambda: ByteStorage(b"json"),
        lambda: ByteStorage(level="9"),
        lambda: ByteStorage(max_payload=1.5),
        lambda: Keyring(KEY, tenant=5),
        lambda: Keyring(KEY, tenant="t", decrypt_only=KEY),
        lambda: Keyring(KEY),
        lambda: Encryptor(5),
        lambda: cachekit_core.compressed_bound(1.5),
        lambda: cachekit_core.aad(5, "k"),
        lambda: cachekit_core.aad("t", "k", 5),
        lambda: cachekit_core.parse_master_key(b"00" * 32),
        lambda: keyring.metrics_text(5),
    ):
        with pytest.raises(TypeError):
            call()


def test_views_that_are_not_contiguous(objects):
    storage, encryptor, keyring = objects
    data = memoryview(bytes(100))[::2]
    for call in (
        lambda: storage.store(data),
        lambda: storage.retrieve(data),
        lambda: storage.store_many([data]),
        lambda: encryptor.encrypt(KEY, data, b""),
        lambda: keyring.seal("k", data),
        lambda: keyring.open("k", data),
        lambda: keyring.seal(data, b""),
        lambda: keyring.open_many([("k", data)]),
        lambda: cachekit_core.compress(data),
    ):
        with pytest.raises(BufferError):
            call()
    released = memoryview(b"data")
    released.release()
    with pytest.raises(ValueError, match="released"):
        storage.store(released)


def test_text_that_is_not_utf8(objects):
    storage, _, keyring = objects
    for bad in ("\ud800", "a\udfffb"):
        for call in (
            lambda bad=bad: storage.store(b"", bad),
            lambda bad=bad: ByteStorage(bad),
            lambda bad=bad: storage.store_many([], bad),
            lambda bad=bad: keyring.seal(bad, b""),
            lambda bad=bad: keyring.seal("k", b"", bad),
            lambda bad=bad: keyring.open(bad, b""),
            lambda bad=bad: keyring.open("k", b"", bad),
            lambda bad=bad: keyring.open_many([], bad),
            lambda bad=bad: keyring.seal_interop(bad, b"\xc0"),
            lambda bad=bad: keyring.metrics_text(bad),
            lambda bad=bad: Keyring(KEY, tenant=bad),
            lambda bad=bad: Keyring.from_env(bad),
            lambda bad=bad: cachekit_core.derive_key(KEY, bad, "d"),
            lambda bad=bad: cachekit_core.aad("t", bad),
            lambda bad=bad: cachekit_core.parse_master_key(bad),
        ):
            with pytest.raises(InvalidInputError, match="UTF-8") as caught:
                call()
            assert not isinstance(caught.value, CacheMiss)


def test_nul(objects):
    storage, _, keyring = objects
    for call in (
        lambda: storage.store(b"", "a\0b"),
        lambda: ByteStorage("\0"),
        lambda: keyring.seal("k", b"", "a\0"),
        lambda: keyring.open("k", b"", "a\0"),
        lambda: keyring.open_many([], "a\0"),
        lambda: keyring.seal_interop("a\0", b"\xc0"),
        lambda: keyring.open_interop("a\0", bytes(40)),
        lambda: keyring.metrics_text("a\0"),
        lambda: cachekit_core.aad("t", "k", "a\0"),
        lambda: cachekit_core.aad("t", "k", original_type="a\0"),
        lambda: cachekit_core.parse_master_key("00" * 32 + "\0"),
    ):
        with pytest.raises(InvalidInputError, match="NUL") as caught:
            call()
        assert not isinstance(caught.value, CacheMiss)
    # A cache key and a tenant are bytes of any kind.
    assert keyring.open("a\0b", keyring.seal(b"a\0b", b"data")) == b"data"
    with pytest.raises(CacheMiss):
        keyring.open("a", keyring.seal("a\0b", b"data"))


def test_names_that_are_too_long(objects):
    storage, _, keyring = objects
    for call in (
        lambda: storage.store(b"", "f" * (MIB + 1)),
        lambda: ByteStorage("f" * (MIB + 1)),
        lambda: storage.store_many([], "f" * (MIB + 1)),
        lambda: keyring.seal("k" * (MIB + 1), b""),
        lambda: keyring.seal("k", b"", "é" * (MIB // 2 + 1)),
        lambda: keyring.open("k" * (MIB + 1), b""),
        lambda: keyring.open("k", b"", "f" * (MIB + 1)),
        lambda: keyring.seal_interop("k" * 195, b"\xc0"),
        lambda: keyring.open_interop("k" * 195, bytes(40)),
    ):
        with pytest.raises(InputTooLargeError, match=r"limit|at most|more than") as caught:
            call()
        assert not isinstance(caught.value, CacheMiss)
    longest = "k" * MIB
    assert keyring.open(longest, keyring.seal(longest, b"data", longest), longest) == b"data"
    with pytest.raises(SaltTooLongError):
        Keyring(KEY, tenant="t" * 1025)


def test_bad_entries_are_misses(objects):
    storage, encryptor, keyring = objects
    sealed = keyring.seal("k", b"data" * 100)
    flipped = bytearray(sealed)
    flipped[-1] ^= 1
    for call in (
        lambda: storage.retrieve(b""),
        lambda: storage.retrieve(sealed),
        lambda: storage.retrieve_into(b"", bytearray(5)),
        lambda: encryptor.decrypt(KEY, b"", b""),
        lambda: encryptor.decrypt(KEY, bytes(27), b""),
        lambda: encryptor.decrypt_into(KEY, bytes(27), b"", bytearray(5)),
        lambda: keyring.open("k", b""),
        lambda: keyring.open("other", sealed),
        lambda: keyring.open("k", sealed, "json"),
        lambda: keyring.open("k", flipped),
        lambda: keyring.open("k", sealed[:-1]),
        lambda: keyring.open_into("k", b"", bytearray(5)),
        lambda: keyring.decrypt(bytes(27), b""),
        lambda: keyring.decrypt_at(0, bytes(27), b""),
        lambda: keyring.open_interop("k", bytes(27)),
        lambda: keyring.open_interop("k", sealed),
        lambda: cachekit_core.decompress(b"x"),
        lambda: cachekit_core.decompress_into(b"x", bytearray(5)),
        lambda: cachekit_core.inspect(b"x"),
        lambda: cachekit_core.msgpack_check(b""),
    ):
        with pytest.raises(CacheMiss):
            call()
    # What was encrypted for this place, and is not an envelope or not of this format.
    for plaintext in (b"junk", storage.store(b"data", "json")):
        aad = cachekit_core.aad("t", "k", "msgpack", True)
        with pytest.raises(CacheMiss):
            keyring.open("k", keyring.encrypt(plaintext, aad))
    aad = cachekit_core.aad("t", "k", "msgpack", False)
    with pytest.raises(CacheMiss):
        keyring.open_interop("k", keyring.encrypt(b"\xc1", aad))


def test_own_arguments_are_no_misses(objects):
    _, encryptor, keyring = objects
    for call in (
        lambda: encryptor.decrypt(b"short", bytes(40), b""),
        lambda: keyring.decrypt_at(1, bytes(40), b""),
        lambda: keyring.decrypt_at(-1, bytes(40), b""),
        lambda: keyring.decrypt_at(1 << 70, bytes(40), b""),
        lambda: cachekit_core.verify_checksum(b"", b"short"),
        lambda: cachekit_core.compressed_bound(-1),
        lambda: cachekit_core.compressed_bound((1 << 64) + 5),
        lambda: Keyring(b"short", tenant="t"),
        lambda: Keyring(KEY, tenant=""),
        lambda: Keyring(KEY, tenant="t", decrypt_only=[KEY]),
        lambda: Keyring(KEY, tenant="t", decrypt_only=[bytes([i]) * 32 for i in range(4)]),
        lambda: keyring.seal_interop("k", b"not one document"),
        lambda: cachekit_core.parse_master_key("00" * 31),
        lambda: cachekit_core.parse_master_key("zz" * 32),
        lambda: cachekit_core.parse_master_key(""),
        lambda: cachekit_core.derive_key(KEY, "", "d"),
    ):
        with pytest.raises((InvalidInputError, InvalidKeyLengthError)) as caught:
            call()
        assert not isinstance(caught.value, CacheMiss)


def test_an_environment_without_keys(monkeypatch):
    monkeypatch.delenv("CACHEKIT_MASTER_KEY", raising=False)
    with pytest.raises(InvalidInputError, match="CACHEKIT_MASTER_KEY"):
        Keyring.from_env()
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", "00" * 31)
    with pytest.raises(InvalidKeyLengthError):
        Keyring.from_env()
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", "01" * 32)
    monkeypatch.setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", " {} , ".format("02" * 32))
    keyring = Keyring.from_env("acme", level=2, max_payload=100)
    assert (keyring.key_count, keyring.level, keyring.max_payload) == (2, 2, 100)
    older = Keyring(b"\2" * 32, tenant=b"acme")
    assert keyring.fingerprints[1] == older.fingerprints[0]
    assert keyring.open_with_index("k", older.seal("k", b"data")) == (b"data", 1)


def test_errors_hold_no_secrets(objects):
    _, encryptor, keyring = objects
    secret = "5ecre7-5ecre7-5ecre7"
    for call in (
        lambda: cachekit_core.parse_master_key(secret),
        lambda: Keyring(secret.encode()[:10], tenant="t"),
        lambda: encryptor.decrypt(secret.encode(), bytes(40), b""),
        lambda: keyring.open(secret, bytes(40)),
        lambda: keyring.seal(secret, secret),
        lambda: keyring.seal_interop("k", secret.encode()),
        lambda: cachekit_core.parse_master_key(secret + "\ud800"),
    ):
        with pytest.raises((cachekit_core.CachekitError, TypeError)) as caught:
            call()
        shown = caught.getrepr(style="native", chain=True).reprcrash.message
        assert "5ecre7" not in shown and "5ecre7" not in str(caught.value)
        assert caught.value.__cause__ is None
    assert repr(cachekit_core.derive_tenant_keys(KEY, "t")) == "TenantKeys(...)"
    assert repr(keyring) == "<Keyring>"


def test_huge(objects):
    """More than the limit, of which no byte is looked at: the memory is never there."""
    storage, encryptor, keyring = objects
    with mmap.mmap(-1, 600 * MIB, flags=mmap.MAP_PRIVATE) as data:
        for call in (
            lambda: storage.store(data),
            lambda: storage.store_into(data, bytearray(5)),
            lambda: storage.estimate_compression(data),
            lambda: encryptor.encrypt(KEY, data, b""),
            lambda: keyring.seal("k", data),
            lambda: keyring.encrypt(data, b""),
            lambda: cachekit_core.compress(data),
        ):
            with pytest.raises(InputTooLargeError) as caught:
                call()
            assert not isinstance(caught.value, CacheMiss)
        for call in (
            lambda: storage.retrieve(data),
            lambda: encryptor.decrypt(KEY, data, b""),
            lambda: keyring.open("k", data),
            lambda: keyring.decrypt(data, b""),
            lambda: keyring.decrypt_at(0, data, b""),
            lambda: keyring.open_interop("k", data),
            lambda: cachekit_core.decompress(data),
            lambda: cachekit_core.inspect(data),
        ):
            with pytest.raises(EntryTooLargeError):
                call()
        (result,) = storage.store_many([data])
        assert type(result) is InputTooLargeError
        (result,) = keyring.open_many([("k", data)])
        assert type(result) is EntryTooLargeError


def test_limits(objects):
    storage = ByteStorage(max_payload=1000)
    assert storage.max_payload == 1000
    assert storage.retrieve(storage.store(bytes(1000))) == bytes(1000)
    with pytest.raises(InputTooLargeError) as caught:
        storage.store(bytes(1001))
    assert not isinstance(caught.value, CacheMiss)
    with pytest.raises(EntryTooLargeError):
        storage.retrieve(ByteStorage().store(bytes(1001)))
    storage.max_payload = 2000
    assert (
        storage.max_payload == 2000
        and len(storage.retrieve(storage.store(bytes(2000)))) == 2000
    )
    keyring = Keyring(KEY, tenant="t", max_payload=1000, level=9)
    assert (keyring.level, keyring.max_payload) == (9, 1000)
    with pytest.raises(InputTooLargeError):
        keyring.seal("k", bytes(1001))
    with pytest.raises(EntryTooLargeError):
        keyring.open("k", objects[2].seal("k", bytes(1001)))
    for bad in (0, -1, 512 * MIB + 1, 1 << 64):
        for call in (
            lambda bad=bad: setattr(storage, "max_payload", bad),
            lambda bad=bad: ByteStorage(max_payload=bad),
            lambda bad=bad: Keyring(KEY, tenant="t", max_payload=bad),
        ):
            with pytest.raises(InvalidInputError):
                call()
    assert storage.max_payload == 2000


def test_levels():
    data = b"".join(b'{"id":%d,"name":"user %d"}' % (i * 7919 % 1000, i) for i in range(2000))
    sizes = []
    storage, keyring = ByteStorage(), Keyring(KEY, tenant="t")
    assert storage.level == keyring.level == 1
    for level in range(1, 10):
        storage.level = keyring.level = level
        assert storage.level == keyring.level == level
        envelope, sealed = storage.store(data), keyring.seal("k", data)
        assert ByteStorage(level=level).store(data) == envelope
        assert storage.retrieve(envelope) == data and keyring.open("k", sealed) == data
        assert len(sealed) == len(envelope) + 28
        sizes.append(len(envelope))
    assert sizes[-1] < sizes[0]
    for bad in (0, -1, 10, 1 << 40):
        for call in (
            lambda bad=bad: setattr(storage, "level", bad),
            lambda bad=bad: ByteStorage(level=bad),
            lambda bad=bad: setattr(keyring, "level", bad),
            lambda bad=bad: Keyring(KEY, tenant="t", level=bad),
        ):
            with pytest.raises(InvalidInputError):
                call()
    assert storage.level == keyring.level == 9


def test_no_copies(objects):
    for thing in objects:
        for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="belongs to its process"):
                attempt(thing)


def test_formats():
    storage = ByteStorage("json")
    assert cachekit_core.inspect(storage.store(b"x")).format == "json"
    assert cachekit_core.inspect(storage.store(b"x", "é")).format == "é"
    assert cachekit_core.inspect(storage.store(b"x", "")).format == ""
    assert cachekit_core.inspect(ByteStorage(None).store(b"x")).format == "msgpack"
    longest = "f" * MIB
    assert cachekit_core.inspect(ByteStorage(longest).store(b"x")).format == longest
    info = cachekit_core.inspect(cachekit_core.compress(bytes(1000)))
    assert info.ratio == 1000 / info.compressed_size


def test_subclasses_of_str():
    """A cache key is its text, whatever a class below str makes of it."""

    class Loud(str):
        def encode(self, *_):
            raise AssertionError("a subclass has no say")

    with Keyring(KEY, tenant=Loud("t")) as keyring:
        sealed = keyring.seal(Loud("k"), b"data", Loud("json"))
        assert keyring.open("k", sealed, "json") == b"data"
        assert keyring.open_many([(Loud("k"), sealed)], Loud("json")) == [b"data"]
