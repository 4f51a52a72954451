"""The bases of all exceptions, and the one place where a code of the library becomes one."""

from __future__ import annotations

import warnings
from typing import NoReturn

from . import _declarations
from ._library import error_string

__all__ = [
    "CacheMiss",
    "CachekitError",
    "RotationNeededWarning",
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


def raise_for(code: int, detail: str = "", reading: bool = False) -> NoReturn:
    """Raises the exception of a code: see error_for."""
    raise error_for(code, detail, reading)


def warn_rotation(stacklevel: int = 2) -> None:
    """Gives RotationNeededWarning, for the line that is so many calls above this one."""
    warnings.warn(
        RotationNeededWarning(
            "the call did its work; after 2^31 encryptions, make a new object soon"
        ),
        stacklevel=stacklevel + 1,
    )
