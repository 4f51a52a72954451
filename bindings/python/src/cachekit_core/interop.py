"""Cache entries that programs in other languages share: keys, and values in MessagePack.

For ``@cache(interop="get_user", namespace="users")`` of the package cachekit the key of
``get_user(42)`` is ``key("users", "get_user", 42)``, and behind it is ``encode(value)``; for
``@cache.secure`` it is ``seal(keyring, key, value)``. Every function may be called from any
thread.
"""

from __future__ import annotations

import ctypes
import math
import struct
from ctypes import byref, c_size_t
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from . import _library
from ._arguments import c_string, encoded
from ._declarations import INTEROP_KEY_BUFFER_SIZE, INVALID_INPUT
from ._error import CachekitError, check, error_for
from ._types import Data
from .envelope import msgpack_check
from .keyring import Keyring

__all__ = ["decode", "encode", "key", "open", "seal"]


def key(namespace: str, operation: str, /, *args: Any, **kwargs: Any) -> str:
    """The cache key of a call: ``namespace:operation:`` and the hash of the arguments.

    args are all parameters of the function in the order of its declaration, with the defaults
    filled in, whether or not the call named them; for a function with ``*args`` these are one
    list. kwargs, if there are any, become one map behind them: what a function that declares
    ``**kwargs`` gets. So a parameter that the function declares by name must be passed by
    position here.

    Arguments are None, bool, int from -2^63 to 2^64-1, finite float, str, bytes, bytearray,
    memoryview, list, tuple, dict with str keys, set, frozenset, datetime with an offset, and
    UUID; 2.0 is the same as 2. namespace and operation match ``[a-z0-9][a-z0-9._-]{0,63}`` and
    do not contain ".."; the namespaces "ns" and "nsapi" are reserved.

    Raises InvalidInputError for other values, and TypeError for other types.
    """
    space, name = c_string(namespace, "namespace"), c_string(operation, "operation")
    document = _Encoder(as_arguments=True).document(
        [*args, kwargs] if kwargs else args  # an array, as every list of arguments
    )
    out = ctypes.create_string_buffer(INTEROP_KEY_BUFFER_SIZE)
    used = c_size_t(INTEROP_KEY_BUFFER_SIZE)
    check(
        _library.functions(len(document)).interop_key(
            space, name, document, len(document), out, byref(used)
        )
    )
    return out.value.decode()


def encode(value: Any) -> bytes:
    """A value as canonical MessagePack: equal values give equal bytes.

    It is made of what key takes, but for set, frozenset, datetime and UUID, which MessagePack
    does not have, and 2.0 stays a float. Raises InvalidInputError for other values, and
    TypeError for other types.
    """
    return _Encoder(as_arguments=False).document(value)


def decode(data: Data) -> Any:
    """The value of one MessagePack document, canonical or not. Needs the package msgpack
    (``pip install cachekit-core[interop]``).

    The document is checked before it is parsed. Raises a CacheMiss if it is not one, or not
    one that Python can hold, such as one with a list as a key.
    """
    # Here, because nothing else needs it.
    import msgpack  # type: ignore[import-not-found,import-untyped,unused-ignore]

    view = memoryview(data)
    if bytes(view.cast("B")[:3]) == b"CK\x03":
        raise _not_a_value("an entry that the Python library made without interop mode")
    msgpack_check(view)
    try:
        try:
            return msgpack.unpackb(view)
        except ValueError:
            # Keys that are no strings are allowed, but whoever writes to the cache can choose
            # integers that collide, so not many of them.
            return msgpack.unpackb(view, strict_map_key=False, object_pairs_hook=_map)
    except (MemoryError, CachekitError):
        raise
    except Exception as error:  # a parser may raise anything, with the data in it
        raise _not_a_value(f"not a value for Python ({type(error).__name__})") from None


def seal(keyring: Keyring, key: str, value: Any) -> bytes:
    """Encrypts a value for its key: encode, then Keyring.seal_interop, and what both raise."""
    return keyring.seal_interop(key, encode(value))


def open(keyring: Keyring, key: str, sealed: Data) -> Any:
    """Decrypts such a value: Keyring.open_interop, then decode, and what both raise. Never
    falls back to reading plain values."""
    return decode(keyring.open_interop(key, sealed))


_MAX_OTHER_KEYS = 32


