"""Cache-aside for redis-py: values that are read from Redis, or loaded and put there.

Needs the package ``redis`` (``pip install cachekit-core[redis]``).

    cache = Cache(redis.Redis(), Keyring.from_env, format="json", ttl=300, prefix="users:",
                  dumps=json.dumps, loads=json.loads)
    user = cache.get_or_load("42", load_user)                 # calls load_user("42") on a miss
    users = cache.get_many(["1", "2", "3"], load_users)       # load_users(["2"]) -> {"2": ...}

Redis is not trusted: every entry is encrypted and bound to its key, and one that does not
open, whatever the reason, is a miss. Redis is not needed either: while it is away, all is
loaded.

There is no protection against a stampede: if a value that many wait for is missing, each of
them loads it. If loading is so slow that this matters, use a lock around it.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any, Callable, Iterable, Mapping, Sequence

import redis

from . import interop
from ._error import CachekitError, CacheMiss
from ._renewing import RenewingKeyring
from .errors import InputTooLargeError, OutOfMemoryError
from .keyring import Keyring

__all__ = ["Cache", "InteropCache"]

logger = logging.getLogger(__name__)

# Puts an entry in the place of another one, but only if that is still there: between
# reading and writing somebody may have written a newer value or deleted it.
_REPLACE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
end
return false
"""

_COUNTERS = {
    "hits": "Values that the cache had.",
    "misses": "Values that it did not have, damaged ones included.",
    "damaged": "Entries that could not be used.",
    "resealed": "Entries of an earlier master key that were sealed again.",
    "failures": "Calls of Redis that failed, and values that could not be sealed.",
}


