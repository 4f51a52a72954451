"""Buffers of PyPy, whose objects have no fixed place in memory unless cffi asks for one:
see _buffers."""

from __future__ import annotations

import ctypes
from typing import Any

import _cffi_backend  # type: ignore[import-not-found,import-untyped,unused-ignore]  # built in

from ._not_bytes import not_bytes

__all__ = ["address", "allocate", "readable", "release", "taken", "writable"]

_ffi: Any = _cffi_backend.FFI()
_NOTHING = ctypes.c_char()  # what a pointer to memory of 0 bytes points to; NULL is an error


def _view(data: object, what: str, views: list[Any], for_writing: bool) -> tuple[Any, int]:
    try:
        view = memoryview(data)  # type: ignore[arg-type]
    except TypeError:
        raise not_bytes(data, what) from None
    if not view.c_contiguous:
        raise BufferError(f"{what} is not C-contiguous")
    if for_writing and view.readonly:
        raise BufferError(f"{what} is not writable")
    if not view.nbytes:
        return ctypes.addressof(_NOTHING), 0
    pointer = _ffi.from_buffer(data, require_writable=for_writing)
    views.append(pointer)
    return int(_ffi.cast("uintptr_t", pointer)), view.nbytes


def release(views: list[Any]) -> None:
    """Lets go of what readable and writable have put into views."""
    while views:
        _ffi.release(views.pop())


def readable(data: object, what: str, views: list[Any]) -> tuple[Any, int]:
    """What to pass for a pointer to data, and its length in bytes. It holds until
    release(views). what says in an error which argument it is."""
    return _view(data, what, views, False)


def writable(out: object, what: str, views: list[Any]) -> tuple[Any, int]:
    """The same for memory that is written to."""
    return _view(out, what, views, True)


def allocate(size: int) -> Any:
    """Memory for a result of at most size bytes, as a pointer to pass."""
    return (ctypes.c_char * max(size, 1))()


def taken(memory: Any, size: int) -> bytes:
    """The first size bytes of such memory."""
    return ctypes.string_at(memory, size)


def address(pointer: Any) -> int | None:
    """The address of what readable gave."""
    found: int | None = pointer
    return found
