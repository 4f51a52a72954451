"""Uses the whole API: mypy --strict and pyright check it, and test_typing.py runs it."""

from __future__ import annotations

import mmap
from array import array
from typing import Any

import cachekit_core
from cachekit_core import ByteStorage, CachekitError, CacheMiss, Encryptor, Keyring, interop


def storage() -> None:
    with ByteStorage("json", level=2, max_payload=1 << 20) as made:
        envelope: bytes = made.store(b"data")
        made.store(bytearray(b"data"), "text")
        made.store(memoryview(b"data"), format=None)
        made.store(array("d", [1.0]))
        with mmap.mmap(-1, 10) as mapped:
            made.store(mapped)
        data: bytes = made.retrieve(envelope)
        out = bytearray(1000)
        written: int = made.store_into(data, out)
        read: int = made.retrieve_into(memoryview(out)[:written], out[: read_size(envelope)])
        results: list[bytes | CachekitError | None] = made.retrieve_many([envelope, None])
        made.store_many((data for _ in range(read)), "text")
        assert results[0] == data
        good: bool = made.validate(envelope)
        ratio: float = made.estimate_compression(data)
        made.level, made.max_payload = made.level + 1, made.max_payload // 2
        metrics: dict[str, Any] = made.metrics()
        text: str = made.metrics_text("name")
        closed: bool = made.closed
        assert good and ratio > 0 and metrics and text and not closed
    made.close()


def read_size(envelope: bytes) -> int:
    info: cachekit_core.EnvelopeInfo = cachekit_core.inspect(envelope)
    checksum: bytes = info.checksum
    format: str = info.format
    ratio: float = info.ratio
    assert checksum and format and ratio
    return info.original_size + info.compressed_size * 0


def encryptor() -> None:
    key: bytes = cachekit_core.generate_key()
    with Encryptor() as made:
        ciphertext: bytes = made.encrypt(key, b"data", b"aad")
        plaintext: bytes = made.decrypt(bytearray(key), ciphertext, memoryview(b"aad"))
        out = bytearray(100)
        written: int = made.encrypt_into(key, plaintext, b"aad", out)
        made.decrypt_into(key, out[:written], b"aad", bytearray(10))
        counter: int = made.counter
        worn: bool = made.rotation_needed
        made.metrics()
        made.metrics_text()
        assert counter == 2 and not worn


def keyring() -> None:
    keys = [cachekit_core.generate_key() for _ in range(3)]
    with Keyring(keys[0], tenant="acme", decrypt_only=keys[1:], level=3) as made:
        sealed: bytes = made.seal("users:1", b"data")
        data: bytes = made.open(b"users:1", sealed, "msgpack")
        both: tuple[bytes, int] = made.open_with_index("users:1", sealed)
        out = bytearray(1000)
        written: int = made.seal_into("users:1", data, out, format="json")
        made.open_into("users:1", out[:written], bytearray(10), format="json")
        entries = made.seal_many([("a", b"1"), ("b", None)])
        for key, entry in zip("ab", entries):
            if entry is None or isinstance(entry, CachekitError):
                continue
            opened: bytes = made.open(key, entry)
            assert opened == b"1"
        several = zip("ab", [sealed, None])
        first = made.open_many(several)[0]
        assert isinstance(first, CacheMiss)
        indexed: list[tuple[bytes, int] | CachekitError | None] = made.open_many_with_index([])
        aad = cachekit_core.aad("acme", "k", compressed=False, original_type=None)
        ciphertext: bytes = made.encrypt(data, aad)
        made.decrypt(ciphertext, aad)
        pair: tuple[bytes, int] = made.decrypt_with_index(ciphertext, aad)
        made.decrypt_at(0, ciphertext, aad)
        fingerprints: list[bytes] = made.fingerprints
        count: int = made.key_count
        assert both == (data, 0) and pair and not indexed and len(fingerprints) == count == 3
        assert made.counter > 0 and not made.rotation_needed
        made.seal_interop("k", b"\xc0")
        made.metrics()


def others() -> None:
    cachekit_core.start()
    path: str = cachekit_core.load()
    info: str = cachekit_core.build_info()
    version: str = cachekit_core.__version__
    assert path and info and version
    envelope: bytes = cachekit_core.compress(b"data")
    assert cachekit_core.decompress(envelope) == b"data"
    out = bytearray(cachekit_core.compressed_bound(4))
    cachekit_core.compress_into(b"data", out)
    cachekit_core.decompress_into(envelope, out)
    checksum: bytes = cachekit_core.checksum(b"data")
    assert cachekit_core.verify_checksum(b"data", checksum) is True
    cachekit_core.msgpack_check(b"\xc0")
    master: bytes = cachekit_core.parse_master_key("00" * 32)
    derived: bytes = cachekit_core.derive_key(master, b"salt", "domain")
    keys: cachekit_core.TenantKeys = cachekit_core.derive_tenant_keys(master, "acme")
    fingerprint: bytes = cachekit_core.key_fingerprint(keys.encryption)
    assert derived and fingerprint
    limit: int = cachekit_core.MAX_PAYLOAD_SIZE
    key: str = interop.key("users", "get_user", 42, limit, flag=True)
    document: bytes = interop.encode({"name": "Ada"})
    assert key and document
    try:
        cachekit_core.decompress(b"")
    except cachekit_core.InvalidEntryError as error:
        code: int = error.code
        name: str = error.name
        assert code == 1 and name


if __name__ == "__main__":
    storage()
    encryptor()
    keyring()
    others()
    print("typed")
