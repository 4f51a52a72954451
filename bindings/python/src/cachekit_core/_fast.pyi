# The functions of the C extension: those of _plain.py, with the same types.
from typing import Mapping

from ._plain import checksum as checksum
from ._plain import decrypt as decrypt
from ._plain import decrypt_into as decrypt_into
from ._plain import encrypt as encrypt
from ._plain import encrypt_into as encrypt_into
from ._plain import keyring_decrypt as keyring_decrypt
from ._plain import keyring_decrypt_with_index as keyring_decrypt_with_index
from ._plain import keyring_encrypt as keyring_encrypt
from ._plain import keyring_open as keyring_open
from ._plain import keyring_open_into as keyring_open_into
from ._plain import keyring_open_many as keyring_open_many
from ._plain import keyring_open_with_index as keyring_open_with_index
from ._plain import keyring_seal as keyring_seal
from ._plain import keyring_seal_into as keyring_seal_into
from ._plain import keyring_seal_many as keyring_seal_many
from ._plain import storage_retrieve as storage_retrieve
from ._plain import storage_retrieve_into as storage_retrieve_into
from ._plain import storage_retrieve_many as storage_retrieve_many
from ._plain import storage_store as storage_store
from ._plain import storage_store_into as storage_store_into
from ._plain import storage_store_many as storage_store_many

def bind(__addresses: Mapping[str, int]) -> None: ...
