"""A web program that reads users from a cache, and loads those that are not there.

    /users?id=1&id=2    the users as JSON, null for one that there is not
    /metrics            what this worker has done, for Prometheus

The entries are interop entries: programs in other languages read and write the same ones, and
so does this function of the package cachekit:

    @cache.secure(interop="get_user", namespace="users", backend=RedisBackend(), ttl=300)
    def get_user(user_id): ...

It needs flask, gunicorn, and cachekit-core[redis,interop]. REDIS_URL says where Redis is, and
CACHEKIT_MASTER_KEY holds the master key, 64 hexadecimal digits. To replace that, start again
with the old one in CACHEKIT_PREVIOUS_MASTER_KEYS: what it opens is sealed again.

    gunicorn --chdir examples/python --preload --workers 4 --threads 4 cache_aside:app
"""

import functools
import os

import redis
from cachekit_core import Keyring, interop
from cachekit_core.redis import InteropCache
from flask import Flask, Response, request

app = Flask(__name__)

# Made in the parent. The keyring is made in each worker, at its first request: a process that
# has used the library must not fork. A user has less than 1000 bytes, so no entry may claim more.
cache = InteropCache(
    redis.Redis.from_url(
        os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"),
        socket_timeout=1,
        socket_connect_timeout=1,
    ),
    functools.partial(Keyring.from_env, max_payload=1000),
    ttl=300,
)


def load_users(ids):
    """Where users really are. In a real program this is a database, and the slow part."""
    roles = ["reader", "writer", "admin"]
    return [
        {"id": id, "name": f"user-{id}", "role": roles[id % 3]} if 1 <= id <= 1_000_000 else None
        for id in ids
    ]


def get_users(ids):
    keys = {interop.key("users", "get_user", id): id for id in ids}

    def load(missing):
        return dict(zip(missing, load_users([keys[key] for key in missing])))

    users = cache.get_many(keys, load)
    found = {id: users.get(key) for key, id in keys.items()}
    return [found[id] for id in ids]


@app.get("/users")
def users():
    ids = request.args.getlist("id")
    if not 0 < len(ids) <= 128 or not all(
        id.isascii() and id.isdigit() and len(id) < 10 for id in ids
    ):
        return {"error": "say up to 128 ids: /users?id=1&id=2"}, 400
    return app.json.response(get_users([int(id) for id in ids]))


@app.get("/metrics")
def metrics():
    text = cache.metrics_text(f"worker-{os.getpid()}")
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
