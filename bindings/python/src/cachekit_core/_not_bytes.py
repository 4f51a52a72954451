"""The error of data that has no bytes to point to."""

from __future__ import annotations

__all__ = ["not_bytes"]


def not_bytes(data: object, what: str) -> TypeError:
    """what says which argument it is."""
    if isinstance(data, str):
        return TypeError(f"{what} is str: encode it first, as with .encode()")
    return TypeError(f"{what}: a bytes-like object is needed, not {type(data).__name__}")
