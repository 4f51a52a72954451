"""Keys: making, reading and deriving them, and the AAD that binds an entry to its place.

They are returned as bytes, which Python cannot wipe: keep them no longer than you need. A
bytearray that you pass as a key can be overwritten afterwards.

Every function may be called from any thread, and may also raise ForkedError (this process was
forked after the library had been used), and TypeError, BufferError or (numpy)
ValueError for wrong types.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_size_t
from typing import Any, NamedTuple

from . import _declarations, _library
from ._arguments import c_string, name_pointer
from ._buffers import readable, release
from ._declarations import FINGERPRINT_SIZE, KEY_SIZE
from ._error import check
from ._types import Data, Name

__all__ = [
    "TenantKeys",
    "aad",
    "derive_key",
    "derive_tenant_keys",
    "generate_key",
    "key_fingerprint",
    "parse_master_key",
]


class TenantKeys(NamedTuple):
    """The keys of one tenant, of 32 bytes each."""

    encryption: bytes
    authentication: bytes
    cache_keys: bytes

    def __repr__(self) -> str:
        return "TenantKeys(...)"


def generate_key() -> bytes:
    """32 random bytes of the operating system: a new master key, or a key for Encryptor.
    Raises RngFailureError if it gives none."""
    out = (ctypes.c_char * KEY_SIZE)()
    check(_library.held().generate_key(out))
    return _wiped(out, KEY_SIZE)


def parse_master_key(text: str) -> bytes:
    """Decodes a master key from text: an even number of hexadecimal digits, 64 or more, and
    nothing else, such as white space. Raises InvalidInputError if it is not that,
    InvalidKeyLengthError for fewer digits."""
    digits = c_string(text, "master key")
    used = c_size_t(len(digits) // 2)
    out = (ctypes.c_char * max(used.value, 1))()
    check(_library.held().parse_master_key(digits, out, byref(used)))
    return _wiped(out, used.value)


def derive_key(master: Data, salt: Name, domain: Name) -> bytes:
    """Derives a key of 32 bytes from a master key of 16 bytes or more, with HKDF-SHA256. Each
    salt (such as a tenant, 1 to 1024 bytes) and each domain (what the key is for, 1 to 255
    bytes in UTF-8) gives another one.

    Raises InvalidKeyLengthError, InvalidInputError, DomainTooLongError, SaltTooLongError.
    """
    out = (ctypes.c_char * KEY_SIZE)()
    views: list[Any] = []
    try:
        pointer, size = readable(master, "master", views)
        saltp, salt_size = name_pointer(salt, "salt", views)
        domainp, domain_size = name_pointer(domain, "domain", views)
        check(
            _library.held().derive_key(
                pointer, size, saltp, salt_size, domainp, domain_size, out
            )
        )
    finally:
        release(views)
    return _wiped(out, KEY_SIZE)


def derive_tenant_keys(master: Data, tenant: Name) -> TenantKeys:
    """Derives the three keys of a tenant, with the tenant as salt and the names of the keys as
    domains. Raises what derive_key does."""
    keys = _declarations.TenantKeys(struct_size=ctypes.sizeof(_declarations.TenantKeys))
    views: list[Any] = []
    try:
        pointer, size = readable(master, "master", views)
        name, name_size = name_pointer(tenant, "tenant", views)
        check(_library.held().derive_tenant_keys(pointer, size, name, name_size, byref(keys)))
    finally:
        release(views)
    found = TenantKeys(
        bytes(keys.encryption), bytes(keys.authentication), bytes(keys.cache_keys)
    )
    _library.held().wipe(byref(keys), ctypes.sizeof(keys))
    return found


def key_fingerprint(key: Data) -> bytes:
    """16 bytes that tell a key from others without revealing it, for logs."""
    out = (ctypes.c_char * FINGERPRINT_SIZE)()
    views: list[Any] = []
    try:
        pointer, size = readable(key, "key", views)
        check(_library.held().key_fingerprint(pointer, size, out))
    finally:
        release(views)
    return out.raw


def aad(
    tenant: Name,
    cache_key: Name,
    format: str = "msgpack",
    compressed: bool = True,
    original_type: str | None = None,
) -> bytes:
    """The AAD (version 3) that binds a ciphertext to its place, to pass to encrypt and decrypt.
    compressed says that the plaintext is an envelope; original_type is one more part, if the
    writer of the entry adds it.

    Raises InvalidInputError for text that is not UTF-8 or contains a NUL.
    """
    form = c_string(format, "format")
    kind = None if original_type is None else c_string(original_type, "original_type")
    views: list[Any] = []
    try:
        name, name_size = name_pointer(tenant, "tenant", views)
        keyp, key_size = name_pointer(cache_key, "cache key", views)
        used = c_size_t(26 + name_size + key_size + len(form) + len(kind or b""))
        out = (ctypes.c_char * used.value)()
        check(
            _library.held().aad(
                name, name_size, keyp, key_size, form, compressed, kind, out, byref(used)
            )
        )
        return out.raw[: used.value]
    finally:
        release(views)


def _wiped(out: ctypes.Array[ctypes.c_char], size: int) -> bytes:
    """The bytes of a key, of which no second copy stays."""
    key = ctypes.string_at(out, size)
    _library.held().wipe(out, len(out))
    return key
