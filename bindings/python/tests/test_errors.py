"""The exceptions, against the library's own table."""

import pickle
import warnings

import pytest

import cachekit_core
from cachekit_core import (
    CachekitError,
    CacheMiss,
    ForkedError,
    InvalidHandleError,
    _error,
    _library,
    errors,
)

CODES = range(1, 20)
ROTATION_NEEDED = 5


def test_every_code_has_its_class():
    library = _library.lib()
    assert library.error_name(max(CODES) + 1) == b"CACHEKIT_UNKNOWN"  # these are all
    assert sorted(errors.BY_CODE) == [code for code in CODES if code != ROTATION_NEEDED]
    for code, cls in errors.BY_CODE.items():
        assert cls.code == code and issubclass(cls, CachekitError)
        assert cls.name == library.error_name(code).decode()
        error = _error.error_for(code)
        assert type(error) is cls
        text = library.error_string(code).decode()
        if cls in (ForkedError, InvalidHandleError):
            assert str(error).startswith(text + ": ")
        else:
            assert str(error) == text
            assert str(_error.error_for(code, "why")) == f"{text}: why"
        assert cls.__doc__
        assert getattr(cachekit_core, cls.__name__) is cls


def test_misses():
    misses = {code for code, cls in errors.BY_CODE.items() if issubclass(cls, CacheMiss)}
    assert misses == {2, 3, 4, 11, 12}
    entries = {
        code: cls for code, cls in errors.BY_CODE_OF_ENTRY.items() if cls is not errors.BY_CODE[code]
    }
    assert entries == {1: errors.InvalidEntryError, 10: errors.EntryTooLargeError}
    for code, cls in entries.items():
        assert issubclass(cls, CacheMiss) and issubclass(cls, errors.BY_CODE[code])
        assert (cls.code, cls.name) == (code, errors.BY_CODE[code].name)
        assert type(_error.error_for(code, reading=True)) is cls
        assert type(_error.error_for(code)) is errors.BY_CODE[code]


def test_python_kinds():
    assert issubclass(errors.InvalidInputError, ValueError)
    assert issubclass(errors.InvalidKeyLengthError, ValueError)
    assert issubclass(errors.OutOfMemoryError, MemoryError)
    assert issubclass(cachekit_core.RotationNeededWarning, UserWarning)
    assert issubclass(cachekit_core.LibraryNotFoundError, OSError)


def test_a_code_of_a_newer_library():
    error = _error.error_for(77)
    assert type(error) is CachekitError and error.code == 77 and str(error) == "unknown error"


def test_errors_can_be_pickled():
    for cls in errors.BY_CODE_OF_ENTRY.values():
        copy = pickle.loads(pickle.dumps(cls("text")))
        assert type(copy) is cls and str(copy) == "text"


def test_what_forked_and_closed_errors_say():
    assert "only in the children" in str(_error.error_for(18, "whatever"))
    storage = cachekit_core.ByteStorage()
    storage.close()
    with pytest.raises(InvalidHandleError, match="closed"):
        storage.store(b"")


def test_the_warning_names_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _error.warn_rotation()
    (warning,) = caught
    assert warning.filename == __file__
    assert warning.category is cachekit_core.RotationNeededWarning


@pytest.mark.parametrize("reading", [False, True])
def test_details_are_those_of_the_call_that_failed(reading):
    storage = cachekit_core.ByteStorage()
    if reading:
        with pytest.raises(errors.InvalidEntryError, match="byte") as caught:
            storage.retrieve(b"\xc1")
    else:
        with pytest.raises(errors.InvalidKeyLengthError, match="5 bytes") as caught:
            cachekit_core.derive_key(b"short", "salt", "domain")
    assert ": " in str(caught.value)
