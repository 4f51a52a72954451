"""Pointers into Python's buffers, and memory for results. Nothing is copied on the way in.

CPython and PyPy differ in how a pointer is got, and in nothing that the callers see.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

__all__ = ["allocate", "readable", "release", "taken", "writable"]


def _not_bytes(data: object, what: str) -> TypeError:
    if isinstance(data, str):
        return TypeError(f"{what} is str: encode it first, as with .encode()")
    return TypeError(f"{what}: a bytes-like object is needed, not {type(data).__name__}")


if sys.implementation.name == "cpython":

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
    _SIMPLE, _WRITABLE = 0, 1  # PyBUF_*: both mean C-contiguous

    def _view(data: object, what: str, views: list[Any], flags: int) -> tuple[Any, int]:
        if not _has(data):
            raise _not_bytes(data, what)
        view = _PyBuffer()
        _get(data, view, flags)  # raises what the object says, such as BufferError
        views.append(view)
        return view.buf, view.len

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

else:
    import _cffi_backend  # PyPy has it built in

    _ffi = _cffi_backend.FFI()

    def _view(data: object, what: str, views: list[Any], for_writing: bool) -> tuple[Any, int]:
        try:
            view = memoryview(data)  # type: ignore[arg-type]
        except TypeError:
            raise _not_bytes(data, what) from None
        if not view.c_contiguous:
            raise BufferError(f"{what} is not C-contiguous")
        if for_writing and view.readonly:
            raise BufferError(f"{what} is not writable")
        if not view.nbytes:
            return None, 0
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
