"""The helpers for redis-py, with the real package and a real Redis."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import subprocess
import sys
import threading

import pytest
from redis_server import running_server, server  # noqa: F401, fixtures
from support import README, missing

try:
    import msgpack  # noqa: F401, for interop entries
    import redis
except ImportError:
    missing("the package redis or msgpack is not installed")

from cachekit_core import InputTooLargeError, Keyring, OutOfMemoryError, interop
from cachekit_core.redis import Cache, InteropCache

K1, K2 = b"1" * 32, b"2" * 32
MASTER = K1.hex()


@pytest.fixture
def client(server):  # noqa: F811
    with redis.Redis.from_url(server.url) as client:
        yield client


def keyring(master=K1, *others, tenant="default"):
    return Keyring(master, tenant=tenant, decrypt_only=others, max_payload=1000)


def users(client, ring=keyring, **options):
    options = {
        "format": "json",
        "prefix": "users:",
        "dumps": json.dumps,
        "loads": json.loads,
        **options,
    }
    return Cache(client, ring, **options)


def user(key):
    return {"id": key, "name": "user-" + key}


class Database:
    """Has users with the ids 1 to 999, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def load(self, keys):
        self.asked += keys
        return {key: user(key) for key in keys if 1 <= int(key) <= 999}

    def taken(self):
        asked, self.asked = self.asked, []
        return asked


def counts(cache, **want):
    got = cache.counts()
    assert {key: value for key, value in got.items() if value} == want


def test_interop_without_msgpack(monkeypatch):
    """Said when the cache is made. Later each entry would count as a damaged one."""
    monkeypatch.setitem(sys.modules, "msgpack", None)
    with pytest.raises(ImportError, match="msgpack"):
        InteropCache(redis.Redis(), keyring)


