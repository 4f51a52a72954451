#!/usr/bin/env python3
"""Compresses and encrypts a value for one place in the cache, and opens it again.

examples/c/quickstart.c in Python: ctypes and the C library, nothing else. The
library is build/libcachekit_core.so, or what CACHEKIT_LIBRARY names.
"""

import ctypes
import functools
import os
import pathlib
import sys
import warnings
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p

KEY_SIZE = 32
ROTATION_NEEDED = 5  # the one code that is a warning


class CachekitError(Exception):
    """A call that did not do its work: the code of cachekit.h, its name there, and what
    the call found."""

    def __init__(self, code):
        detail = library().cachekit_last_error_detail()  # of this thread's last failure
        text = library().cachekit_error_string(code)
        super().__init__((text + b": " + detail if detail else text).decode())
        self.code = code
        self.name = library().cachekit_error_name(code).decode()


@functools.cache
def library():
    """Loads the library at its first use. A pre-forking server (gunicorn, celery)
    may load it before it forks, and use it in the workers alone."""
    path = os.environ.get("CACHEKIT_LIBRARY")
    if not path:
        path = pathlib.Path(__file__).resolve().parents[2] / "build" / "libcachekit_core.so"
    try:
        lib = ctypes.CDLL(os.fspath(path))
    except OSError as error:
        sys.exit(f"cannot load the library: {error}\n  run make, or name it in CACHEKIT_LIBRARY")

    data, size = (c_char_p, c_size_t), POINTER(c_size_t)
    allocated = (POINTER(c_void_p), size)
    for name, result, arguments in [
        ("error_string", c_char_p, [c_int]),
        ("error_name", c_char_p, [c_int]),
        ("last_error_detail", c_char_p, []),
        ("free_buffer", None, [c_void_p]),
        ("wipe", None, [c_void_p, c_size_t]),
        ("generate_key", c_int, [c_void_p]),
        ("keyring_new", c_int, [c_void_p, c_size_t, POINTER(c_char_p), size, c_size_t, *data,
                                POINTER(c_void_p)]),
        ("keyring_free", None, [c_void_p]),
        ("keyring_seal", c_int, [c_void_p, c_char_p, *data, *data, *allocated]),
        ("keyring_open", c_int, [c_void_p, c_char_p, *data, *data, *allocated, size]),
    ]:
        function = getattr(lib, "cachekit_" + name)
        function.restype, function.argtypes = result, arguments
    return lib


def check(code):
    """Raises the exception of a code, or gives the warning."""
    if code == ROTATION_NEEDED:
        warnings.warn("the call did its work; make a new Keyring soon", stacklevel=4)
    elif code != 0:
        raise CachekitError(code)


class Keyring:
    """One tenant's keys: seals entries, and opens what was sealed under them."""

    def __init__(self, master, tenant):
        self._handle = c_void_p()
        check(library().cachekit_keyring_new(
            master, len(master), None, None, 0, tenant, len(tenant), byref(self._handle)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library().cachekit_keyring_free(self._handle)

    def seal(self, cache_key, data, format="json"):
        return self._call(library().cachekit_keyring_seal, cache_key, data, format)

    def open(self, cache_key, sealed, format="json"):
        return self._call(library().cachekit_keyring_open, cache_key, sealed, format, None)

    def _call(self, function, cache_key, data, format, *last):
        """Copies and frees the result, which the library allocates."""
        out, size = c_void_p(), c_size_t()
        check(function(self._handle, format.encode(), cache_key, len(cache_key), data, len(data),
                       byref(out), byref(size), *last))
        try:
            return ctypes.string_at(out, size.value)
        finally:
            library().cachekit_free_buffer(out)


def random_keyring(tenant):
    """A master key for this run. A real one comes from where you keep secrets."""
    master = (ctypes.c_uint8 * KEY_SIZE)()  # can be wiped, unlike bytes
    try:
        check(library().cachekit_generate_key(master))
        return Keyring(master, tenant)
    finally:
        library().cachekit_wipe(master, KEY_SIZE)


def main():
    value = (b'[{"id":1,"name":"Ada","role":"reader"},'
             b'{"id":2,"name":"Grace","role":"reader"},'
             b'{"id":3,"name":"Radia","role":"reader"},'
             b'{"id":4,"name":"Barbara","role":"reader"}]')
    with random_keyring(b"acme") as keyring:
        sealed = keyring.seal(b"users:all", value)
        opened = keyring.open(b"users:all", sealed)
        print(f"{len(value)} bytes, {len(sealed)} sealed, {len(opened)} opened\n{opened.decode()}")

        # The cache key is authenticated: copied to another one, the entry does not open.
        try:
            keyring.open(b"users:other", sealed)
        except CachekitError as error:
            print(f"under another cache key: {error.name}: {error}")


if __name__ == "__main__":
    try:
        main()
    except CachekitError as error:
        sys.exit(f"cachekit: {error.name}: {error}")