def _map(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    pairs = list(pairs)  # msgpack without its C extension gives an iterator
    if len(pairs) > _MAX_OTHER_KEYS:
        others = sum(type(name) not in (str, bytes) for name, _ in pairs)
        if others > _MAX_OTHER_KEYS:
            raise _not_a_value(f"a map with {others} keys that are no strings")
    return dict(pairs)


def _not_a_value(detail: str) -> CachekitError:
    return error_for(INVALID_INPUT, detail, True)


def _refused(detail: str) -> CachekitError:
    return error_for(INVALID_INPUT, detail)


_MAX_DEPTH = 100
_MIN_INT, _MAX_INT = -(1 << 63), (1 << 64) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# (how many fit, header byte, size of the length behind it): the shortest one is taken.
_STR = ((32, 0xA0, 0), (1 << 8, 0xD9, 1), (1 << 16, 0xDA, 2), (1 << 32, 0xDB, 4))
_BIN = ((1 << 8, 0xC4, 1), (1 << 16, 0xC5, 2), (1 << 32, 0xC6, 4))
_ARRAY = ((16, 0x90, 0), (1 << 16, 0xDC, 2), (1 << 32, 0xDD, 4))
_MAP = ((16, 0x80, 0), (1 << 16, 0xDE, 2), (1 << 32, 0xDF, 4))
_UINT = (
    (1 << 7, 0x00, 0),
    (1 << 8, 0xCC, 1),
    (1 << 16, 0xCD, 2),
    (1 << 32, 0xCE, 4),
    (1 << 64, 0xCF, 8),
)
_INT = ((1 << 7, 0xD0, 1), (1 << 15, 0xD1, 2), (1 << 31, 0xD2, 4), (1 << 63, 0xD3, 8))


class _Encoder:
    """Canonical MessagePack. Numbers, text and bytes are read by the methods of the base types:
    what a subclass overrides does not change them. Lists and maps are what they iterate over;
    they are copied before their length is written, since another thread may change them."""

    def __init__(self, as_arguments: bool) -> None:
        self.as_arguments = as_arguments
        self.out = bytearray()

    def document(self, value: Any) -> bytes:
        self.value(value, 0)
        return bytes(self.out)

    def header(self, forms: tuple[tuple[int, int, int], ...], count: int) -> None:
        for limit, byte, size in forms:
            if count < limit:
                if size:
                    self.out.append(byte)
                    self.out += count.to_bytes(size, "big")
                else:
                    self.out.append(byte | count)
                return
        raise _refused(f"a length or number of elements of {count}")

    def value(self, value: Any, depth: int) -> None:
        if value is None:
            self.out.append(0xC0)
        elif value is True or value is False:
            self.out.append(0xC3 if value else 0xC2)
        elif isinstance(value, int):
            self.integer(int.__index__(value))
        elif isinstance(value, float):
            self.float(float.__float__(value))
        elif isinstance(value, str):
            self.text(value)
        elif isinstance(value, (bytes, bytearray, memoryview)):
            data = bytes(memoryview(value))
            self.header(_BIN, len(data))
            self.out += data
        elif isinstance(value, (list, tuple)):
            self.nested(depth)
            elements = list(value)
            self.header(_ARRAY, len(elements))
            for element in elements:
                self.value(element, depth + 1)
        elif isinstance(value, dict):
            self.nested(depth)
            self.map(value, depth)
        elif self.as_arguments and isinstance(value, (set, frozenset)):
            self.nested(depth)
            members = sorted({self.apart(member, depth + 1) for member in set(value)})
            self.header(_ARRAY, len(members))
            for member in members:
                self.out += member
        elif self.as_arguments and isinstance(value, datetime):
            self.time(value)
        elif self.as_arguments and isinstance(value, UUID):
            self.text(UUID.__str__(value))
        else:
            what = "an argument" if self.as_arguments else "a value"
            raise TypeError(f"{type(value).__name__} cannot be in {what} of interop mode")

    def nested(self, depth: int) -> None:
        if depth >= _MAX_DEPTH:
            raise _refused(f"nested more than {_MAX_DEPTH} levels deep")

    def integer(self, value: int) -> None:
        if not _MIN_INT <= value <= _MAX_INT:
            raise _refused("an integer that is not from -2^63 to 2^64-1")
        if value >= 0:
            self.header(_UINT, value)
        elif value >= -32:
            self.out.append(value & 0xFF)
        else:
            byte, size = next((b, s) for limit, b, s in _INT if value >= -limit)
            self.out.append(byte)
            self.out += value.to_bytes(size, "big", signed=True)

    def float(self, value: float) -> None:
        if not math.isfinite(value):
            raise _refused("NaN or infinity")
        if self.as_arguments and value.is_integer() and _MIN_INT <= value <= _MAX_INT:
            self.integer(int(value))
        else:
            self.out += struct.pack(">Bd", 0xCB, value)

    def text(self, value: str) -> None:
        data = encoded(str.__str__(value), "a string")
        self.header(_STR, len(data))
        self.out += data

    def map(self, value: dict[Any, Any], depth: int) -> None:
        pairs: dict[bytes, Any] = {}
        items = list(value.items())
        for name, element in items:
            if not isinstance(name, str):
                raise TypeError(f"the key of a map is {type(name).__name__}, not str")
            # UTF-8 has the order of the code points.
            pairs[encoded(str.__str__(name), "the key of a map")] = element
        if len(pairs) != len(items):
            raise _refused("a map with a key twice")
        self.header(_MAP, len(pairs))
        for data in sorted(pairs):
            self.header(_STR, len(data))
            self.out += data
            self.value(pairs[data], depth + 1)

    def time(self, value: datetime) -> None:
        if value.utcoffset() is None:
            raise _refused("a datetime without an offset")
        since = value - _EPOCH
        # Whole microseconds, as a float64, and one division: so that all languages get the
        # same bits. Python's division of two integers would round once instead of twice.
        micros = (since.days * 86400 + since.seconds) * 10**6 + since.microseconds
        self.float(float(micros) / 1e6)

    def apart(self, value: Any, depth: int) -> bytes:
        """The bytes of an element of a set."""
        other = _Encoder(self.as_arguments)
        other.value(value, depth)
        return bytes(other.out)
