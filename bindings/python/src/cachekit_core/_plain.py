"""The frequent calls over ctypes: works on every Python. _fast.c has the same functions.

A handle is an int. A format is str or None. Payloads, envelopes and ciphertexts are
bytes-like and are not copied on the way in; a cache key may also be str. What the library
finds wrong is raised, and of a call for many items what is wrong with one takes its place
in the list.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from ctypes import byref, c_size_t, c_void_p, string_at
from typing import Any

from . import _library
from ._arguments import check_apart, format_bytes, key_pointer
from ._buffers import address, allocate, readable, release, taken, writable
from ._declarations import (
    BUFFER_TOO_SMALL,
    CHECKSUM_SIZE,
    CIPHERTEXT_OVERHEAD,
    FORKED,
    INTERNAL,
    INVALID_HANDLE,
    MAX_PAYLOAD_SIZE,
    NULL_POINTER,
    OUT_OF_MEMORY,
    ROTATION_NEEDED,
    Item,
)
from ._error import CachekitError, check, error_for, warn_rotation

__all__ = [
    "checksum",
    "decrypt",
    "decrypt_into",
    "encrypt",
    "encrypt_into",
    "keyring_decrypt",
    "keyring_decrypt_with_index",
    "keyring_encrypt",
    "keyring_open",
    "keyring_open_into",
    "keyring_open_many",
    "keyring_open_with_index",
    "keyring_seal",
    "keyring_seal_into",
    "keyring_seal_many",
    "storage_retrieve",
    "storage_retrieve_into",
    "storage_retrieve_many",
    "storage_store",
    "storage_store_into",
    "storage_store_many",
]

# What fails for all items at once, if none of them succeeded.
_OF_THE_WHOLE_CALL = frozenset(
    (NULL_POINTER, INVALID_HANDLE, OUT_OF_MEMORY, FORKED, INTERNAL)
)

# Up to here a result of unknown length is written into memory that is certainly or probably
# long enough, since the copy is cheaper than to ask first.
_GUESS_UP_TO = 4096
_MIB = 1 << 20


def _store_bound(size: int, format: bytes | None) -> int:
    """Room for the envelope of so many bytes. A payload that is too large gets none: the
    library refuses it before it looks at the memory."""
    if size > MAX_PAYLOAD_SIZE:
        return 0
    bound: int = _library.held().compressed_bound(size)
    # The default format of a storage may be longer than "msgpack"; if it does not fit, the
    # library says what does.
    return bound + (len(format) if format else 64)


def checksum(data: object) -> bytes:
    views: list[Any] = []
    try:
        pointer, size = readable(data, "data", views)
        out = allocate(CHECKSUM_SIZE)
        check(_library.functions(size).checksum(pointer, size, out), False)
        return taken(out, CHECKSUM_SIZE)
    finally:
        if views:
            release(views)


def made(call: Any, reading: bool, room: int, *arguments: Any) -> bytes:
    """The result of a call that writes into a buffer, which gets so much room, or else what
    the call says that it needs."""
    used = c_size_t(room)
    out = allocate(room)
    code = call(*arguments, out, byref(used))
    if code == BUFFER_TOO_SMALL:
        out = allocate(used.value)
        code = call(*arguments, out, byref(used))
    check(code, reading)
    return taken(out, used.value)


def storage_store(handle: int, data: object, format: str | None) -> bytes:
    views: list[Any] = []
    try:
        form = format_bytes(format)
        pointer, size = readable(data, "data", views)
        call = _library.functions(size).byte_storage_store_into
        return made(call, False, _store_bound(size, form), handle, pointer, size, form)
    finally:
        if views:
            release(views)


def storage_store_into(handle: int, data: object, out: object, format: str | None) -> int:
    views: list[Any] = []
    try:
        form = format_bytes(format)
        pointer, size = readable(data, "data", views)
        target, room = writable(out, "out", views)
        check_apart(target, room, (pointer, size))
        used = c_size_t(room)
        check(
            _library.functions(size).byte_storage_store_into(
                handle, pointer, size, form, target, byref(used)
            ),
            False,
        )
        return used.value
    finally:
        if views:
            release(views)


def storage_retrieve(handle: int, envelope: object) -> bytes:
    views: list[Any] = []
    try:
        pointer, size = readable(envelope, "envelope", views)
        call = _library.functions(size).byte_storage_retrieve_into
        # Of a large envelope it is cheaper to ask for the size, which is in its header,
        # than to copy the result out of memory that was too long.
        room = 8 * size if size <= _GUESS_UP_TO else 0
        return made(call, True, room, handle, pointer, size)
    finally:
        if views:
            release(views)


def storage_retrieve_into(handle: int, envelope: object, out: object) -> int:
    views: list[Any] = []
    try:
        pointer, size = readable(envelope, "envelope", views)
        target, room = writable(out, "out", views)
        check_apart(target, room, (pointer, size))
        used = c_size_t(room)
        check(
            _library.functions(size).byte_storage_retrieve_into(
                handle, pointer, size, target, byref(used)
            ),
            True,
        )
        return used.value
    finally:
        if views:
            release(views)


def encrypt(handle: int, key: object, plaintext: object, aad: object) -> bytes:
    return _crypted("encrypt", handle, key, plaintext, aad)


def encrypt_into(handle: int, key: object, plaintext: object, aad: object, out: object) -> int:
    return _crypted_into("encrypt", handle, key, plaintext, aad, out)


def decrypt(handle: int, key: object, ciphertext: object, aad: object) -> bytes:
    return _crypted("decrypt", handle, key, ciphertext, aad)


def decrypt_into(handle: int, key: object, ciphertext: object, aad: object, out: object) -> int:
    return _crypted_into("decrypt", handle, key, ciphertext, aad, out)


def _crypted(function: str, handle: int, key: object, text: object, aad: object) -> bytes:
    views: list[Any] = []
    try:
        reading = function == "decrypt"
        keyp, key_size = readable(key, "key", views)
        pointer, size = readable(text, "ciphertext" if reading else "plaintext", views)
        aadp, aad_size = readable(aad, "aad", views)
        room = decrypted_size(size) if reading else encrypted_size(size)
        call = getattr(_library.functions(size), function)
        return made(call, reading, room, handle, keyp, key_size, aadp, aad_size, pointer, size)
    finally:
        if views:
            release(views)


def _crypted_into(
    function: str, handle: int, key: object, text: object, aad: object, out: object
) -> int:
    views: list[Any] = []
    try:
        reading = function == "decrypt"
        keyp, key_size = readable(key, "key", views)
        pointer, size = readable(text, "ciphertext" if reading else "plaintext", views)
        aadp, aad_size = readable(aad, "aad", views)
        target, room = writable(out, "out", views)
        used = c_size_t(room)
        call = getattr(_library.functions(size), function)
        check(
            call(handle, keyp, key_size, aadp, aad_size, pointer, size, target, byref(used)),
            reading,
        )
        return used.value
    finally:
        if views:
            release(views)


def keyring_seal(handle: int, cache_key: object, data: object, format: str | None) -> bytes:
    views: list[Any] = []
    try:
        form = format_bytes(format)
        keyp, key_size = key_pointer(cache_key, views)
        pointer, size = readable(data, "data", views)
        call = _library.functions(size).keyring_seal_into
        room = _store_bound(size, form) + CIPHERTEXT_OVERHEAD
        return made(call, False, room, handle, form, keyp, key_size, pointer, size)
    finally:
        if views:
            release(views)


def keyring_seal_into(
    handle: int, cache_key: object, data: object, format: str | None, out: object
) -> int:
    views: list[Any] = []
    try:
        form = format_bytes(format)
        keyp, key_size = key_pointer(cache_key, views)
        pointer, size = readable(data, "data", views)
        target, room = writable(out, "out", views)
        check_apart(target, room, (keyp, key_size), (pointer, size))
        used = c_size_t(room)
        check(
            _library.functions(size).keyring_seal_into(
                handle, form, keyp, key_size, pointer, size, target, byref(used)
            ),
            False,
        )
        return used.value
    finally:
        if views:
            release(views)


def keyring_open(handle: int, cache_key: object, sealed: object, format: str | None) -> bytes:
    return _open(handle, cache_key, sealed, format)[0]


def keyring_open_with_index(
    handle: int, cache_key: object, sealed: object, format: str | None
) -> tuple[bytes, int]:
    return _open(handle, cache_key, sealed, format)


def _open(
    handle: int, cache_key: object, sealed: object, format: str | None
) -> tuple[bytes, int]:
    views: list[Any] = []
    try:
        form = format_bytes(format)
        keyp, key_size = key_pointer(cache_key, views)
        pointer, size = readable(sealed, "sealed", views)
        index = c_size_t()
        functions = _library.functions(size)
        if size >= _MIB:
            # The length is known only after decryption, and to guess would take too much.
            result, used = c_void_p(), c_size_t()
            check(
                functions.keyring_open(
                    handle, form, keyp, key_size, pointer, size,
                    byref(result), byref(used), byref(index),
                ),
                True,
            )  # fmt: skip
            try:
                return string_at(result, used.value), index.value
            finally:
                functions.free_buffer(result)
        used = c_size_t(8 * size)
        out = allocate(used.value)
        call = functions.keyring_open_into
        code = call(handle, form, keyp, key_size, pointer, size, out, byref(used), byref(index))
        if code == BUFFER_TOO_SMALL:
            out = allocate(used.value)
            code = call(
                handle, form, keyp, key_size, pointer, size, out, byref(used), byref(index)
            )
        check(code, True)
        return taken(out, used.value), index.value
    finally:
        if views:
            release(views)


def keyring_open_into(
    handle: int, cache_key: object, sealed: object, format: str | None, out: object
) -> tuple[int, int]:
    views: list[Any] = []
    try:
        form = format_bytes(format)
        keyp, key_size = key_pointer(cache_key, views)
        pointer, size = readable(sealed, "sealed", views)
        target, room = writable(out, "out", views)
        check_apart(target, room, (keyp, key_size), (pointer, size))
        used, index = c_size_t(room), c_size_t()
        check(
            _library.functions(size).keyring_open_into(
                handle, form, keyp, key_size, pointer, size, target, byref(used), byref(index)
            ),
            True,
        )
        return used.value, index.value
    finally:
        if views:
            release(views)


def keyring_encrypt(handle: int, plaintext: object, aad: object) -> bytes:
    views: list[Any] = []
    try:
        pointer, size = readable(plaintext, "plaintext", views)
        aadp, aad_size = readable(aad, "aad", views)
        call = _library.functions(size).keyring_encrypt
        return made(call, False, encrypted_size(size), handle, aadp, aad_size, pointer, size)
    finally:
        if views:
            release(views)


def keyring_decrypt(handle: int, ciphertext: object, aad: object) -> bytes:
    return keyring_decrypt_with_index(handle, ciphertext, aad)[0]


def keyring_decrypt_with_index(
    handle: int, ciphertext: object, aad: object
) -> tuple[bytes, int]:
    views: list[Any] = []
    try:
        pointer, size = readable(ciphertext, "ciphertext", views)
        aadp, aad_size = readable(aad, "aad", views)
        used, index = c_size_t(decrypted_size(size)), c_size_t()
        out = allocate(used.value)
        check(
            _library.functions(size).keyring_decrypt(
                handle, aadp, aad_size, pointer, size, out, byref(used), byref(index)
            ),
            True,
        )
        return taken(out, used.value), index.value
    finally:
        if views:
            release(views)


def encrypted_size(size: int) -> int:
    return size + CIPHERTEXT_OVERHEAD if size <= MAX_PAYLOAD_SIZE else 0


def decrypted_size(size: int) -> int:
    return (
        max(size - CIPHERTEXT_OVERHEAD, 0)
        if size <= MAX_PAYLOAD_SIZE + CIPHERTEXT_OVERHEAD
        else 0
    )


def storage_store_many(handle: int, payloads: list[Any], format: str | None) -> list[Any]:
    form = format_bytes(format)
    items = ((b"", data) for data in payloads)
    return _many("byte_storage_store_many", "data", handle, (form,), items, False, False)


def storage_retrieve_many(handle: int, envelopes: list[Any]) -> list[Any]:
    items = ((b"", envelope) for envelope in envelopes)
    return _many("byte_storage_retrieve_many", "envelope", handle, (), items, True, False)


def keyring_seal_many(handle: int, items: list[Any], format: str | None) -> list[Any]:
    form = format_bytes(format)
    return _many("keyring_seal_many", "data", handle, (form,), items, False, False)


def keyring_open_many(
    handle: int, items: list[Any], format: str | None, with_index: bool
) -> list[Any]:
    form = format_bytes(format)
    return _many("keyring_open_many", "sealed", handle, (form,), items, True, with_index)


def _many(
    function: str,
    what: str,
    handle: int,
    before: tuple[Any, ...],
    given: Iterable[Any],
    reading: bool,
    with_index: bool,
) -> list[Any]:
    views: list[Any] = []
    # Keeps the bytes objects whose addresses are in the array.
    rows: list[tuple[Any, int, Any, int]] = []
    results: list[Any] = []
    places: list[int] = []  # of each row in results
    try:
        total = 0
        for cache_key, data in given:
            if data is None:
                results.append(None)
                continue
            try:
                keyp, key_size = key_pointer(cache_key, views)
            except CachekitError as error:
                results.append(error)
                continue
            pointer, size = readable(data, what, views)
            places.append(len(results))
            results.append(None)
            rows.append((keyp, key_size, pointer, size))
            total += size
        items = (Item * len(rows))()
        for item, (keyp, key_size, pointer, size) in zip(items, rows):
            item.cache_key, item.cache_key_len = address(keyp), key_size
            setattr(item, "in", address(pointer))
            item.in_len = size
        memory = c_void_p()
        functions = _library.functions(total)
        code = getattr(functions, function)(
            handle, *before, items, len(rows), ctypes.sizeof(Item), byref(memory)
        )
        try:
            detail = _library.last_detail() if code not in (0, ROTATION_NEEDED) else ""
            if code in _OF_THE_WHOLE_CALL and not memory:
                raise error_for(code, detail, reading)
            # "items[3]: what", of the first that failed, counted without the None.
            detail = detail.partition(": ")[2] if detail.startswith("items[") else detail
            warned = False
            for place, item in zip(places, items):
                if item.error in (0, ROTATION_NEEDED):
                    warned = warned or item.error == ROTATION_NEEDED
                    data = string_at(item.out, item.out_len)
                    results[place] = (data, item.key_index) if with_index else data
                else:
                    results[place] = error_for(item.error, detail, reading)
                    detail = ""
        finally:
            functions.free_buffer(memory)
        if warned:
            warn_rotation()
        return results
    finally:
        if views:
            release(views)
