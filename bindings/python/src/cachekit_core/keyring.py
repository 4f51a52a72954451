"""Keyring: compresses, encrypts and binds a value to its cache key in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import byref, c_char, c_size_t, c_void_p
from typing import Any, TypeVar

from . import _library
from ._arguments import c_string, name_pointer
from ._buffers import address, allocate, readable, release, taken
from ._declarations import (
    DEFAULT_LEVEL,
    FINGERPRINT_SIZE,
    INPUT_TOO_LARGE,
    INTEROP_KEY_BUFFER_SIZE,
    INVALID_INPUT,
)
from ._error import CachekitError, check, error_for
from ._handle import Compresses, Encrypts
from ._native import (
    keyring_decrypt,
    keyring_decrypt_with_index,
    keyring_encrypt,
    keyring_open,
    keyring_open_into,
    keyring_open_many,
    keyring_open_with_index,
    keyring_seal,
    keyring_seal_into,
    keyring_seal_many,
)
from ._plain import decrypted_size, encrypted_size, made
from ._types import Data, Items, Name

__all__ = ["Keyring"]

_K = TypeVar("_K", bound="Keyring")


class Keyring(Compresses, Encrypts):
    """One tenant's keys: seals values for their place in the cache, and opens the entries.

    The current master key encrypts; up to three earlier ones, decrypt_only, still open what
    they sealed. One object is enough for a tenant; every thread may use it at the same time.

    Every method may also raise InvalidHandleError (closed), ForkedError (this process was
    forked after the library had been used), OutOfMemoryError or MemoryError, and
    TypeError, BufferError or (numpy) ValueError for data that is not a C-contiguous buffer.
    What encrypts gives RotationNeededWarning from 2^31 encryptions on, and raises
    CounterExhaustedError after 2^32: make a new keyring then, which may have the same keys.
    """

    __slots__ = ()
    _KIND = "keyring"

    def __init__(
        self,
        master: Data,
        *,
        tenant: Name,
        decrypt_only: Sequence[Data] = (),
        level: int = DEFAULT_LEVEL,
        max_payload: int | None = None,
    ) -> None:
        """Makes the keyring of a tenant.

        master is the current master key, 16 bytes or more, 32 advised; decrypt_only up to
        three earlier ones, the latest first. They are not kept: the keys of the tenant are
        derived from them. tenant has 1 to 1024 bytes. level and max_payload (bytes) are as
        for ByteStorage; max_payload also limits what is opened, encrypted and decrypted.

        Raises InvalidKeyLengthError, SaltTooLongError (tenant), InvalidInputError (no tenant,
        too many keys, or the current one among the others), RngFailureError.
        """
        views: list[Any] = []
        try:
            current, current_size = readable(master, "master", views)
            if isinstance(decrypt_only, (bytes, bytearray, memoryview, str)):
                raise TypeError("decrypt_only: a sequence of keys is needed, not one key")
            others = [readable(key, "decrypt_only", views) for key in decrypt_only]
            pointers = (c_void_p * len(others))()
            sizes = (c_size_t * len(others))()
            for i, (pointer, size) in enumerate(others):
                pointers[i] = address(pointer)
                sizes[i] = size
            name, name_size = name_pointer(tenant, "tenant", views)
            handle = c_void_p()
            check(
                _library.held().keyring_new(
                    current, current_size, pointers, sizes, len(others), name, name_size,
                    byref(handle),
                )
            )  # fmt: skip
        finally:
            release(views)
        self._made(handle, level, max_payload)

    @classmethod
    def from_env(
        cls: type[_K],
        tenant: Name = "default",
        *,
        level: int = DEFAULT_LEVEL,
        max_payload: int | None = None,
    ) -> _K:
        """Makes a keyring with the master keys of the environment: CACHEKIT_MASTER_KEY, 64
        hexadecimal digits or more, and CACHEKIT_PREVIOUS_MASTER_KEYS, up to three decrypt-only
        keys of that form with commas between them, which need not be set.

        Must not be called while another thread changes the environment. Raises
        InvalidInputError if the first is not set or one is not such a key,
        InvalidKeyLengthError for fewer digits.
        """
        keyring = cls.__new__(cls)
        views: list[Any] = []
        try:
            name, name_size = name_pointer(tenant, "tenant", views)
            handle = c_void_p()
            check(_library.held().keyring_from_env(name, name_size, byref(handle)))
        finally:
            release(views)
        keyring._made(handle, level, max_payload)
        return keyring

    def _made(self, handle: c_void_p, level: int, max_payload: int | None) -> None:
        assert handle.value is not None
        self._own(handle.value)
        self._limit(level, max_payload)

    def seal(self, cache_key: Name, data: Data, format: str = "msgpack") -> bytes:
        """Compresses and encrypts data, bound to the tenant, the cache key and the format,
        which says what data is. Copied to another cache key, the entry does not open.

        Raises InputTooLargeError for data above max_payload bytes, or a cache key or format
        above 1 MiB; InvalidInputError for text that is not UTF-8.
        """
        return keyring_seal(self._handle, cache_key, data, format)

    def seal_into(self, cache_key: Name, data: Data, out: Data, format: str = "msgpack") -> int:
        """Seals into out, a writable buffer, and returns the length in bytes.
        It takes compressed_bound(len(data)) + len(format) + 28 bytes, however short the result.

        Raises what seal does, BufferTooSmallError, whose text says a size that is enough for
        all data of this length, and InternalError if out overlaps with data or cache_key.
        """
        return keyring_seal_into(self._handle, cache_key, data, format, out)

    def open(self, cache_key: Name, sealed: Data, format: str = "msgpack") -> bytes:
        """Opens what seal made for the same tenant, cache key and format.

        Raises a CacheMiss for an entry that does not open.
        """
        return keyring_open(self._handle, cache_key, sealed, format)

    def open_with_index(
        self, cache_key: Name, sealed: Data, format: str = "msgpack"
    ) -> tuple[bytes, int]:
        """open, and the index of the key that opened the entry. Above 0 it was an earlier
        one: seal the value again."""
        return keyring_open_with_index(self._handle, cache_key, sealed, format)

    def open_into(
        self, cache_key: Name, sealed: Data, out: Data, format: str = "msgpack"
    ) -> int:
        """Opens into out, a writable buffer, and returns the length in bytes.

        Raises what open does, InternalError if out overlaps with sealed or cache_key, and
        BufferTooSmallError, whose text says the size needed: that is known only after
        decryption, which the next call does again.
        """
        return keyring_open_into(self._handle, cache_key, sealed, format, out)[0]

    def seal_many(
        self, items: Items, format: str = "msgpack"
    ) -> list[bytes | CachekitError | None]:
        """seal for many in one call. items are pairs of a cache key and data, or a mapping of
        them. The list has for each its entry, None for None, or the exception, not raised, of
        one that failed on its own."""
        return keyring_seal_many(self._handle, _pairs(items), format)

    def open_many(
        self, items: Items, format: str = "msgpack"
    ) -> list[bytes | CachekitError | None]:
        """open for many in one call. items are pairs of a cache key and an entry, such as
        ``zip(keys, redis.mget(keys))``, or a mapping of them. The list has for each its data, None for None (not in
        the cache), or the exception, not raised, of one that failed on its own. A result
        that is not bytes is a miss."""
        return keyring_open_many(self._handle, _pairs(items), format, False)

    def open_many_with_index(
        self, items: Items, format: str = "msgpack"
    ) -> list[tuple[bytes, int] | CachekitError | None]:
        """open_many with pairs of the data and the index of the key that opened the entry:
        see open_with_index."""
        return keyring_open_many(self._handle, _pairs(items), format, True)

    def encrypt(self, plaintext: Data, aad: Data) -> bytes:
        """Encrypts with the current key, without compression: see Encryptor.encrypt. The aad
        that binds an entry to its place is what aad() makes."""
        return keyring_encrypt(self._handle, plaintext, aad)

    def decrypt(self, ciphertext: Data, aad: Data) -> bytes:
        """Decrypts with the current key, then with the others in order. Raises a CacheMiss if
        none of them fits."""
        return keyring_decrypt(self._handle, ciphertext, aad)

    def decrypt_with_index(self, ciphertext: Data, aad: Data) -> tuple[bytes, int]:
        """decrypt, and the index of the key that succeeded."""
        return keyring_decrypt_with_index(self._handle, ciphertext, aad)

    def decrypt_at(self, index: int, ciphertext: Data, aad: Data) -> bytes:
        """Decrypts with the key at index and no other, for who keeps a fingerprint beside the
        ciphertext. Raises InvalidInputError if there is no such index, and a CacheMiss."""
        self._check_index(index)
        views: list[Any] = []
        try:
            pointer, size = readable(ciphertext, "ciphertext", views)
            aadp, aad_size = readable(aad, "aad", views)
            call = _library.functions(size).keyring_decrypt_at
            room = decrypted_size(size)
            return made(call, True, room, self._handle, index, aadp, aad_size, pointer, size)
        finally:
            release(views)

    def _check_index(self, index: int) -> None:
        # Here, since the library's code would be that of a bad ciphertext.
        if not isinstance(index, int):
            raise TypeError(f"index: int is needed, not {type(index).__name__}")
        count = self.key_count
        if count and not 0 <= index < count:
            raise error_for(INVALID_INPUT, f"index {index}, of {count} keys")

    @property
    def key_count(self) -> int:
        """The number of keys, 1 to 4; 0 if closed."""
        count: int = _library.held().keyring_key_count(self._handle)
        return count

    @property
    def fingerprints(self) -> list[bytes]:
        """For each key, the current one first, 16 bytes that tell it from others without
        revealing it."""
        found = []
        for index in range(self.key_count or 1):
            out = (c_char * FINGERPRINT_SIZE)()
            check(_library.held().keyring_fingerprint(self._handle, index, out))
            found.append(out.raw)
        return found

    def seal_interop(self, interop_key: str, value: Data) -> bytes:
        """Encrypts a value, one MessagePack document, for the key that interop.key made.
        interop.seal takes Python values instead.

        Raises InvalidInputError if it is not one document, InputTooLargeError for a key above
        194 bytes.
        """
        key = _interop_key(interop_key)
        views: list[Any] = []
        try:
            pointer, size = readable(value, "value", views)
            call = _library.functions(size).keyring_seal_interop
            return made(call, False, encrypted_size(size), self._handle, key, pointer, size)
        finally:
            release(views)

    def open_interop(self, interop_key: str, sealed: Data) -> bytes:
        """Decrypts such a value, which is one well-formed MessagePack document.

        Raises a CacheMiss for an entry that does not open.
        """
        return self.open_interop_with_index(interop_key, sealed)[0]

    def open_interop_with_index(self, interop_key: str, sealed: Data) -> tuple[bytes, int]:
        """open_interop, and the index of the key that opened the entry: see
        open_with_index."""
        key = _interop_key(interop_key)
        views: list[Any] = []
        try:
            pointer, size = readable(sealed, "sealed", views)
            used, index = c_size_t(decrypted_size(size)), c_size_t()
            out = allocate(used.value)
            check(
                _library.functions(size).keyring_open_interop(
                    self._handle, key, pointer, size, out, byref(used), byref(index)
                ),
                True,
            )
            return taken(out, used.value), index.value
        finally:
            release(views)


def _pairs(items: Items) -> list[Any]:
    return list(items.items() if isinstance(items, Mapping) else items)


def _interop_key(interop_key: str) -> bytes:
    key = c_string(interop_key, "interop key")
    if len(key) >= INTEROP_KEY_BUFFER_SIZE:
        raise error_for(
            INPUT_TOO_LARGE,
            f"interop key: {len(key)} bytes, the limit is {INTEROP_KEY_BUFFER_SIZE - 1}",
        )
    return key
