"""The bases of all exceptions, and the one place where a code of the library becomes one."""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import NoReturn

from . import _declarations
from ._library import error_string, last_detail

__all__ = [
    "CacheMiss",
    "CachekitError",
    "RotationNeededWarning",
    "check",
    "error_for",
    "raise_for",
    "warn_rotation",
]


class CachekitError(Exception):
    """Above all exceptions of this package, but for wrong types, which are TypeError.

    ``str()`` of one is the library's text of its code and what the call found wrong. It
    holds numbers and fixed words, and never bytes of a key, a payload or a cache key.
    """

    #: The number of the error in cachekit.h; 0 in the classes that stand for several.
    code: int = 0
    #: The name of the error in cachekit.h, such as "CACHEKIT_CHECKSUM_MISMATCH".
    name: str = ""


class CacheMiss(CachekitError):
    """Above all errors that mean: treat the entry as if it were not in the cache."""


class RotationNeededWarning(UserWarning):
    """An encryptor or keyring has made 2^31 encryptions. The call did its work; make a new
    object, which may have the same keys, before this one refuses at 2^32."""


# A closed object has the handle 0 here, so these are the only ways to get such a code
# from Python, and both need more than the library's words.
_ADVICE = {
    _declarations.INVALID_HANDLE: "closed",
    _declarations.FORKED: "use it only in the children (workers), after the fork",
}


def error_for(code: int, detail: str = "", reading: bool = False) -> CachekitError:
    """The exception of a code, not raised.

    detail is what cachekit_last_error_detail said, or "". reading says that the call read
    an entry and that the caller's own arguments had been checked, so that an input that is
    not valid or too large is the entry, and a miss.
    """
    from . import errors  # which imports this module

    classes = errors.BY_CODE_OF_ENTRY if reading else errors.BY_CODE
    cls = classes.get(code, CachekitError)
    detail = _ADVICE.get(code, detail)
    text = error_string(code)
    error = cls(f"{text}: {detail}" if detail else text)
    if cls is CachekitError:  # a code of a newer library
        error.code = code
    return error


def raise_for(code: int, reading: bool = False) -> NoReturn:
    """Raises the exception of a code that a call of this thread has just returned."""
    raise error_for(code, last_detail(), reading)


def check(code: int, reading: bool = False) -> None:
    """Raises or warns, if the code that a call has just returned says so."""
    if code == _declarations.ROTATION_NEEDED:
        warn_rotation()
    elif code:
        raise_for(code, reading)


def warn_rotation() -> None:
    """Gives RotationNeededWarning, for the line of the program that called this package."""
    ours = __name__.partition(".")[0]
    frame: FrameType | None = sys._getframe()
    stacklevel = 1
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == ours:
        frame = frame.f_back
        stacklevel += 1
    warnings.warn(
        RotationNeededWarning(
            "the call did its work; after 2^31 encryptions, make a new object soon"
        ),
        stacklevel=stacklevel,
    )
