"""The Python side of the tests: functions that the package's decorator caches.

Reads one JSON object a line, {"call": ..., "result": ...}, two Python
expressions: a call of one of the functions, and what the function returns if it
is run. Answers with one, {"ran": ..., "value": ...}: whether it was run, and
what the call returned, as the package's own canonical MessagePack.
"""

import json
import os
import sys
from datetime import datetime, timedelta, timezone  # noqa: F401, for the calls
from uuid import UUID  # noqa: F401, for the calls

from cachekit import cache, encode_interop_value
from cachekit.backends.redis import RedisBackend
from redis.cluster import RedisCluster

encrypted = "encrypted" in sys.argv
namespace = os.environ.get("PEER_NAMESPACE", "tests")
result, ran = None, False


class Cluster:
    """Provides the backend with a client that follows a cluster's redirections."""

    def __init__(self):
        self.client = RedisCluster.from_url(os.environ["CACHEKIT_REDIS_URL"])

    def get_sync_client(self):
        return self.client


# At CACHEKIT_REDIS_URL. Named in every decorator: the one that the package
# takes when none is named puts a prefix of its own before its keys.
backend = RedisBackend(client_provider=Cluster() if "cluster" in sys.argv else None)


def run():
    global ran
    ran = True
    return result


def shared(function):
    """Caches function, without the copy in this process that would hide Redis."""
    options = {
        "interop": function.__name__,
        "namespace": namespace,
        "backend": backend,
        "ttl": 600,
        "l1_enabled": False,
    }
    if encrypted:
        return cache.secure(**options)(function)
    return cache(encryption=False, **options)(function)


@shared
def get_user(user_id):
    return run()


@shared
def search(query, *terms, limit=10, **filters):
    return run()


@shared
def now():
    return run()


@cache(namespace="tests", backend=backend, ttl=600, l1_enabled=False, encryption=False)
def private(user_id):
    """In the package's own form, which no other language reads."""
    return run()


for line in sys.stdin:
    command = json.loads(line)
    result, ran = eval(command["result"]), False
    value = eval(command["call"])
    print(json.dumps({"ran": ran, "value": encode_interop_value(value).hex()}), flush=True)
