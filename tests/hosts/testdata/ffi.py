"""The library through cffi, with the declarations that make wrote for it."""

import os
import sys

import cffi

ffi = cffi.FFI()
with open(sys.argv[1]) as declarations:
    ffi.cdef(declarations.read())
lib = ffi.dlopen(os.environ["CACHEKIT_LIBRARY"])

# Names are looked up at their first use: here all are.
functions = [name for name in dir(lib) if name.startswith("cachekit_") and callable(getattr(lib, name))]
print("at least 50 functions:", len(functions) >= 50)
assert lib.CACHEKIT_VERSION_NUMBER == lib.cachekit_version_number()
assert ffi.sizeof("CachekitTenantKeys") == ffi.sizeof("size_t") + 3 * lib.CACHEKIT_KEY_SIZE


def check(code):
    if code != lib.CACHEKIT_OK:
        raise RuntimeError(ffi.string(lib.cachekit_error_name(code)).decode())


def take(function, *arguments, last=()):
    out, size = ffi.new("uint8_t **"), ffi.new("size_t *")
    check(function(*arguments, out, size, *last))
    try:
        return bytes(ffi.buffer(out[0], size[0]))
    finally:
        lib.cachekit_free_buffer(out[0])


key = ffi.new("uint8_t[]", lib.CACHEKIT_KEY_SIZE)
handle = ffi.new("CachekitKeyring **")
check(lib.cachekit_generate_key(key))
check(lib.cachekit_keyring_new(key, len(key), ffi.NULL, ffi.NULL, 0, b"acme", 4, handle))
lib.cachekit_wipe(key, len(key))
keyring = handle[0]

value = b'{"name":"Ada"}' * 10
sealed = take(lib.cachekit_keyring_seal, keyring, b"json", b"users:1", 7, value, len(value))
index = ffi.new("size_t *", 7)
opened = take(lib.cachekit_keyring_open, keyring, b"json", b"users:1", 7, sealed, len(sealed), last=(index,))
print(f"{len(opened)} bytes came back with key {index[0]}:", opened == value)
try:
    take(lib.cachekit_keyring_open, keyring, b"json", b"users:2", 7, sealed, len(sealed), last=(ffi.NULL,))
except RuntimeError as error:
    print(error)

metrics = ffi.new("CachekitMetrics *")
metrics.struct_size = ffi.sizeof("CachekitMetrics")
check(lib.cachekit_keyring_get_metrics(keyring, metrics))
print("stored", metrics.store.operations, "with", metrics.store.bytes_in, "bytes, retrieved",
      metrics.retrieve.operations, "and", metrics.decrypt.errors, "refused")
text, size = ffi.new("char[]", lib.CACHEKIT_METRICS_TEXT_BUFFER_SIZE), ffi.new("size_t *")
size[0] = len(text)
check(lib.cachekit_metrics_text(metrics, b"acme", text, size))
print(ffi.string(text).decode().splitlines()[2])
lib.cachekit_keyring_free(keyring)
print(lib.cachekit_keyring_get_metrics(keyring, metrics) == lib.CACHEKIT_INVALID_HANDLE)
