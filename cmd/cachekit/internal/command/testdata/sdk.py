"""Has the Python SDK store entries of every form that it writes, in the Redis at
CACHEKIT_REDIS_URL.

Prints a line for each: its key in Redis, a tab and the form.
"""

import os

import numpy
import redis
from cachekit import cache
from cachekit.backends.redis import RedisBackend

values = [
    {"id": 1, "name": "Ada", "roles": ["admin", "owner"]},
    [],
    "x" * 100_000,
    b"\x00\xff",
    -1.5,
    None,
    numpy.arange(1000.0),
]
server = redis.Redis.from_url(os.environ["CACHEKIT_REDIS_URL"])
common = {"namespace": "sdk", "backend": RedisBackend(), "ttl": 600, "l1_enabled": False}
forms = {
    "interop": {"interop": "get"},
    "own": {},
    "auto": {"serializer": "auto"},
    "orjson": {"serializer": "orjson"},
}


def fits(form, value):
    if isinstance(value, numpy.ndarray):
        return form == "auto"
    return not (form == "orjson" and isinstance(value, bytes))


for form, options in forms.items():
    for secret in (False, True):
        if secret and form == "auto":
            continue  # which the package refuses
        decorate = cache.secure(**options, **common) if secret else cache(encryption=False, **options, **common)
        for i, value in enumerate(values):
            if not fits(form, value):
                continue

            def get(form, secret, i):
                return value

            before = set(server.keys())
            decorate(get)(form, secret, i)
            (key,) = set(server.keys()) - before
            print(f"{key.decode()}\t{form}{', encrypted' if secret else ''}")