def test_get_or_load(client):
    cache = users(client)
    loads = []

    def load(key):
        loads.append(key)
        return user(key)

    assert [cache.get_or_load("7", load) for _ in range(3)] == [user("7")] * 3
    assert loads == ["7"]
    assert cache.get("7") == user("7")
    assert cache.get("8") is None
    assert cache.get_or_load("nobody", lambda key: None) is None
    assert client.keys() == [b"users:7"]
    assert 290 <= client.ttl("users:7") <= 300
    assert b"user-7" not in client.get("users:7")
    counts(cache, hits=3, misses=3)

    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("9", lambda key: 1 // 0)


def test_get_many(client):
    cache, database = users(client), Database()
    keys = ["3", "1000", "1", "3", "2"]
    want = [(key, user(key)) for key in ("3", "1", "2")]
    assert list(cache.get_many(keys, database.load).items()) == want
    assert database.taken() == ["3", "1000", "1", "2"]
    assert list(cache.get_many(iter(keys), database.load).items()) == want
    assert database.taken() == ["1000"]
    assert list(cache.get_many(keys).items()) == want
    assert cache.get_many([], database.load) == {}
    assert database.taken() == []
    counts(cache, hits=6, misses=6)
    # What was not asked for is not put there.
    assert cache.get_many(["4"], lambda keys: {"4": user("4"), "5": user("5")}) == {"4": user("4")}
    assert client.exists("users:5") == 0


def test_bytes_are_the_values_without_hooks(client):
    cache = Cache(client, keyring, ttl=None)
    assert cache.get_or_load("a", lambda key: b"\x00\xff") == b"\x00\xff"
    assert cache.get("a") == b"\x00\xff"
    assert client.ttl("a") == -1
    cache.set("a", bytearray(b""), ttl=5)
    assert cache.get("a") == b""
    assert 0 < client.ttl("a") <= 5
    with pytest.raises(TypeError):
        cache.set("a", "text")
    with pytest.raises(TypeError):
        cache.get_or_load("b", lambda key: "text")
    with pytest.raises(ValueError, match="delete"):
        cache.set("a", None)
    assert cache.delete("a", "b") == 1
    assert cache.delete() == 0
    assert cache.get("a") is None


def test_entries_are_those_of_the_keyring(client):
    users(client).set("1", user("1"))
    sealed = client.get("users:1")
    assert json.loads(keyring().open("users:1", sealed, "json")) == user("1")


def test_damaged_entries_are_misses(client, caplog):
    cache, database = users(client), Database()
    keys = [str(i) for i in range(1, 31)]
    cache.get_many(keys, database.load)
    database.taken()
    entry = client.get("users:1")
    damage = [
        entry[:-1] + bytes([entry[-1] ^ 1]),
        client.get("users:20"),  # of another user
        client.get("users:3")[:-1],
        client.get("users:4") + b"\0",
        b"",
        b'{"id": "6", "name": "mallory"}',
        client.get("users:7")[:28],
        b"\0" * (1 << 20),
        keyring(tenant="another").seal("users:9", b"{}", "json"),
        keyring(K2).seal("users:10", b"{}", "json"),
        keyring().seal("users:11", b"{}", "msgpack"),
        Keyring(K1, tenant="default").seal("users:12", b" " * 1001, "json"),
        keyring().seal("users:13", b"{", "json"),  # authentic, and no JSON
    ]
    for i, value in enumerate(damage):
        client.set(f"users:{i + 1}", value)
    client.delete("users:14", "users:15")
    client.lpush("users:14", "x")  # of another type
    before = cache.counts()
    assert cache.get_many(keys, database.load) == {key: user(key) for key in keys}
    assert database.taken() == keys[:15]
    after = cache.counts()
    assert after["damaged"] - before["damaged"] == len(damage) == 13
    assert after["misses"] - before["misses"] == 15
    # What cannot be used is told, and shows nothing of a value.
    assert len(caplog.records) == len(damage)
    assert "mallory" not in caplog.text
    # SET replaces what is of another type too.
    assert cache.get_many(keys, database.load) == {key: user(key) for key in keys}
    assert database.taken() == []


def test_logs_do_not_show_values(client, caplog):
    def loads(data):
        raise RuntimeError(f"cannot parse {data!r}")

    users(client).set("1", "a secret")
    assert users(client, loads=loads).get("1") is None
    assert caplog.messages == ["an entry cannot be used: RuntimeError"]


def test_each_bit_of_an_entry_counts(client):
    cache, database = users(client), Database()
    cache.get_many(["1"], database.load)
    entry = client.get("users:1")
    for bit in range(8 * len(entry)):
        changed = bytearray(entry)
        changed[bit // 8] ^= 1 << bit % 8
        client.set("users:1", bytes(changed))
        assert cache.get_many(["1"], database.load) == {"1": user("1")}
    counts(cache, misses=1 + 8 * len(entry), damaged=8 * len(entry))


def test_master_key_is_replaced(client):
    database = Database()
    keys = ["1", "2", "3"]
    users(client).get_many(keys, database.load)
    database.taken()
    client.expire("users:1", 100)
    client.persist("users:2")

    both = users(client, lambda: keyring(K2, K1))
    for _ in range(2):
        both.get_many(keys, database.load)
    counts(both, hits=6, resealed=3)
    assert 90 < client.ttl("users:1") <= 100  # as it was
    assert client.ttl("users:2") == -1

    after = users(client, lambda: keyring(K2))
    assert after.get_many(keys, database.load) == {key: user(key) for key in keys}
    counts(after, hits=3)
    assert database.taken() == []
    lost = users(client)
    lost.get_many(keys)
    counts(lost, misses=3, damaged=3)


def test_resealing_never_puts_back_an_older_value(client):
    """Somebody else writes while an entry of the old key is being read."""
    first, other = users(client), users(client, lambda: keyring(K2))
    for key in ("1", "2", "3"):
        first.set(key, user(key))

    def loads(data):
        value = json.loads(data)
        if value["id"] == "1":
            other.set("1", "newer")
        if value["id"] == "2":
            other.delete("2")
        return value

    both = users(client, lambda: keyring(K2, K1), loads=loads)
    both.get_many(["1", "2", "3"])
    counts(both, hits=3, resealed=1)
    assert other.get_many(["1", "2", "3"]) == {"1": "newer", "3": user("3")}


def test_resealing_keeps_the_bytes(client):
    """Also of what dumps does not take, as where values are only read."""
    users(client).set("1", [1, 2])
    reading = users(client, lambda: keyring(K2, K1), dumps=None)
    assert reading.get("1") == [1, 2]
    counts(reading, hits=1, resealed=1)
    assert keyring(K2).open("users:1", client.get("users:1"), "json") == b"[1, 2]"

    key = interop.key("users", "get_user", 1)
    strange = b"\x92\xd4\x01\x02\x81\x01\xd1\x00\x01"  # an extension type; a key that is an integer
    client.set(key, keyring().seal_interop(key, strange))
    cache = InteropCache(client, lambda: keyring(K2, K1))
    assert cache.get(key)[1] == {1: 1}
    counts(cache, hits=1, resealed=1)
    assert keyring(K2).open_interop(key, client.get(key)) == strange


def test_a_worn_keyring_is_replaced(client, monkeypatch):
    made = []

    def make():
        made.append(keyring())
        return made[-1]

    cache = users(client, make)
    assert not made  # before the first use
    cache.set("1", user("1"))
    cache.set("2", user("2"))
    assert len(made) == 1
    monkeypatch.setattr(Keyring, "rotation_needed", property(lambda self: self is made[0]))
    cache.set("3", user("3"))
    cache.set("4", user("4"))
    assert len(made) == 2
    assert made[0].counter == made[1].counter == 2
    assert len(cache.get_many(["1", "2", "3", "4"])) == 4


def test_redis_is_away(server, caplog):  # noqa: F811
    client = redis.Redis.from_url(server.url)
    cache, database = users(client), Database()
    server.stop()
    for _ in range(3):
        assert cache.get_many(["1", "2"], database.load) == {"1": user("1"), "2": user("2")}
    assert database.taken() == ["1", "2"] * 3
    counts(cache, misses=6, failures=6)
    assert len(caplog.records) == 1  # and not at every request
    with pytest.raises(redis.RedisError):
        cache.set("1", user("1"))
    with pytest.raises(redis.RedisError):
        cache.delete("1")
    server.start()
    for _ in range(2):
        cache.get_many(["1", "2"], database.load)
    assert database.taken() == ["1", "2"]

    client.client_kill_filter(_type="normal", skipme=False)  # amid a connection
    assert len(cache.get_many(["1", "2"], database.load)) == 2
    client.config_set("maxmemory", "1")
    try:
        assert len(cache.get_many(["3", "4"], database.load)) == 2
        assert "Redis refused 2 of 2 commands" in caplog.text
    finally:
        client.config_set("maxmemory", "0")


def test_what_cannot_be_sealed_is_not_cached(client, caplog):
    cache = users(client)
    large = {"name": "x" * 2000}
    for _ in range(2):
        assert cache.get_many(["1", "2"], lambda keys: {"1": large, "2": user("2")}) == {
            "1": large,
            "2": user("2"),
        }
    assert cache.counts()["failures"] == 2
    assert client.keys() == [b"users:2"]
    with pytest.raises(InputTooLargeError):
        cache.set("1", large)
    assert "xx" not in caplog.text


def test_want_of_memory_is_a_miss_and_no_damage(client, monkeypatch):
    cache, database = users(client), Database()
    cache.get_many(["1"], database.load)

    def fail(*_):
        raise OutOfMemoryError("out of memory")

    monkeypatch.setattr(Keyring, "open_many_with_index", fail)
    monkeypatch.setattr(Keyring, "seal_many", fail)
    assert cache.get_many(["1", "2"], database.load) == {"1": user("1"), "2": user("2")}
    counts(cache, misses=3, failures=2)


def test_metrics(client):
    cache = users(client)
    cache.get_or_load("1", user)
    cache.get_or_load("1", user)
    text = cache.metrics_text('a "b"\\\n')
    label = '{name="a \\"b\\"\\\\\\n"}'
    assert f"\ncachekit_cache_hits_total{label} 1\n" in text
    assert f"\ncachekit_cache_misses_total{label} 1\n" in text
    assert '\ncachekit_operations_total{name="a \\"b\\"\\\\\\n",operation="store"} 1\n' in text
    assert "\ncachekit_cache_hits_total 1\n" in cache.metrics_text()


def test_wrong_arguments(server):  # noqa: F811
    import redis.asyncio

    with pytest.raises(TypeError, match="redis.asyncio"):
        Cache(redis.asyncio.Redis.from_url(server.url), keyring)
    with pytest.raises(ValueError, match="decode_responses"):
        Cache(redis.Redis.from_url(server.url, decode_responses=True), keyring)
    with pytest.raises(TypeError, match="keyring"):
        Cache(redis.Redis.from_url(server.url), K1)


def test_threads_share_a_cache(client):
    """While entries are damaged and deleted all the time."""
    cache = users(client, lambda: keyring(K2, K1))
    older = users(client)
    wrong, stop = [], threading.Event()

    def read(seed):
        rng = random.Random(seed)
        for _ in range(100):
            keys = [str(rng.randint(1, 50)) for _ in range(20)]
            got = cache.get_many(keys, lambda missing: {key: user(key) for key in missing})
            if got != {key: user(key) for key in keys}:
                wrong.append(got)

    def damage():
        rng = random.Random(0)
        while not stop.is_set():
            key = str(rng.randint(1, 50))
            older.set(key, user(key))
            client.setrange(f"users:{rng.randint(1, 50)}", rng.randint(0, 60), b"x")
            client.delete(f"users:{rng.randint(1, 50)}")

    readers = [threading.Thread(target=read, args=(i,)) for i in range(8)]
    damager = threading.Thread(target=damage)
    for thread in [damager, *readers]:
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    damager.join()
    assert not wrong
    got = cache.counts()
    assert got["hits"] and got["damaged"] and got["resealed"], "that was no test"
    assert got["hits"] + got["misses"] == sum(
        len({rng.randint(1, 50) for _ in range(20)})
        for i in range(8)
        for rng in [random.Random(i)]
        for _ in range(100)
    )


FORKING = """
import os, sys
import redis
from cachekit_core import CachekitError, Keyring
from cachekit_core.redis import Cache

cache = Cache(redis.Redis.from_url(sys.argv[1]), Keyring.from_env)  # before the fork

def child(name):
    pid = os.fork()
    if pid == 0:
        try:
            print(name, cache.get_or_load(name, lambda key: key.encode()), flush=True)
        except CachekitError as error:
            print(name, error.name, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

child("a")
child("a")
child("b")
print("parent", cache.get("a"), cache.get("b"), flush=True)
child("c")
"""


def run(program, server, *args):
    environment = {**os.environ, "CACHEKIT_MASTER_KEY": MASTER}
    environment.pop("CACHEKIT_PREVIOUS_MASTER_KEYS", None)
    done = subprocess.run(
        [sys.executable, "-c", program, server.url, *args],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert MASTER not in done.stdout + done.stderr
    return done.stdout


def test_workers_share_what_they_were_forked_with(server):  # noqa: F811
    assert run(FORKING, server) == ("a b'a'\na b'a'\nb b'b'\nparent b'a' b'b'\nc CACHEKIT_FORKED\n")


def test_the_program_in_readme(server):  # noqa: F811
    text = README.read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n([^`]*\nimport redis\n.*?)```", text, re.DOTALL)
    assert program.count("redis.Redis()") == 1
    here = program.replace("redis.Redis()", f"redis.Redis.from_url({server.url!r})")
    (printed,) = re.findall(r"load_users\)\)  # (.*)", program)
    assert [run(here, server) for _ in range(2)] == [printed + "\n"] * 2
    # The second time they were in the cache.
    assert "'1': {'name': 'user-1'}" in run(here.replace('f"user-{id}"', "None"), server)


# ---- Entries that other languages share ----


def test_interop_entries(client, caplog):
    cache = InteropCache(client, lambda: keyring(K2, K1))
    keys = {i: interop.key("users", "get_user", i) for i in range(1, 6)}
    values = {
        keys[1]: {"id": 1, "name": "Ada", "tags": [b"\0", None, 2.0]},
        keys[2]: "é",
        keys[3]: 0,
    }
    assert cache.get_many(keys.values(), lambda missing: values) == values
    assert cache.get_many(keys.values()) == values
    ring = keyring(K2)
    assert interop.open(ring, keys[1], client.get(keys[1])) == values[keys[1]]

    # What another program has written, also None, which is a value there.
    client.set(keys[4], interop.seal(ring, keys[4], [1, 2]))
    client.set(keys[5], interop.seal(ring, keys[5], None))
    assert cache.get_many([keys[4], keys[5]]) == {keys[4]: [1, 2], keys[5]: None}
    assert cache.get_or_load(keys[5], lambda key: "was loaded") is None
    counts(cache, hits=6, misses=7)

    client.set(keys[1], client.get(keys[2]))  # of another key
    client.set(keys[2], b"\xa1x")  # not encrypted
    client.set(keys[3], interop.seal(keyring(K1), keys[3], "of the old key"))
    assert cache.get_many(keys.values()) == {
        keys[3]: "of the old key",
        keys[4]: [1, 2],
        keys[5]: None,
    }
    assert cache.counts()["damaged"] == 2
    assert cache.counts()["resealed"] == 1
    assert interop.open(ring, keys[3], client.get(keys[3])) == "of the old key"
    assert cache.get_or_load(keys[1], lambda key: "again") == "again"
    cache.set(keys[2], "again")
    with pytest.raises(InputTooLargeError):
        cache.set(keys[2], "x" * 2000)
    client.delete(keys[4])
    assert cache.get_or_load(keys[4], lambda key: "x" * 2000) == "x" * 2000
    assert client.exists(keys[4]) == 0
    assert cache.get_many([keys[1], keys[2]]) == dict.fromkeys([keys[1], keys[2]], "again")
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 4
