"""The classes for django-redis, with the real packages and a real Redis."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import textwrap
import threading

import pytest
from redis_server import running_server, server  # noqa: F401, fixtures
from support import ROOT, missing

try:
    import django_redis  # noqa: F401
    import redis
    from django.conf import settings
except ImportError:
    missing("the package django-redis is not installed")

if not settings.configured:
    settings.configure()

import cachekit_core.django_redis
from cachekit_core import ByteStorage, InputTooLargeError, Keyring
from django.core.exceptions import ImproperlyConfigured
from django_redis.cache import RedisCache

CLASSES = "cachekit_core.django_redis."
PICKLE = "django_redis.serializers.pickle.PickleSerializer"
JSON = "django_redis.serializers.json.JSONSerializer"
CLIENT = {"CLIENT_CLASS": CLASSES + "Client"}
SERIALIZER = {"SERIALIZER": CLASSES + "Serializer"}
COMPRESSOR = {"COMPRESSOR": CLASSES + "Compressor", "SERIALIZER": JSON}
K1, K2 = "11" * 32, "22" * 32


@pytest.fixture(autouse=True)
def master_key(monkeypatch):
    # Caches share them, and the tests change the environment.
    monkeypatch.setattr(cachekit_core.django_redis, "_keyrings", {})
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", K1)
    monkeypatch.delenv("CACHEKIT_PREVIOUS_MASTER_KEYS", raising=False)


@pytest.fixture
def client(server):  # noqa: F811
    with redis.Redis.from_url(server.url) as client:
        yield client


def cache(server, *options, **more):  # noqa: F811
    merged = dict(more)
    for option in options:
        merged.update(option)
    return RedisCache(server.url, {"OPTIONS": merged})


def flipped(entry):
    i = len(entry) // 2
    return entry[:i] + bytes([entry[i] ^ 1]) + entry[i + 1 :]


VALUES = {
    "a": {"id": 1, "names": ["Ada", "é", None]},
    "b": "text",
    "c": 7,
    "d": True,
    "e": 2.5,
    "f": None,
    "g": "",
    "h": [],
    "i": "x" * 100_000,
}


@pytest.mark.parametrize(
    "options", [CLIENT, SERIALIZER, COMPRESSOR], ids=["client", "serializer", "compressor"]
)
def test_values(server, client, options):  # noqa: F811
    c = cache(server, options)
    for key, value in VALUES.items():
        c.set(key, value)
        assert c.get(key, "default") == value
    assert c.get_many([*VALUES, "none"]) == VALUES
    assert c.get("none", "default") == "default"
    assert c.get_many([]) == {}
    assert client.strlen(":1:i") < 1000  # compressed

    c.set_many({"x": 1, "y": "2"}, timeout=50)
    assert c.get_many(["x", "y"]) == {"x": 1, "y": "2"}
    assert 0 < c.ttl("y") <= 50
    assert c.add("x", 3) is False
    assert c.add("z", 3) is True
    assert c.get_or_set("z", 4) == 3
    assert c.get_or_set("new", lambda: 5) == 5
    assert c.touch("z", 10) is True
    assert 0 < c.ttl("z") <= 10
    assert c.has_key("z") and "z" in c
    assert c.incr_version("z") == 2
    assert c.get("z") is None
    assert c.get("z", version=2) == 3
    c.set("z", 4, 5, 3)  # by position: timeout and version
    assert c.get("z", None, 3) == 4
    c.set("z", 5, timeout=0)
    assert c.get("z") is None
    c.delete_many(["x", "y"])
    assert c.get_many(["x", "y"]) == {}
    assert set(c.keys("new*")) == {"new"}
    c.clear()
    assert client.dbsize() == 0


# ---- Client ----


def test_client_binds_entries_to_their_keys(server, client):  # noqa: F811
    c = cache(server, CLIENT)
    c.set("user:1", {"name": "Ada"})
    c.set("user:2", {"name": "Grace"})
    one, two = client.get(":1:user:1"), client.get(":1:user:2")
    assert b"Ada" not in one
    ring = Keyring(bytes.fromhex(K1), tenant="default")
    assert json.loads(ring.open(":1:user:1", one, JSON)) == {"name": "Ada"}

    client.set(":1:user:2", one)
    client.set(":2:user:2", two)  # of another version
    assert c.get("user:2") is None
    assert c.get("user:2", version=2) is None
    assert c.get_many(["user:1", "user:2"]) == {"user:1": {"name": "Ada"}}


def test_client_treats_what_does_not_open_as_a_miss(server, client, caplog):  # noqa: F811
    c = cache(server, CLIENT)
    c.set("a", "value")
    entry = client.get(":1:a")
    ring = Keyring(bytes.fromhex(K1), tenant="default")
    damage = [
        flipped(entry),
        entry[:-1],
        b"",
        b"42",  # an integer as django-redis writes them
        b'"plain"',
        pickle.dumps("plain"),
        ring.seal(":1:a", b'"of another serializer"', PICKLE),
        Keyring(bytes.fromhex(K2), tenant="default").seal(":1:a", b'"x"', JSON),
        Keyring(bytes.fromhex(K1), tenant="another").seal(":1:a", b'"x"', JSON),
        ring.seal(":1:a", b'{"secret', JSON),  # authentic, and no JSON
    ]
    c.set("b", "good")
    for value in damage:
        client.set(":1:a", value)
        caplog.clear()
        assert c.get("a", "default") == "default"
        assert c.get_many(["a", "b"]) == {"b": "good"}
        assert [record.name for record in caplog.records] == ["cachekit_core.django_redis"] * 2
        assert "secret" not in caplog.text
        assert c.get_or_set("a", "loaded") == "loaded"
        c.set("a", "again")
        assert c.get("a") == "again"


def test_client_refuses_what_it_cannot_seal(server, client):  # noqa: F811
    c = cache(server, CLIENT)
    c.set("n", 1)
    assert client.get(":1:n") != b"1"
    for call in [
        lambda: c.incr("n"),
        lambda: c.decr("n"),
        lambda: c.incr("new", ignore_key_check=True),
        lambda: c.sadd("s", "member"),
        lambda: c.hset("h", "field", "value"),
    ]:
        with pytest.raises(NotImplementedError):
            call()
    client.sadd(":1:s", "member")
    with pytest.raises(NotImplementedError):
        c.smembers("s")
    assert sorted(client.keys()) == [b":1:n", b":1:s"]
    assert c.get("n") == 1


def test_client_options(server, client):  # noqa: F811
    value = {"at": (1, 2), "what": {3}}
    c = cache(
        server,
        CLIENT,
        SERIALIZER=PICKLE,
        CACHEKIT_TENANT="acme",
        CACHEKIT_LEVEL=9,
        CACHEKIT_MAX_PAYLOAD=1000,
    )
    c.set("a", value)
    assert c.get("a") == value
    entry = client.get(":1:a")
    data = Keyring(bytes.fromhex(K1), tenant="acme").open(":1:a", entry, PICKLE)
    assert pickle.loads(data) == value
    assert cache(server, CLIENT).get("a") is None
    with pytest.raises(InputTooLargeError):
        c.set("a", "x" * 1001)
    # JSON unless pickle is asked for.
    with pytest.raises(TypeError):
        cache(server, CLIENT).set("a", value)
    for wrong in [{"SERIALIZER": CLASSES + "Serializer"}, {"COMPRESSOR": CLASSES + "Compressor"}]:
        with pytest.raises(ImproperlyConfigured):
            cache(server, CLIENT, wrong).get("a")


def test_a_wrong_level_or_key_is_said(server, monkeypatch):  # noqa: F811
    """That is no miss: nothing would ever be cached, and nobody told."""
    with pytest.raises(ValueError, match="level"):
        cache(server, CLIENT, CACHEKIT_LEVEL=10).set("a", 1)
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", "short")
    for options in (CLIENT, SERIALIZER):
        with pytest.raises(ValueError) as error:
            cache(server, options).set("a", "b")
        assert "short" not in str(error.value).replace("too short", "")


@pytest.mark.parametrize("options", [CLIENT, SERIALIZER], ids=["client", "serializer"])
def test_master_key_is_replaced(server, monkeypatch, options):  # noqa: F811
    cache(server, options).set("a", "under the first")
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", K2)
    monkeypatch.setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", K1)
    cachekit_core.django_redis._keyrings.clear()  # as in a process that starts now
    both = cache(server, options)
    assert both.get("a") == "under the first"
    both.set("b", "under the second")
    monkeypatch.delenv("CACHEKIT_PREVIOUS_MASTER_KEYS")
    cachekit_core.django_redis._keyrings.clear()
    after = cache(server, options)
    assert after.get_many(["b"]) == {"b": "under the second"}
    assert after.get("a") is None


def test_a_worn_keyring_is_replaced(server, client, monkeypatch):  # noqa: F811
    c = cache(server, CLIENT)
    c.set("a", 1)
    worn = c.client._sealer._keyring.get()
    monkeypatch.setattr(Keyring, "rotation_needed", property(lambda self: self is worn))
    c.set("b", 2)
    assert c.client._sealer._keyring.get() is not worn
    assert worn.counter == 1
    assert client.get(":1:a")[:8] != client.get(":1:b")[:8]  # nonces of another instance
    assert c.get_many(["a", "b"]) == {"a": 1, "b": 2}


def test_cache_objects_share_a_keyring(server, client):  # noqa: F811
    """Django makes one for each thread, and under ASGI for each request."""
    for i in range(20):
        cache(server, CLIENT).set(f"a{i}", 1)
        cache(server, SERIALIZER).set(f"b{i}", "1")
    assert len({entry[:8] for entry in client.mget(client.keys("*"))}) == 1
    cache(server, CLIENT, CACHEKIT_LEVEL=2).set("other", 1)
    assert len({entry[:8] for entry in client.mget(client.keys("*"))}) == 2


# ---- Serializer ----


def test_serializer_encrypts(server, client):  # noqa: F811
    c = cache(server, SERIALIZER)
    c.set("a", {"name": "Ada"})
    assert b"Ada" not in client.get(":1:a")
    # What its docstring says that it does not stop.
    client.rename(":1:a", ":1:b")
    assert c.get("b") == {"name": "Ada"}
    c.set("n", 7)
    assert client.get(":1:n") == b"7"
    assert c.incr("n") == 8
    # And what it does: entries of another namespace and of another serializer.
    client.set(":1:c", client.get(":1:b"))
    assert cache(server, SERIALIZER, CACHEKIT_NAMESPACE="another").get("c") is None
    assert cache(server, SERIALIZER, CACHEKIT_SERIALIZER=PICKLE).get("c") is None
    c = cache(server, SERIALIZER, CACHEKIT_SERIALIZER=PICKLE)
    c.set("c", {1, 2})
    assert c.get("c") == {1, 2}
    with pytest.raises(ImproperlyConfigured):
        cache(server, SERIALIZER, CACHEKIT_SERIALIZER=CLASSES + "Serializer").get("c")


@pytest.mark.parametrize("options", [SERIALIZER, COMPRESSOR], ids=["serializer", "compressor"])
def test_damage_without_the_client(server, client, caplog, options):  # noqa: F811
    strict, ignoring = cache(server, options), cache(server, options, IGNORE_EXCEPTIONS=True)
    strict.set("a", {"name": "Ada"})
    strict.set("b", "good")
    entry = client.get(":1:a")
    for damaged in [
        flipped(entry),
        entry[:-1],
        entry + b"\0",
        b"",
        b'{"name": "mallory"}',
        pickle.dumps(1),
    ]:
        client.set(":1:a", damaged)
        caplog.clear()
        assert strict.get("a", "default") is None
        assert strict.get_many(["a", "b"]) == {"a": None, "b": "good"}
        assert ignoring.get("a", "default") == "default"
        assert ignoring.get_many(["a", "b"]) == {}
        assert ignoring.get_or_set("a", "loaded") == "loaded"
        assert len(caplog.records) >= 4
        assert "mallory" not in caplog.text
    strict.set("a", "again")
    assert ignoring.get("a", "default") == "again"


# ---- Compressor ----


def test_compressor_writes_envelopes(server, client):  # noqa: F811
    c = cache(server, COMPRESSOR, CACHEKIT_LEVEL=9, CACHEKIT_MAX_PAYLOAD=1000)
    c.set("a", "short")
    assert ByteStorage().retrieve(client.get(":1:a")) == b'"short"'
    assert client.strlen(":1:a") <= len('"short"') + 40
    with pytest.raises(InputTooLargeError):
        c.set("a", "x" * 1001)
    client.set(":1:a", ByteStorage().store(b'"' + b"x" * 1001 + b'"'))  # claims too much
    assert c.get("a") is None
    # With pickle, as django-redis has it, and with the serializer that encrypts.
    for serializer in (PICKLE, CLASSES + "Serializer"):
        c = cache(server, COMPRESSOR, {"SERIALIZER": serializer})
        c.set("a", ["x"])
        assert c.get("a") == ["x"]
        client.set(":1:a", flipped(client.get(":1:a")))
        assert c.get("a", "default") is None


# ---- Threads, forks, and Redis away ----


def test_readme_has_settings_that_work(server, client):  # noqa: F811
    readme = ROOT / "README.md"
    if not readme.exists():
        missing("the README of the repository is not here")
    found = re.findall(r"^```python\n(CACHES = .*?)^```$", readme.read_text(), re.M | re.S)
    assert len(found) == 1
    named: dict = {}
    exec(found[0], named)
    assert textwrap.indent(found[0], "    ") in cachekit_core.django_redis.__doc__
    settings = named["CACHES"]["default"]
    assert settings["BACKEND"] == "django_redis.cache.RedisCache"
    c = RedisCache(server.url, settings)
    c.set("a", "secret")
    assert c.get("a") == "secret"
    assert b"secret" not in client.get(":1:a")


def test_threads_share_a_cache(server):  # noqa: F811
    c = cache(server, CLIENT)
    wrong = []

    def work(n):
        for i in range(50):
            c.set(f"{n}:{i}", [n, i])
            if c.get_many([f"{n}:{i}", f"{n}:{i - 1}"])[f"{n}:{i}"] != [n, i]:
                wrong.append((n, i))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("options", [CLIENT, SERIALIZER], ids=["client", "serializer"])
def test_redis_is_away(server, options):  # noqa: F811
    c, ignoring = cache(server, options), cache(server, options, IGNORE_EXCEPTIONS=True)
    c.set("a", "b")
    assert ignoring.get("a") == "b"
    server.stop()
    for call in (lambda: c.get("a"), lambda: c.get_many(["a"]), lambda: c.set("a", "c")):
        with pytest.raises(redis.ConnectionError):
            call()
    assert ignoring.get("a", "default") == "default"
    assert ignoring.get_many(["a"]) == {}
    assert not ignoring.set("a", "c")
    server.start()
    ignoring.set("a", "d")
    assert c.get("a") == "d"


FORKING = """
import os, sys
from django.conf import settings
settings.configure(CACHES={"default": {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": sys.argv[1],
    "OPTIONS": {sys.argv[2]: "cachekit_core.django_redis." + sys.argv[3]},
}})
from django.core.cache import cache
cache.client  # makes the client, the serializer and the compressor, and calls nothing

def child(key):
    pid = os.fork()
    if pid == 0:
        print(cache.get_or_set(key, key + " is set"), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

child("a")
child("a")
print(cache.get("a"))
"""


@pytest.mark.parametrize("name", ["Client", "Serializer", "Compressor"])
def test_workers_use_what_their_parent_made(server, name):  # noqa: F811
    option = {"Client": "CLIENT_CLASS"}.get(name, name.upper())
    done = subprocess.run(
        [sys.executable, "-c", FORKING, server.url, option, name],
        env=dict(os.environ), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "a is set\n" * 3, done.stderr
