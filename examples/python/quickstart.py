#!/usr/bin/env python3
"""Compresses and encrypts a value for one place in the cache, and opens it again.

examples/c/quickstart.c in Python. It needs cachekit-core: pip install bindings/python
"""

from cachekit_core import CacheMiss, Keyring, generate_key

value = (
    b'[{"id":1,"name":"Ada","role":"reader"},'
    b'{"id":2,"name":"Grace","role":"reader"},'
    b'{"id":3,"name":"Radia","role":"reader"},'
    b'{"id":4,"name":"Barbara","role":"reader"}]'
)

# A master key for this run. A real one comes from where you keep secrets, as with
# Keyring.from_env(), which reads CACHEKIT_MASTER_KEY.
with Keyring(generate_key(), tenant="acme") as keyring:
    sealed = keyring.seal("users:all", value, "json")
    opened = keyring.open("users:all", sealed, "json")
    print(f"{len(value)} bytes, {len(sealed)} sealed, {len(opened)} opened\n{opened.decode()}")

    # The cache key is authenticated: copied to another one, the entry does not open.
    try:
        keyring.open("users:other", sealed, "json")
    except CacheMiss as error:
        print(f"under another cache key: {error.name}: {error}")
