"""Finds and loads the C library, once for a process and at its first use.

Loading does not start the library, so a server that forks workers may do it before. On Windows
and macOS it does.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Callable

from . import _declarations

__all__ = [
    "LibraryNotFoundError",
    "error_string",
    "functions",
    "held",
    "last_detail",
    "lib",
    "load",
]

# The file beside this one, and what the system looks for.
_FILE, _SONAME = {
    "darwin": ("libcachekit_core.dylib", "libcachekit_core.0.dylib"),
    "win32": ("libcachekit_core.dll", "libcachekit_core.dll"),
}.get(sys.platform, ("libcachekit_core.so", "libcachekit_core.so.0"))
_VARIABLE = "CACHEKIT_LIBRARY"


class LibraryNotFoundError(OSError):
    """The C library could not be loaded. The text lists each path that was tried, and why
    it failed."""


_lock = threading.Lock()


def _unlock() -> None:
    """In a child of a process in which another thread was loading: it does not exist here."""
    global _lock
    _lock = threading.Lock()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_unlock)

_path: str | None = None
_lib: SimpleNamespace | None = None
_held: SimpleNamespace | None = None

#: What the accelerator is told when the library has been loaded: the address of each
#: function. Set by _native.
after_load: Callable[[dict[str, int]], None] | None = None


def load(path: str | os.PathLike[str] | None = None) -> str:
    """Loads the C library and returns where it was found. It is not started by this.

    Nobody has to call this: the first function that needs the library does. It is for
    programs that say where the library is, or that want to know early whether it is there.
    The first of these that is given is taken, and no other one is tried after it:

    - path, a file or what ``dlopen`` takes,
    - the environment variable CACHEKIT_LIBRARY,
    - the file beside this package, which a wheel brings,
    - what the system has installed.

    Raises LibraryNotFoundError if it is not there or has another version, and RuntimeError
    if path is given after another file has been loaded. Any thread may call it.
    """
    global _path, _lib, _held
    wanted = None if path is None else os.fspath(path)
    with _lock:
        if _lib is None:
            found, releasing, holding = _find(wanted)
            _held = _bind(holding)
            _path = found
            if after_load is not None:
                after_load(_addresses(releasing))
            _lib = _bind(releasing)  # the last one, since others look at it without the lock
        elif wanted is not None and not _same(wanted, _path):
            raise RuntimeError(f"the library has been loaded already, from {_path}")
        assert _path is not None
        return _path


def lib() -> Any:
    """The functions, each of which lets other Python threads run while it works."""
    if _lib is None:
        load()
    return _lib


def held() -> Any:
    """The same functions, which keep the GIL: for calls that are shorter than letting go."""
    if _held is None:
        load()
    return _held


# From so many bytes of input on a call lets go of the GIL, here and in _fast.c. To let go of it and
# take it again costs 60 to 130 ns if nobody wants it. But a thread that computes in Python takes
# its turn of 5 ms, if the call gives it the time to wake up: beside one, a store of 16 KiB that
# let go took 0.4 ms on average. 64 KiB take 20 us (retrieve) to 90 us (store), which others may
# well use; below 16 KiB two threads gained nothing.
_RELEASE_FROM = 65536


def functions(size: int) -> Any:
    """The functions for an input of so many bytes."""
    return held() if size < _RELEASE_FROM else lib()


def error_string(code: int) -> str:
    """The library's text of a code."""
    text: bytes = held().error_string(code)
    return text.decode()


def last_detail() -> str:
    """What the last call of this thread that failed found wrong."""
    text: bytes = held().last_error_detail()
    return text.decode()


def _same(a: str, b: str | None) -> bool:
    try:
        return b is not None and (a == b or os.path.samefile(a, b))
    except OSError:
        return False


def _find(wanted: str | None) -> tuple[str, ctypes.CDLL, ctypes.CDLL]:
    tried: list[str] = []
    for candidate in _candidates(wanted):
        try:
            library = ctypes.CDLL(candidate)
        except OSError as error:
            tried.append(f"{candidate}: {_reason(candidate, str(error))}")
            continue
        wrong = _check_version(library)
        if wrong:
            tried.append(f"{candidate}: {wrong}")
            continue
        # PyPy has a lock of its own around each call and no PyDLL.
        holding = ctypes.PyDLL(candidate) if hasattr(ctypes, "PyDLL") else library
        return candidate, library, holding
    lines = "".join(f"\n  {line}" for line in tried)
    raise LibraryNotFoundError(
        f"cannot load the C library cachekit_core. Tried:{lines}\n"
        f"Name its file in the environment variable {_VARIABLE}, or in cachekit_core.load()."
    )


def _candidates(wanted: str | None) -> Iterator[str]:
    """Where to look, in this order. Made one by one, because find_library runs programs."""
    named = wanted if wanted is not None else os.environ.get(_VARIABLE)
    if named:
        yield named
        return
    yield os.path.join(os.path.dirname(os.path.abspath(__file__)), _FILE)
    yield _SONAME
    found = ctypes.util.find_library("cachekit_core")
    if found and found != _SONAME:
        yield found


def _reason(candidate: str, text: str) -> str:
    text = text.rpartition(candidate + ": ")[2]
    if "initial-exec TLS" in text:
        # The Go runtime keeps its data for each thread in memory that musl lays out when
        # a program starts, and not later.
        text += (
            "; on musl (Alpine) it has to be there when Python starts: "
            f"LD_PRELOAD={candidate} python ..."
        )
    return text


def _check_version(library: ctypes.CDLL) -> str:
    """What is wrong with the version of a library; "" if nothing is."""
    try:
        version_number = library.cachekit_version_number
    except AttributeError:
        return "this is not the library cachekit_core"
    version_number.restype = ctypes.c_uint32
    number = version_number()
    version = (number // 10000, number // 100 % 100, number % 100)
    ours = (
        _declarations.VERSION_MAJOR,
        _declarations.VERSION_MINOR,
        _declarations.VERSION_PATCH,
    )
    if version[:2] == ours[:2] and version >= ours:
        return ""
    return (
        f"its version is {'.'.join(map(str, version))}, and this package needs "
        f"{ours[0]}.{ours[1]}, from {'.'.join(map(str, ours))} on"
    )


def _bind(library: ctypes.CDLL) -> SimpleNamespace:
    """The declared functions, without the cachekit_ before their names."""
    functions = SimpleNamespace()
    for name, (restype, argtypes) in _declarations.FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = restype
        function.argtypes = argtypes
        setattr(functions, name[len("cachekit_") :], function)
    return functions


def _addresses(library: ctypes.CDLL) -> dict[str, int]:
    found = {}
    for name in _declarations.FUNCTIONS:
        address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
        assert address is not None
        found[name] = address
    return found