class Cache:
    """Values under keys in Redis, compressed and encrypted.

    ``client``
        A ``redis.Redis`` that returns bytes (not ``decode_responses=True``). Neither one of
        ``redis.asyncio`` nor a ``RedisCluster``, where an MGET ends at the border of a slot.
    ``keyring``
        A :class:`~cachekit_core.Keyring`; or, better, a function that makes one, such as
        ``Keyring.from_env``: it is called at the first use, so that a pre-forking server
        may make the cache before it forks, and again when the keyring warns of rotation.
        Set its ``max_payload`` to what a value can have: an entry cannot claim more then.
    ``format``
        What the bytes of a value are. It is authenticated: an entry that was sealed with
        another format is a miss.
    ``ttl``
        Seconds that an entry lives, or a ``timedelta``; ``None`` for as long as Redis has
        room.
    ``prefix``
        What stands before each key in Redis.
    ``dumps``, ``loads``
        Turn a value into bytes (or text, which is encoded as UTF-8), and back. Without
        them values are bytes. An entry that ``loads`` refuses is a miss.

    A value that is ``None`` is never cached. Threads may share a cache.
    """

    def __init__(
        self,
        client: redis.Redis,
        keyring: Keyring | Callable[[], Keyring],
        *,
        format: str = "msgpack",
        ttl: int | timedelta | None = 300,
        prefix: str = "",
        dumps: Callable[[Any], bytes | str] | None = None,
        loads: Callable[[bytes], Any] | None = None,
    ) -> None:
        if not isinstance(client, redis.Redis):
            raise TypeError(
                f"client must be a redis.Redis, not a {type(client).__module__}.{type(client).__name__}"
            )
        if client.connection_pool.connection_kwargs.get("decode_responses"):
            raise ValueError("client must return bytes: make it without decode_responses")
        self._client = client
        if isinstance(keyring, Keyring):
            self._keyring: Callable[[], Keyring] = lambda: keyring
        elif callable(keyring):
            self._keyring = RenewingKeyring(keyring).get
        else:
            raise TypeError("keyring must be a Keyring, or a function that makes one")
        self._format = format
        self._ttl = ttl
        self._prefix = prefix
        self._dumps = dumps
        self._loads = loads
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(_COUNTERS, 0)
        self._redis_is_away = False

    # ---- Reading ----

    def get(self, key: str) -> Any:
        """Returns the value under ``key``, or ``None`` on a miss."""
        return self.get_many([key]).get(key)

    def get_or_load(self, key: str, load: Callable[[str], Any]) -> Any:
        """Returns the value under ``key``. On a miss it is what ``load(key)`` returns, which
        is put into the cache unless it is ``None``. What ``load`` raises is raised."""
        return self.get_many([key], lambda keys: {key: load(key)}).get(key)

    def get_many(
        self,
        keys: Iterable[str],
        load_missing: Callable[[list[str]], Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Returns the values under ``keys``, in their order, without those that there are
        not.

        It takes one MGET and one call of the library. ``load_missing`` gets the list of the
        keys that are missing and returns a mapping with the values that there are; these are
        sealed in one call and put into Redis in one pipeline.
        """
        keys = list(dict.fromkeys(keys))
        found = self._read(keys)
        missing = [key for key in keys if key not in found]
        if missing and load_missing is not None:
            loaded = load_missing(missing)
            fresh = {key: loaded[key] for key in missing if loaded.get(key) is not None}
            self._fill(fresh)
            found.update(fresh)
        return {key: found[key] for key in keys if key in found}

    # ---- Writing ----

    def set(self, key: str, value: Any, ttl: int | timedelta | None = None) -> None:
        """Puts a value into the cache, for ``ttl`` or else for that of the cache.

        Unlike reading, this raises what goes wrong: a ``redis.RedisError``, or a
        ``CachekitError`` such as that of a value which is too large. Who replaces a value
        must know that the old one is still there.
        """
        if value is None:
            raise ValueError("None is not cached: use delete")
        name = self._prefix + key
        entry = self._seal(self._keyring(), [(name, self._dump(value))])[0]
        if not isinstance(entry, bytes):
            assert entry is not None  # which stands for a value of None
            raise entry
        self._client.set(name, entry, ex=self._ttl if ttl is None else ttl)

    def delete(self, *keys: str) -> int:
        """Deletes entries and returns how many there were. Raises ``redis.RedisError``."""
        if not keys:
            return 0
        return int(self._client.delete(*(self._prefix + key for key in keys)))

    # ---- Counts ----

    def counts(self) -> dict[str, int]:
        """What this cache has done in this process: ``hits``, ``misses``, ``damaged``,
        ``resealed`` and ``failures``."""
        with self._lock:
            return dict(self._counts)

    def metrics_text(self, name: str | None = None) -> str:
        """The metrics of the keyring and the counts as text that Prometheus reads, with
        ``name`` as label. They are those of this process: if several workers serve, let the
        name say which."""
        label = (
            ""
            if name is None
            else '{name="%s"}'
            % (name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
        )
        lines = [self._keyring().metrics_text(name)]
        for counter, value in self.counts().items():
            metric = f"cachekit_cache_{counter}_total"
            lines.append(
                f"# HELP {metric} {_COUNTERS[counter]}\n# TYPE {metric} counter\n{metric}{label} {value}\n"
            )
        return "".join(lines)

    def _count(self, **more: int) -> None:
        with self._lock:
            for counter, n in more.items():
                self._counts[counter] += n

    # ---- How an entry is made and opened; InteropCache has other ones ----

    def _dump(self, value: Any) -> Any:
        if self._dumps is None:
            return value
        data = self._dumps(value)
        return data.encode() if isinstance(data, str) else data

    def _load(self, data: bytes) -> Any:
        return data if self._loads is None else self._loads(data)

    def _seal(
        self, keyring: Keyring, items: Sequence[tuple[str, Any]]
    ) -> Sequence[bytes | CachekitError | None]:
        return keyring.seal_many(items, self._format)

    def _open(
        self, keyring: Keyring, entries: Sequence[tuple[str, bytes | None]]
    ) -> Sequence[tuple[bytes, int] | CachekitError | None]:
        """For each entry its data and the index of the key that opened it."""
        return keyring.open_many_with_index(entries, self._format)

    # ---- The way of an entry ----

    def _read(self, keys: list[str]) -> dict[str, Any]:
        """What Redis has of ``keys`` and can be used."""
        if not keys:
            return {}
        names = [self._prefix + key for key in keys]
        entries = self._ask(lambda: self._client.mget(names))
        found: dict[str, Any] = {}
        old: list[tuple[str, bytes, bytes]] = []
        damaged = 0
        if entries is not None:
            keyring = self._keyring()
            for key, name, entry, opened in zip(
                keys, names, entries, self._open_all(keyring, list(zip(names, entries)))
            ):
                if opened is None:
                    continue
                try:
                    if isinstance(opened, CachekitError):
                        raise opened
                    found[key] = self._load(opened[0])
                except Exception as error:  # whatever loads raises
                    # Too little memory is nobody's damage.
                    damaged += not isinstance(error, MemoryError)
                    # An error of ours shows nothing of the value; that of loads may.
                    why = str(error) if isinstance(error, CachekitError) else type(error).__name__
                    logger.warning("an entry cannot be used: %s", why)
                    continue
                if opened[1] > 0:
                    old.append((name, entry, opened[0]))
        self._count(hits=len(found), misses=len(keys) - len(found), damaged=damaged)
        self._reseal(old)
        return found

    def _open_all(
        self, keyring: Keyring, entries: Sequence[tuple[str, bytes | None]]
    ) -> Sequence[tuple[bytes, int] | CachekitError | None]:
        try:
            return self._open(keyring, entries)
        except OutOfMemoryError as error:
            return [error if entry is not None else None for _, entry in entries]

    def _fill(self, values: Mapping[str, Any]) -> None:
        """Puts what was loaded into the cache, if that is possible."""
        sealed = self._sealed(
            [(self._prefix + key, self._dump(value)) for key, value in values.items()]
        )
        if sealed:
            pipeline = self._client.pipeline(transaction=False)
            for name, entry in sealed:
                pipeline.set(name, entry, ex=self._ttl)
            self._run(pipeline)

    def _reseal(self, old: Sequence[tuple[str, bytes, bytes]]) -> None:
        """Seals with the current key what an earlier one has opened, so that the earlier one
        can go. The entry keeps its time to live."""
        sealed = dict(self._sealed([(name, data) for name, _, data in old]))
        if sealed:
            pipeline = self._client.pipeline(transaction=False)
            for name, entry, _ in old:
                if name in sealed:
                    pipeline.eval(_REPLACE, 1, name, entry, sealed[name])
            answers = self._run(pipeline)
            self._count(
                resealed=sum(
                    answer is not None and not isinstance(answer, Exception) for answer in answers
                )
            )

    def _sealed(self, items: Sequence[tuple[str, Any]]) -> list[tuple[str, bytes]]:
        """Names and entries of the data that can be sealed."""
        if not items:
            return []
        try:
            entries = self._seal(self._keyring(), items)
        except OutOfMemoryError as error:
            entries = [error] * len(items)
        sealed: list[tuple[str, bytes]] = []
        for (name, _), entry in zip(items, entries):
            if isinstance(entry, bytes):
                sealed.append((name, entry))
            else:
                self._count(failures=1)
                logger.warning("a value is not cached: %s", entry)
        return sealed

    def _run(self, pipeline: Any) -> list[Any]:
        """Runs a pipeline and returns its answers, errors among them."""
        answers = self._ask(lambda: pipeline.execute(raise_on_error=False)) or []
        errors = [answer for answer in answers if isinstance(answer, Exception)]
        if errors:
            self._count(failures=len(errors))
            logger.warning(
                "Redis refused %d of %d commands: %s", len(errors), len(answers), errors[0]
            )
        return answers

    def _ask(self, call: Callable[[], Any]) -> Any:
        """What a call of Redis returns, and None if it fails."""
        try:
            answer = call()
        except redis.RedisError as error:
            self._count(failures=1)
            if not self._redis_is_away:  # said once, and not at every request
                self._redis_is_away = True
                logger.warning("Redis fails, and all is loaded until it is back: %s", error)
            return None
        self._redis_is_away = False
        return answer


class InteropCache(Cache):
    """A cache of interop entries, which programs in other languages share.

    Keys come from :func:`cachekit_core.interop.key`, and stand in Redis as they are. Values
    are what MessagePack has: ``None``, booleans, numbers, text, bytes, lists and maps. The
    entries are those of ``@cache.secure(interop="get_user", namespace="users")`` in the
    package ``cachekit``, if the keyring's tenant is ``default`` (there: the
    ``deployment_uuid``).

    Needs the package ``msgpack`` (``pip install cachekit-core[redis,interop]``).
    """

    def __init__(
        self,
        client: redis.Redis,
        keyring: Keyring | Callable[[], Keyring],
        *,
        ttl: int | timedelta | None = 300,
    ) -> None:
        # Here, since without it each entry would look like a damaged one.
        import msgpack  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401

        super().__init__(client, keyring, ttl=ttl)

    def _dump(self, value: Any) -> bytes:
        return interop.encode(value)

    def _load(self, data: bytes) -> Any:
        return interop.decode(data)

    def _seal(
        self, keyring: Keyring, items: Sequence[tuple[str, Any]]
    ) -> Sequence[bytes | CachekitError | None]:
        return [
            _outcome(InputTooLargeError, keyring.seal_interop, name, data) for name, data in items
        ]

    def _open(
        self, keyring: Keyring, entries: Sequence[tuple[str, bytes | None]]
    ) -> Sequence[tuple[bytes, int] | CachekitError | None]:
        return [
            None
            if entry is None
            else _outcome(CacheMiss, keyring.open_interop_with_index, name, entry)
            for name, entry in entries
        ]


def _outcome(
    own: type[CachekitError], call: Callable[[str, Any], Any], name: str, data: Any
) -> Any:
    """What a call returns, or its error if that is of this value or entry alone."""
    try:
        return call(name, data)
    except (own, OutOfMemoryError) as error:
        return error
