#!/usr/bin/env python3
"""Compresses and encrypts a value, then brings it back.

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
OVERHEAD = 28  # by which a ciphertext is longer than its plaintext


class CachekitError(Exception):
    """A call that did not do its work; code is its number in cachekit.h."""

    code = None


class RotationNeeded(UserWarning):
    """The call did its work, but it is time for a new encryptor."""

    code = 5


# Code -> exception, named after the code.
ERRORS = {
    code: type(name, (CachekitError,), {"code": code})
    for code, name in {
        1: "InvalidInput",
        2: "ChecksumMismatch",
        3: "DecompressionFailed",
        4: "DecryptionFailed",
        6: "CounterExhausted",
        7: "InvalidKeyLength",
        8: "BufferTooSmall",
        9: "NullPointer",
        10: "InputTooLarge",
        11: "DecompressionBomb",
        12: "SizeValidationFailed",
        13: "RngFailure",
        14: "DomainTooLong",
        15: "SaltTooLong",
        16: "InvalidHandle",
        17: "OutOfMemory",
        18: "Forked",
        19: "Internal",
    }.items()
}


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

    data, buffer, size = (c_char_p, c_size_t), c_void_p, POINTER(c_size_t)
    allocated = (POINTER(c_void_p), size)
    for name, result, arguments in [
        ("error_string", c_char_p, [c_int]),
        ("free_buffer", None, [c_void_p]),
        ("wipe", None, [c_void_p, c_size_t]),
        ("byte_storage_new", c_void_p, [c_char_p]),
        ("byte_storage_free", None, [c_void_p]),
        ("byte_storage_store", c_int, [c_void_p, *data, c_char_p, *allocated]),
        ("byte_storage_retrieve", c_int, [c_void_p, *data, *allocated]),
        ("derive_key", c_int, [buffer, c_size_t, *data, *data, buffer]),
        ("encryptor_new", c_void_p, [POINTER(c_int)]),
        ("encryptor_free", None, [c_void_p]),
        ("encrypt", c_int, [c_void_p, buffer, c_size_t, *data, *data, buffer, size]),
        ("decrypt", c_int, [c_void_p, buffer, c_size_t, *data, *data, buffer, size]),
    ]:
        function = getattr(lib, "cachekit_" + name)
        function.restype, function.argtypes = result, arguments
    return lib


def check(code):
    """Raises the exception of a code, or gives the warning."""
    if code == 0:
        return
    text = library().cachekit_error_string(code).decode()
    if code == RotationNeeded.code:
        warnings.warn(text, RotationNeeded, stacklevel=3)
    else:
        raise ERRORS.get(code, CachekitError)(text)


def take(function, *arguments):
    """Calls a function whose result the library allocates; copies and frees that."""
    out, size = c_void_p(), c_size_t()
    check(function(*arguments, byref(out), byref(size)))
    try:
        return ctypes.string_at(out, size.value)
    finally:
        library().cachekit_free_buffer(out)


class ByteStorage:
    """LZ4 and a checksum, in an envelope."""

    def __init__(self, default_format=None):
        text = default_format.encode() if default_format is not None else None
        self._handle = library().cachekit_byte_storage_new(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library().cachekit_byte_storage_free(self._handle)

    def store(self, data):
        function = library().cachekit_byte_storage_store
        return take(function, self._handle, data, len(data), None)

    def retrieve(self, envelope):
        function = library().cachekit_byte_storage_retrieve
        return take(function, self._handle, envelope, len(envelope))


class Key:
    """32 bytes that are wiped at the end; Python's own bytes cannot be."""

    def __init__(self):
        self.bytes = (ctypes.c_uint8 * KEY_SIZE)()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library().cachekit_wipe(self.bytes, KEY_SIZE)

    def derive(self, master, salt, domain):
        check(library().cachekit_derive_key(
            master.bytes, KEY_SIZE, salt, len(salt), domain, len(domain), self.bytes))


class Encryptor:
    """AES-256-GCM with nonces that do not repeat."""

    def __init__(self):
        error = c_int()
        self._handle = library().cachekit_encryptor_new(byref(error))
        check(error.value)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library().cachekit_encryptor_free(self._handle)

    def _call(self, function, key, data, aad, capacity):
        out = ctypes.create_string_buffer(max(capacity, 1))
        size = c_size_t(max(capacity, 0))
        check(function(self._handle, key.bytes, KEY_SIZE, aad, len(aad), data, len(data),
                       out, byref(size)))
        return ctypes.string_at(out, size.value)

    def encrypt(self, key, plaintext, aad):
        capacity = len(plaintext) + OVERHEAD
        return self._call(library().cachekit_encrypt, key, plaintext, aad, capacity)

    def decrypt(self, key, ciphertext, aad):
        capacity = len(ciphertext) - OVERHEAD
        return self._call(library().cachekit_decrypt, key, ciphertext, aad, capacity)


def main():
    value = (b'[{"id":1,"name":"Ada","role":"reader"},'
             b'{"id":2,"name":"Grace","role":"reader"},'
             b'{"id":3,"name":"Radia","role":"reader"},'
             b'{"id":4,"name":"Barbara","role":"reader"}]')
    cache_key = b"users:all"
    with ByteStorage() as storage, Encryptor() as encryptor, Key() as key:
        with Key() as master:
            # A key for this run. A real one comes from where you keep secrets.
            with open("/dev/urandom", "rb", buffering=0) as random:
                random.readinto(master.bytes)
            key.derive(master, b"acme", b"encryption")

        envelope = storage.store(value)
        sealed = encryptor.encrypt(key, envelope, cache_key)
        back = storage.retrieve(encryptor.decrypt(key, sealed, cache_key))
        print(f"{len(value)} bytes: {len(envelope)} in an envelope, {len(sealed)} encrypted, "
              f"{len(back)} back\n{back.decode()}")

        # The cache key is authenticated too: for another key this entry does not open.
        try:
            encryptor.decrypt(key, sealed, b"users:other")
        except ERRORS[4] as error:
            print(f"under another cache key: {type(error).__name__}: {error}")


if __name__ == "__main__":
    try:
        main()
    except CachekitError as error:
        sys.exit(f"cachekit: {type(error).__name__}: {error}")
