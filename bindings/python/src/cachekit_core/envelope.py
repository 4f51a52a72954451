"""Envelopes and checksums without an object, and the check of MessagePack documents.

Every function may be called from any thread, and may also raise ForkedError (this process was
forked after the library had been used), OutOfMemoryError or MemoryError, and TypeError,
BufferError or (numpy) ValueError for data that is not a C-contiguous buffer.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_size_t
from typing import Any, NamedTuple

from . import _declarations, _library, _native
from ._arguments import check_apart
from ._buffers import allocate, readable, release, taken, writable
from ._declarations import BUFFER_TOO_SMALL, CHECKSUM_MISMATCH, INVALID_INPUT
from ._error import check, error_for
from ._plain import made
from ._types import Data

__all__ = [
    "EnvelopeInfo",
    "checksum",
    "compress",
    "compress_into",
    "compressed_bound",
    "decompress",
    "decompress_into",
    "inspect",
    "msgpack_check",
    "verify_checksum",
]


class EnvelopeInfo(NamedTuple):
    """What an envelope says about its payload."""

    #: Size of the payload, in bytes.
    original_size: int
    #: Size of the LZ4 block, in bytes.
    compressed_size: int
    #: XXH3-64 of the payload, big-endian.
    checksum: bytes
    #: What the payload is.
    format: str

    @property
    def ratio(self) -> float:
        """original_size / compressed_size."""
        return self.original_size / self.compressed_size if self.compressed_size else 0.0


def checksum(data: Data) -> bytes:
    """The XXH3-64 (seed 0) of data, 8 bytes, big-endian, as an envelope carries it. It detects
    accidents; it does not stop a forger."""
    return _native.checksum(data)


def verify_checksum(data: Data, expected: Data) -> bool:
    """Whether expected, 8 bytes, is the checksum of data. Raises InvalidInputError for another
    length."""
    views: list[Any] = []
    try:
        pointer, size = readable(data, "data", views)
        other, other_size = readable(expected, "expected", views)
        if other_size != _declarations.CHECKSUM_SIZE:
            raise error_for(INVALID_INPUT, f"expected: {other_size} bytes, a checksum has 8")
        code = _library.functions(size).verify_checksum(pointer, size, other)
    finally:
        release(views)
    if code == CHECKSUM_MISMATCH:
        return False
    check(code)
    return True


def compressed_bound(size: int) -> int:
    """The size in bytes of the largest envelope that compress can make of so many bytes.
    Raises InvalidInputError for less than 0 bytes, or more than the memory of a computer."""
    if not isinstance(size, int):
        raise TypeError(f"size: int is needed, not {type(size).__name__}")
    if not 0 <= size < 1 << 62:
        raise error_for(INVALID_INPUT, f"size {size}")
    bound: int = _library.held().compressed_bound(size)
    return bound


def compress(data: Data) -> bytes:
    """Returns the envelope of data, with the format "msgpack" and the default level. Raises
    InputTooLargeError for data above 512 MiB."""
    views: list[Any] = []
    try:
        pointer, size = readable(data, "data", views)
        fits = size <= _declarations.MAX_PAYLOAD_SIZE
        room = compressed_bound(size) if fits else 0
        return made(_library.functions(size).compress, False, room, pointer, size)
    finally:
        release(views)


def compress_into(data: Data, out: Data) -> int:
    """Writes the envelope of data into out, a writable buffer, and returns its length in
    bytes. compressed_bound(len(data)) bytes are always enough.

    Raises what compress does, BufferTooSmallError, whose text says the size needed, and
    InternalError if the two overlap.
    """
    views: list[Any] = []
    try:
        pointer, size = readable(data, "data", views)
        target, room = writable(out, "out", views)
        check_apart(target, room, (pointer, size))
        used = c_size_t(room)
        check(_library.functions(size).compress(pointer, size, target, byref(used)))
        return used.value
    finally:
        release(views)


def decompress(envelope: Data) -> bytes:
    """Checks an envelope of any format and returns its payload. Raises a CacheMiss if it is
    damaged, not an envelope, or claims more than 512 MiB."""
    views: list[Any] = []
    try:
        pointer, size = readable(envelope, "envelope", views)
        used = c_size_t()
        out = allocate(0)
        code = _library.held().decompress(pointer, size, out, byref(used))
        if code == BUFFER_TOO_SMALL:  # it said the size, which is in the header
            out = allocate(used.value)
            code = _library.functions(used.value).decompress(pointer, size, out, byref(used))
        check(code, True)
        return taken(out, used.value)
    finally:
        release(views)


def decompress_into(envelope: Data, out: Data) -> int:
    """Writes the payload of an envelope into out, a writable buffer, and returns its length in
    bytes. ``inspect(envelope).original_size`` is the exact size.

    Raises what decompress does, BufferTooSmallError, whose text says the size needed, and
    InternalError if the two overlap.
    """
    views: list[Any] = []
    try:
        pointer, size = readable(envelope, "envelope", views)
        target, room = writable(out, "out", views)
        check_apart(target, room, (pointer, size))
        used = c_size_t(room)
        check(_library.functions(size).decompress(pointer, size, target, byref(used)), True)
        return used.value
    finally:
        release(views)


def inspect(envelope: Data) -> EnvelopeInfo:
    """Reads the header of an envelope without decompressing it: what it claims is checked
    against the limits, and not against its content. Raises a CacheMiss if it is not an
    envelope or claims too much."""
    views: list[Any] = []
    try:
        pointer, size = readable(envelope, "envelope", views)
        info = _declarations.EnvelopeInfo(struct_size=ctypes.sizeof(_declarations.EnvelopeInfo))
        check(_library.functions(size).envelope_inspect(pointer, size, byref(info)), True)
        # The format lies in the envelope.
        format = ctypes.string_at(info.format, info.format_len) if info.format_len else b""
    finally:
        release(views)
    return EnvelopeInfo(
        info.original_size, info.compressed_size, bytes(info.checksum), format.decode()
    )


def msgpack_check(data: Data) -> None:
    """Checks that data is exactly one well-formed MessagePack document, nested at most 100
    levels deep, without a length that points beyond its end. Do this before a parser gets
    bytes from a cache. Raises a CacheMiss if it is not."""
    views: list[Any] = []
    try:
        pointer, size = readable(data, "data", views)
        check(_library.functions(size).msgpack_check(pointer, size), True)
    finally:
        release(views)
