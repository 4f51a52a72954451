"""The frequent calls: those of the C extension where it is there, or else those of ctypes.

The environment variable CACHEKIT_CORE_PURE=1 chooses ctypes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import _library, _plain

if TYPE_CHECKING:
    _calls = _plain
    accelerated: bool
    """Whether the C extension makes the frequent calls."""
else:
    accelerated = False
    _calls = _plain
    if os.environ.get("CACHEKIT_CORE_PURE", "0") in ("", "0"):
        try:
            from . import _fast as _calls
        except ImportError:  # there is none for this Python, such as PyPy
            pass
        else:
            accelerated = True
            _library.after_load = _calls.bind

checksum = _calls.checksum
decrypt = _calls.decrypt
decrypt_into = _calls.decrypt_into
encrypt = _calls.encrypt
encrypt_into = _calls.encrypt_into
keyring_decrypt = _calls.keyring_decrypt
keyring_decrypt_with_index = _calls.keyring_decrypt_with_index
keyring_encrypt = _calls.keyring_encrypt
keyring_open = _calls.keyring_open
keyring_open_into = _calls.keyring_open_into
keyring_open_many = _calls.keyring_open_many
keyring_open_with_index = _calls.keyring_open_with_index
keyring_seal = _calls.keyring_seal
keyring_seal_into = _calls.keyring_seal_into
keyring_seal_many = _calls.keyring_seal_many
storage_retrieve = _calls.storage_retrieve
storage_retrieve_into = _calls.storage_retrieve_into
storage_retrieve_many = _calls.storage_retrieve_many
storage_store = _calls.storage_store
storage_store_into = _calls.storage_store_into
storage_store_many = _calls.storage_store_many
