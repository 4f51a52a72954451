"""Compresses and encrypts the values that a program keeps in a cache.

- Keyring seals a value for its place in the cache, and opens the entry again.
- ByteStorage only compresses, Encryptor only encrypts.
- interop shares entries with programs in other languages.

The C library is loaded at the first use and starts at its first call. A server that forks
workers may import this package and load the library before it forks, but must use it only in
the workers: in a process that was forked after the use, calls raise ForkedError.

Every function and object may be used by several threads. Inputs are read without the GIL when
they are large, so no other thread may change them until the call returns. Errors are below
CachekitError, and CacheMiss is above those that mean: treat the entry as if it were not in the
cache.
"""

from __future__ import annotations

from . import _library, errors
from ._declarations import (
    CHECKSUM_SIZE,
    CIPHERTEXT_OVERHEAD,
    DEFAULT_LEVEL,
    FINGERPRINT_SIZE,
    KEY_SIZE,
    MAX_CACHE_KEY_SIZE,
    MAX_DECRYPT_ONLY_KEYS,
    MAX_DOMAIN_SIZE,
    MAX_ENVELOPE_SIZE,
    MAX_FORMAT_SIZE,
    MAX_LEVEL,
    MAX_METRICS_NAME_SIZE,
    MAX_PAYLOAD_SIZE,
    MAX_SALT_SIZE,
    MIN_MASTER_KEY_SIZE,
    NONCE_SIZE,
    TAG_SIZE,
    VERSION_MAJOR,
    VERSION_MINOR,
    VERSION_PATCH,
)
from ._error import check as _check
from ._library import LibraryNotFoundError, load
from ._native import accelerated
from .encryptor import Encryptor
from .envelope import (
    EnvelopeInfo,
    checksum,
    compress,
    compress_into,
    compressed_bound,
    decompress,
    decompress_into,
    inspect,
    msgpack_check,
    verify_checksum,
)
from .errors import *  # noqa: F403
from .keyring import Keyring
from .keys import (
    TenantKeys,
    aad,
    derive_key,
    derive_tenant_keys,
    generate_key,
    key_fingerprint,
    parse_master_key,
)
from .storage import ByteStorage

__version__ = f"{VERSION_MAJOR}.{VERSION_MINOR}.{VERSION_PATCH}"
"""The version of this package, and of the C library that belongs to it."""


def start() -> None:
    """Starts the library now instead of at the first call that needs it; that takes some 2
    ms. Not before a fork. Raises OutOfMemoryError if there is too little memory or address
    space, or too few threads; a later call tries again."""
    _check(_library.lib().start())


def build_info() -> str:
    """What the library was built with and which code it runs on this CPU, for logs."""
    info: bytes = _library.held().build_info()
    return info.decode()


def hardware_acceleration_enabled() -> bool:
    """Whether encryption uses the CPU's AES instructions."""
    enabled: bool = _library.held().hardware_acceleration_enabled()
    return enabled


__all__ = [
    "CHECKSUM_SIZE",
    "CIPHERTEXT_OVERHEAD",
    "DEFAULT_LEVEL",
    "FINGERPRINT_SIZE",
    "KEY_SIZE",
    "MAX_CACHE_KEY_SIZE",
    "MAX_DECRYPT_ONLY_KEYS",
    "MAX_DOMAIN_SIZE",
    "MAX_ENVELOPE_SIZE",
    "MAX_FORMAT_SIZE",
    "MAX_LEVEL",
    "MAX_METRICS_NAME_SIZE",
    "MAX_PAYLOAD_SIZE",
    "MAX_SALT_SIZE",
    "MIN_MASTER_KEY_SIZE",
    "NONCE_SIZE",
    "TAG_SIZE",
    "ByteStorage",
    "Encryptor",
    "EnvelopeInfo",
    "Keyring",
    "LibraryNotFoundError",
    "TenantKeys",
    "__version__",
    "aad",
    "accelerated",
    "build_info",
    "checksum",
    "compress",
    "compress_into",
    "compressed_bound",
    "decompress",
    "decompress_into",
    "derive_key",
    "derive_tenant_keys",
    "generate_key",
    "hardware_acceleration_enabled",
    "inspect",
    "key_fingerprint",
    "load",
    "msgpack_check",
    "parse_master_key",
    "start",
    "verify_checksum",
]
__all__ += errors.__all__
