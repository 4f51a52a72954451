"""Encryptor: AES-256-GCM under keys that the caller has, without compression."""

from __future__ import annotations

import ctypes

from . import _library
from ._error import raise_for
from ._handle import Encrypts
from ._native import decrypt, decrypt_into, encrypt, encrypt_into
from ._types import Data

__all__ = ["Encryptor"]


class Encryptor(Encrypts):
    """Encrypts with AES-256-GCM, with nonces from a counter, so that none repeats.

    One object is enough for a whole program; every thread may use it at the same time. A
    ciphertext is the nonce (12 bytes), the encrypted bytes and the tag (16 bytes).

    Every method may also raise InvalidHandleError (closed), ForkedError (this process was
    forked after the library had been used), MemoryError, and TypeError, BufferError or (numpy)
    ValueError for data that is not a C-contiguous buffer.
    """

    __slots__ = ()
    _KIND = "encryptor"

    def __init__(self) -> None:
        """Makes an encryptor, which can make 2^32 encryptions. Raises RngFailureError if the
        system gives no random bytes."""
        code = ctypes.c_int()
        handle = _library.held().encryptor_new(ctypes.byref(code))
        if not handle:
            raise_for(code.value)
        self._own(handle)

    def encrypt(self, key: Data, plaintext: Data, aad: Data) -> bytes:
        """Encrypts plaintext under a key of 32 bytes. aad is authenticated with it and has to
        be passed to decrypt again: only that binds the ciphertext to its place.

        The result is 28 bytes longer than plaintext. Gives RotationNeededWarning from 2^31
        encryptions on. Raises InvalidKeyLengthError, InputTooLargeError above 512 MiB,
        CounterExhaustedError after 2^32 encryptions.
        """
        return encrypt(self._handle, key, plaintext, aad)

    def encrypt_into(self, key: Data, plaintext: Data, aad: Data, out: Data) -> int:
        """Encrypts into out, a writable buffer of len(plaintext) + 28 bytes or more, and
        returns the length in bytes. plaintext may be the part of out from byte 12 on.

        Raises what encrypt does, BufferTooSmallError, and InternalError if the two overlap
        otherwise.
        """
        return encrypt_into(self._handle, key, plaintext, aad, out)

    def decrypt(self, key: Data, ciphertext: Data, aad: Data) -> bytes:
        """Decrypts what any encryptor made with the same key and aad.

        Raises a CacheMiss (DecryptionFailedError if the ciphertext is not authentic), and
        InvalidKeyLengthError.
        """
        return decrypt(self._handle, key, ciphertext, aad)

    def decrypt_into(self, key: Data, ciphertext: Data, aad: Data, out: Data) -> int:
        """Decrypts into out, a writable buffer of len(ciphertext) - 28 bytes or more, and
        returns the length in bytes. out may be the part of ciphertext from byte 12 on.

        Raises what decrypt does, BufferTooSmallError, and InternalError if the two overlap
        otherwise.
        """
        return decrypt_into(self._handle, key, ciphertext, aad, out)
