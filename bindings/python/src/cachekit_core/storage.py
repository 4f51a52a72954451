"""ByteStorage: compresses payloads into envelopes with a checksum, without encryption."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any

from . import _library
from ._arguments import format_bytes
from ._buffers import readable, release
from ._declarations import DEFAULT_LEVEL
from ._error import CachekitError, CacheMiss, check
from ._handle import Compresses
from ._native import (
    storage_retrieve,
    storage_retrieve_into,
    storage_retrieve_many,
    storage_store,
    storage_store_into,
    storage_store_many,
)
from ._types import Data
from .errors import OutOfMemoryError

__all__ = ["ByteStorage"]


class ByteStorage(Compresses):
    """Compresses a payload into an envelope (LZ4, with an XXH3-64 checksum), and back.

    One object is enough for a whole program; every thread may use it at the same time.
    Close it, or use it as a context manager, or leave it to the garbage collection.

    Every method may also raise InvalidHandleError (closed), ForkedError (this process was
    forked after the library had been used), OutOfMemoryError or MemoryError, and
    TypeError, BufferError or (numpy) ValueError for data that is not a C-contiguous buffer.
    """

    __slots__ = ()
    _KIND = "byte_storage"

    def __init__(
        self,
        format: str | None = "msgpack",
        *,
        level: int = DEFAULT_LEVEL,
        max_payload: int | None = None,
    ) -> None:
        """Makes a storage.

        format is what its envelopes say that their payloads are, at most 1 MiB in UTF-8; the
        library carries it and does not interpret it. level says how hard to compress, from
        1, the fastest, to 9. max_payload lowers the limit of a payload, which is 512 MiB, to
        so many bytes.

        Raises InvalidInputError or InputTooLargeError for what is not so.
        """
        form = format_bytes(format)
        functions = _library.held()
        check(functions.start())  # the constructor itself says no code
        handle = functions.byte_storage_new(form)
        if not handle:
            raise OutOfMemoryError("out of memory: no memory or no handle for a storage")
        self._own(handle)
        self._limit(level, max_payload)

    def store(self, data: Data, format: str | None = None) -> bytes:
        """Returns the envelope of data. format says what data is; by default that of the
        storage.

        Raises InputTooLargeError for data above max_payload bytes or a format above 1 MiB,
        InvalidInputError for a format that is not text in UTF-8.
        """
        return storage_store(self._handle, data, format)

    def store_into(self, data: Data, out: Data, format: str | None = None) -> int:
        """Writes the envelope of data into out, a writable buffer, and returns its length in
        bytes. It takes compressed_bound(len(data)) + len(format) bytes, however short the
        result.

        Raises what store does, BufferTooSmallError, whose text says a size that is enough for
        all data of this length, and InternalError if the two overlap.
        """
        return storage_store_into(self._handle, data, out, format)

    def retrieve(self, envelope: Data) -> bytes:
        """Checks an envelope of any format and returns its payload.

        Raises a CacheMiss if it is damaged, not an envelope, or claims more than max_payload.
        """
        return storage_retrieve(self._handle, envelope)

    def retrieve_into(self, envelope: Data, out: Data) -> int:
        """Writes the payload of an envelope into out, a writable buffer, and returns its
        length in bytes. ``inspect(envelope).original_size`` is the exact size.

        Raises what retrieve does, BufferTooSmallError, whose text says the size needed, and
        InternalError if the two overlap.
        """
        return storage_retrieve_into(self._handle, envelope, out)

    def store_many(
        self, payloads: Iterable[Data | None], format: str | None = None
    ) -> list[bytes | CachekitError | None]:
        """store for many in one call. The list has for each payload its envelope, None for
        None, or the exception, not raised, of one that failed on its own."""
        return storage_store_many(self._handle, list(payloads), format)

    def retrieve_many(
        self, envelopes: Iterable[Data | None]
    ) -> list[bytes | CachekitError | None]:
        """retrieve for many in one call, such as those of an MGET. The list has for each
        envelope its payload, None for None (not in the cache), or the exception, not raised,
        of one that failed on its own."""
        return storage_retrieve_many(self._handle, list(envelopes))

    def validate(self, envelope: Data) -> bool:
        """Whether retrieve would return a payload. It decompresses to find out."""
        views: list[Any] = []
        try:
            pointer, size = readable(envelope, "envelope", views)
            check(
                _library.functions(size).byte_storage_validate(self._handle, pointer, size),
                True,
            )
        except CacheMiss:
            return False
        finally:
            release(views)
        return True

    def estimate_compression(self, data: Data) -> float:
        """The ratio that store would reach on data: its size / that of the LZ4 block, and 0
        for empty data. It compresses to find out.

        Raises InputTooLargeError for data above max_payload bytes.
        """
        views: list[Any] = []
        ratio = ctypes.c_double()
        try:
            pointer, size = readable(data, "data", views)
            check(
                _library.functions(size).byte_storage_estimate_compression(
                    self._handle, pointer, size, ctypes.byref(ratio)
                )
            )
        finally:
            release(views)
        return ratio.value
