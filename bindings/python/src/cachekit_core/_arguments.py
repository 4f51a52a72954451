"""Checks of what the caller passes, before the library is called: what it then still finds
wrong with an entry is the entry's fault."""

from __future__ import annotations

from typing import Any

from ._buffers import readable
from ._declarations import (
    INPUT_TOO_LARGE,
    INTERNAL,
    INVALID_INPUT,
    MAX_CACHE_KEY_SIZE,
    MAX_FORMAT_SIZE,
)
from ._error import error_for

__all__ = [
    "c_string",
    "check_apart",
    "encoded",
    "format_bytes",
    "key_pointer",
    "name_pointer",
    "number",
]


def encoded(text: str, what: str) -> bytes:
    """text in UTF-8."""
    try:
        return str.encode(text)  # of a subclass too, as the other twin does
    except UnicodeEncodeError:
        # Not chained: it holds the text.
        raise error_for(INVALID_INPUT, f"{what} is not text in UTF-8") from None


def c_string(text: object, what: str) -> bytes:
    """text in UTF-8, to be passed as a string that ends with a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"{what}: str is needed, not {type(text).__name__}")
    data = encoded(text, what)
    if b"\0" in data:
        raise error_for(INVALID_INPUT, f"{what} contains a NUL")
    return data


def format_bytes(format: object) -> bytes | None:
    """A format to pass; None stands for the default."""
    if format is None:
        return None
    data = c_string(format, "format")
    if len(data) > MAX_FORMAT_SIZE:
        raise error_for(
            INPUT_TOO_LARGE, f"format: {len(data)} bytes, the limit is {MAX_FORMAT_SIZE}"
        )
    return data


def number(value: object, what: str, limit: int) -> int:
    """An int up to limit, since ctypes would cut off what is larger than a number of C."""
    if not isinstance(value, int):
        raise TypeError(f"{what}: int is needed, not {type(value).__name__}")
    if not 0 <= value <= limit:
        raise error_for(INVALID_INPUT, f"{what} {value}, the limit is {limit}")
    return value


def name_pointer(name: object, what: str, views: list[Any]) -> tuple[Any, int]:
    """What _buffers.readable gives, for what may also be str: a cache key, tenant or salt."""
    if isinstance(name, str):
        name = encoded(name, what)
    return readable(name, what, views)


def key_pointer(cache_key: object, views: list[Any]) -> tuple[Any, int]:
    """The same for a cache key that an entry is bound to."""
    pointer, size = name_pointer(cache_key, "cache key", views)
    if size > MAX_CACHE_KEY_SIZE:
        raise error_for(
            INPUT_TOO_LARGE, f"cache key: {size} bytes, the limit is {MAX_CACHE_KEY_SIZE}"
        )
    return pointer, size


def check_apart(out: int, room: int, *inputs: tuple[Any, int]) -> None:
    """Refuses an out that shares bytes with an input, each of which is what readable gave.
    The library checks that only where it encrypts and decrypts, and elsewhere would read what
    it has just written."""
    for pointer, size in inputs:
        if type(pointer) is bytes or not size or not room:  # bytes cannot be written to
            continue
        if pointer < out + room and out < pointer + size:
            raise error_for(INTERNAL, "input and output overlap")
