"""Buffers of CPython: see _buffers."""

from __future__ import annotations

import ctypes
from typing import Any

from ._not_bytes import not_bytes

__all__ = ["address", "allocate", "readable", "release", "taken", "writable"]


class _PyBuffer(ctypes.Structure):
    """Py_buffer of the C API; the same since Python 3.3."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]

    def __del__(self) -> None:
        # For a signal whose handler raises between _get and release, since an object that is
        # never let go of never changes its size again. To let go twice does no harm.
        _let_go(self)


# Prototypes of our own, since those of ctypes.pythonapi are shared by all programs.
_get = ctypes.PYFUNCTYPE(
    ctypes.c_int, ctypes.py_object, ctypes.POINTER(_PyBuffer), ctypes.c_int
)(("PyObject_GetBuffer", ctypes.pythonapi))
_let_go = ctypes.PYFUNCTYPE(None, ctypes.POINTER(_PyBuffer))(
    ("PyBuffer_Release", ctypes.pythonapi)
)
_has = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)(
    ("PyObject_CheckBuffer", ctypes.pythonapi)
)
_NOTHING = ctypes.c_char()  # what a pointer to memory of 0 bytes points to; NULL is an error
_SIMPLE, _WRITABLE = 0, 1  # PyBUF_*: both mean C-contiguous


def _view(data: object, what: str, views: list[Any], flags: int) -> tuple[Any, int]:
    if not _has(data):
        raise not_bytes(data, what)
    view = _PyBuffer()
    _get(data, view, flags)  # raises what the object says, such as BufferError
    views.append(view)
    return view.buf or ctypes.addressof(_NOTHING), view.len


def release(views: list[Any]) -> None:
    """Lets go of what readable and writable have put into views."""
    while views:
        _let_go(views.pop())


def readable(data: object, what: str, views: list[Any]) -> tuple[Any, int]:
    """What to pass for a pointer to data, and its length in bytes. It holds until
    release(views). what says in an error which argument it is."""
    if type(data) is bytes:
        return data, len(data)  # whose memory ctypes passes as it is
    return _view(data, what, views, _SIMPLE)


def writable(out: object, what: str, views: list[Any]) -> tuple[Any, int]:
    """The same for memory that is written to."""
    return _view(out, what, views, _WRITABLE)


def allocate(size: int) -> Any:
    """Memory for a result of at most size bytes, as a pointer to pass."""
    # A bytes object that nobody else has yet may be filled, as C extensions do it.
    # The one of 0 bytes is shared by all of Python, and some of 1 byte are.
    return bytes(max(size, 2))


def taken(memory: Any, size: int) -> bytes:
    """The first size bytes of such memory; without a copy if these are all."""
    result: bytes = memory[:size]
    return result


def address(pointer: Any) -> int | None:
    """The address of what readable gave."""
    found: int | None = pointer
    if type(pointer) is bytes:
        found = ctypes.cast(ctypes.c_char_p(pointer), ctypes.c_void_p).value
    return found
