"""What ByteStorage, Encryptor and Keyring have in common: a handle of the library."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, NoReturn, TypeVar

from . import _declarations, _library
from ._arguments import INVALID_INPUT, c_string
from ._error import error_for, raise_for

__all__ = ["Handle", "call", "last_detail", "metrics_dict", "metrics_text"]

_T = TypeVar("_T", bound="Handle")


def last_detail() -> str:
    """What the last call of this thread that failed found wrong."""
    text: bytes = _library.held().last_error_detail()
    return text.decode()


def call(code: int, reading: bool = False) -> None:
    """Raises for the code that a call has returned."""
    if code:
        raise_for(code, last_detail(), reading)


def _free(name: str, handle: int) -> None:
    # Also in a forked child and while Python ends: the library allows both. Whoever has a
    # handle has loaded it.
    getattr(_library.held(), name)(handle)


class Handle:
    """Belongs to no program: see its subclasses."""

    __slots__ = ("__weakref__", "_finalizer", "_handle")

    #: The object of the library; 0 before it is made and once it is closed.
    _handle: int
    _finalizer: weakref.finalize[Any, Any] | None

    def __new__(cls: type[_T], *_: Any, **__: Any) -> _T:
        self = object.__new__(cls)
        self._handle, self._finalizer = 0, None
        return self

    def _own(self, handle: int, free: str) -> None:
        """Takes over a handle, which the function of that name frees."""
        self._handle = handle
        self._finalizer = weakref.finalize(self, _free, free, handle)

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


def read_metrics(function: str, handle: int) -> _declarations.Metrics:
    """The metrics of a handle."""
    metrics = _declarations.Metrics(struct_size=ctypes.sizeof(_declarations.Metrics))
    call(getattr(_library.held(), function)(handle, ctypes.byref(metrics)))
    return metrics


def metrics_dict(function: str, handle: int) -> dict[str, Any]:
    """The metrics of a handle, for Python."""
    metrics = read_metrics(function, handle)
    found: dict[str, Any] = {
        operation: {count: getattr(getattr(metrics, operation), count) for count in _COUNTS}
        for operation in _OPERATIONS
    }
    found["last_compression_ratio"] = metrics.last_compression_ratio
    found["hardware_accelerated"] = metrics.hardware_accelerated
    return found


def metrics_text(function: str, handle: int, name: str | None) -> str:
    """The metrics of a handle, for Prometheus."""
    label = None if name is None else c_string(name, "name")
    metrics = read_metrics(function, handle)
    out = ctypes.create_string_buffer(_declarations.METRICS_TEXT_BUFFER_SIZE)
    size = ctypes.c_size_t(len(out))
    call(_library.held().metrics_text(ctypes.byref(metrics), label, out, ctypes.byref(size)))
    return out.value.decode()


def checked_level(level: int) -> int:
    """A level that fits into an int of C; the library checks the rest."""
    if not isinstance(level, int):
        raise TypeError(f"level: int is needed, not {type(level).__name__}")
    if not 0 <= level <= 1000:
        raise error_for(
            INVALID_INPUT, f"level {level}: there are 1 to {_declarations.MAX_LEVEL}"
        )
    return level


def checked_limit(size: int) -> int:
    """A limit that fits into a size_t; the library checks the rest."""
    if not isinstance(size, int):
        raise TypeError(f"max_payload: int is needed, not {type(size).__name__}")
    if not 0 <= size < 1 << 31:
        raise error_for(
            INVALID_INPUT, f"max_payload {size}: 1 to {_declarations.MAX_PAYLOAD_SIZE} bytes"
        )
    return size
