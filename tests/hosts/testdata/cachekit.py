"""The library as a host loads it: when this module is imported, symbols looked
up, nothing called."""

import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p

sys.dont_write_bytecode = True

FORKED = 18

_lib = ctypes.CDLL(os.environ["CACHEKIT_LIBRARY"])
_data, _result = (c_char_p, c_size_t), (POINTER(c_void_p), POINTER(c_size_t))


def _function(name, result, *arguments):
    function = getattr(_lib, "cachekit_" + name)
    function.restype, function.argtypes = result, arguments
    return function


_keyring_new = _function("keyring_new", c_int, *_data, c_void_p, c_void_p, c_size_t, *_data,
                         POINTER(c_void_p))
_keyring_free = _function("keyring_free", None, c_void_p)
_seal = _function("keyring_seal", c_int, c_void_p, c_char_p, *_data, *_data, *_result)
_open = _function("keyring_open", c_int, c_void_p, c_char_p, *_data, *_data, *_result,
                  POINTER(c_size_t))
_free_buffer = _function("free_buffer", None, c_void_p)
_build_info = _function("build_info", c_char_p)


class Error(Exception):
    """args[0] is the code."""


def _check(code):
    if code != 0:
        raise Error(code)


def _take(function, *arguments, last=()):
    out, size = c_void_p(), c_size_t()
    _check(function(*arguments, byref(out), byref(size), *last))
    try:
        return ctypes.string_at(out, size.value)
    finally:
        _free_buffer(out)


def build_info():
    return _build_info().decode()


def round_trips(count):
    """Seals and opens count values under a new keyring, and returns the first 8
    bytes of their nonces in hexadecimal digits: the keyring's instance."""
    keyring = c_void_p()
    _check(_keyring_new(b"k" * 32, 32, None, None, 0, b"acme", 4, byref(keyring)))
    try:
        instances = set()
        for i in range(count):
            value = b'{"id":%d}' % i * (i + 1)
            key = b"users:%d" % i
            sealed = _take(_seal, keyring, b"msgpack", key, len(key), value, len(value))
            back = _take(_open, keyring, b"msgpack", key, len(key), sealed, len(sealed),
                         last=(None,))
            assert back == value, i
            instances.add(sealed[:8].hex())
        assert len(instances) == 1, instances
        return instances.pop()
    finally:
        _keyring_free(keyring)


def code_of_use():
    """The code of a use of the library, 0 if all is well."""
    try:
        round_trips(1)
    except Error as error:
        return error.args[0]
    return 0


def threads(pid="self"):
    return len(os.listdir("/proc/%s/task" % pid))


def loaded(pid):
    """Whether a process has the library."""
    with open("/proc/%s/maps" % pid) as maps:
        return "libcachekit_core.so" in maps.read()
