"""What ByteStorage, Encryptor and Keyring have in common: a handle of the library, limits of
what is compressed, and a count of what is encrypted."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, ClassVar, NoReturn, TypeVar

from . import _declarations, _library
from ._arguments import c_string, number
from ._error import check

__all__ = ["Compresses", "Encrypts", "Handle"]

_T = TypeVar("_T", bound="Handle")


def _free(name: str, handle: int) -> None:
    # Also in a forked child and while Python ends: the library allows both. Whoever has a
    # handle has loaded it.
    getattr(_library.held(), name)(handle)


class Handle:
    """The base of ByteStorage, Encryptor and Keyring, which are what a program makes."""

    __slots__ = ("__weakref__", "_finalizer", "_handle")

    #: What the names of the library's functions call such an object.
    _KIND: ClassVar[str]
    #: The object of the library; 0 before it is made and once it is closed.
    _handle: int
    _finalizer: weakref.finalize[Any, Any] | None

    def __new__(cls: type[_T], *_: Any, **__: Any) -> _T:
        self = object.__new__(cls)
        self._handle, self._finalizer = 0, None
        return self

    def _own(self, handle: int) -> None:
        """Takes over a handle, which is to be freed."""
        self._handle = handle
        self._finalizer = weakref.finalize(self, _free, f"{self._KIND}_free", handle)

    def _native(self, name: str, *arguments: Any) -> Any:
        """What the function of that name for this kind of object returns."""
        return getattr(_library.held(), f"{self._KIND}_{name}")(self._handle, *arguments)

    def close(self) -> None:
        """Frees the object and wipes its keys. Calls of other threads that have begun
        finish; later ones raise InvalidHandleError. It may be called again."""
        self._handle = 0
        if self._finalizer is not None:
            self._finalizer()

    @property
    def closed(self) -> bool:
        """Whether close has been called."""
        return not self._handle

    def metrics(self) -> dict[str, Any]:
        """What the object has done: for each of "store", "retrieve", "encrypt" and "decrypt"
        a dict of "operations" (failed ones too), "errors", "bytes_in", "bytes_out",
        "timed_operations", "total_ns" and "last_ns" (nanoseconds, of the timed ones);
        "last_compression_ratio" and "hardware_accelerated". A seal counts as a store and an
        encryption, an open as a decryption and a retrieval."""
        metrics = self._metrics()
        found: dict[str, Any] = {
            operation: {count: getattr(getattr(metrics, operation), count) for count in _COUNTS}
            for operation in _OPERATIONS
        }
        found["last_compression_ratio"] = metrics.last_compression_ratio
        found["hardware_accelerated"] = metrics.hardware_accelerated
        return found

    def metrics_text(self, name: str | None = None) -> str:
        """The same for Prometheus, in its text-based format. name, at most 1024 bytes in
        UTF-8, becomes a label."""
        label = None if name is None else c_string(name, "name")
        metrics = self._metrics()
        out = ctypes.create_string_buffer(_declarations.METRICS_TEXT_BUFFER_SIZE)
        size = ctypes.c_size_t(len(out))
        check(
            _library.held().metrics_text(ctypes.byref(metrics), label, out, ctypes.byref(size))
        )
        return out.value.decode()

    def _metrics(self) -> _declarations.Metrics:
        metrics = _declarations.Metrics(struct_size=ctypes.sizeof(_declarations.Metrics))
        check(self._native("get_metrics", ctypes.byref(metrics)))
        return metrics

    def __enter__(self: _T) -> _T:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{' closed' if self.closed else ''}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} belongs to its process: it has no copies")


_OPERATIONS = ("store", "retrieve", "encrypt", "decrypt")
_COUNTS = tuple(name for name, *_ in _declarations.OperationMetrics._fields_)


class Compresses(Handle):
    """The base of what compresses: ByteStorage and Keyring."""

    __slots__ = ("_level", "_max_payload")

    def _limit(self, level: int, max_payload: int | None) -> None:
        """Sets what the constructor was given."""
        self.level = level
        self.max_payload = _declarations.MAX_PAYLOAD_SIZE if max_payload is None else max_payload

    @property
    def level(self) -> int:
        """How hard to compress, 1 (fast, the default) to 9 (small). May be set at any time;
        InvalidInputError for another number. Readers need not know it and are as fast."""
        return self._level

    @level.setter
    def level(self, level: int) -> None:
        check(self._native("set_level", number(level, "level", _declarations.MAX_LEVEL)))
        self._level = level

    @property
    def max_payload(self) -> int:
        """The largest payload in bytes, 1 to 512 MiB, of all that the object makes and reads.
        May be set at any time; InvalidInputError for another number. What claims more is
        refused before memory is taken for it."""
        return self._max_payload

    @max_payload.setter
    def max_payload(self, size: int) -> None:
        limit = _declarations.MAX_PAYLOAD_SIZE
        check(self._native("set_max_payload", number(size, "max_payload", limit)))
        self._max_payload = size


#: From so many encryptions on each one warns; after twice as many they are refused.
_ROTATION_FROM = 1 << 31


class Encrypts(Handle):
    """The base of what encrypts, and so needs to be replaced at some time: Encryptor and
    Keyring."""

    __slots__ = ()

    @property
    def counter(self) -> int:
        """The number of encryptions made, seals too, 0 to 2^32; 0 if closed."""
        count: int = self._native("get_counter")
        return count

    @property
    def rotation_needed(self) -> bool:
        """Whether encryptions warn: make a new object, which may have the same keys."""
        return self.counter >= _ROTATION_FROM
