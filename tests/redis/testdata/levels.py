"""Reads envelopes with the storage of the Python package, which is the Rust crate.

One envelope a line, in hexadecimal; answers with the payload, in hexadecimal, and
the format.
"""

import sys

from cachekit._rust_serializer import ByteStorage

storage = ByteStorage("msgpack")
for line in sys.stdin:
    payload, form = storage.retrieve(bytes.fromhex(line))
    print(payload.hex(), form)
