"""Classes for django-redis: a client that seals entries, a serializer that encrypts, and a
compressor.

Needs the package ``django-redis`` (``pip install cachekit-core[django]``).

    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:6379/0",
            "OPTIONS": {"CLIENT_CLASS": "cachekit_core.django_redis.Client"},
        }
    }

:class:`Client` is what to use: it compresses and encrypts each value, bound to its key in
Redis, and a damaged entry is a miss. :class:`Serializer` is for those who need another client
of django-redis, and stops less. :class:`Compressor` compresses and does not encrypt.

The keys come from ``CACHEKIT_MASTER_KEY`` and ``CACHEKIT_PREVIOUS_MASTER_KEYS`` in the
environment. They are read at the first use, so a pre-forking server may load Django before it
forks, but must not use the cache before. To replace the master key, put the old one into
``CACHEKIT_PREVIOUS_MASTER_KEYS`` and leave it there as long as entries live.

In ``OPTIONS``, all of them optional:

``CACHEKIT_TENANT``
    whose keys to use (``"default"``)
``CACHEKIT_LEVEL``
    how hard to compress, 1 to 9 (1)
``CACHEKIT_MAX_PAYLOAD``
    the largest value in bytes, as serialized; no entry can claim more memory than that
    (512 MiB)
``CACHEKIT_SERIALIZER``, ``CACHEKIT_NAMESPACE``
    see :class:`Serializer`
"""

# Django and django-redis come without types.
# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import logging
from typing import Any, Collection

from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from django_redis.client.default import DefaultClient
from django_redis.compressors.base import BaseCompressor
from django_redis.exceptions import ConnectionInterrupted
from django_redis.serializers.base import BaseSerializer
from redis import exceptions

from ._error import CachekitError, CacheMiss
from ._renewing import RenewingKeyring
from .keyring import Keyring
from .storage import ByteStorage

__all__ = ["Client", "Compressor", "Serializer"]

logger = logging.getLogger(__name__)

# What django-redis takes for a Redis that cannot be asked.
_FAILURES = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ResponseError,
    TimeoutError,
)

_JSON = "django_redis.serializers.json.JSONSerializer"
_PICKLE = "django_redis.serializers.pickle.PickleSerializer"  # what django-redis takes itself


# What all caches with the same options share. Django makes a cache object for each thread, and
# under ASGI for each request; keyrings should be few, since each has a part of the nonces.
_keyrings: dict[tuple[Any, ...], RenewingKeyring] = {}
_storages: dict[tuple[Any, ...], ByteStorage] = {}


def _limits(options: dict[str, Any]) -> tuple[Any, Any]:
    return options.get("CACHEKIT_LEVEL", 1), options.get("CACHEKIT_MAX_PAYLOAD")


def _keyring(options: dict[str, Any]) -> RenewingKeyring:
    tenant = options.get("CACHEKIT_TENANT", "default")
    level, max_payload = _limits(options)

    def make() -> Keyring:
        return Keyring.from_env(tenant, level=level, max_payload=max_payload)

    return _keyrings.setdefault((tenant, level, max_payload), RenewingKeyring(make))


class _Sealer:
    """Makes entries of values and opens them, by the options of a cache."""

    def __init__(self, options: dict[str, Any], serializer: str) -> None:
        chosen = import_string(serializer)
        if issubclass(chosen, Serializer):
            raise ImproperlyConfigured(f"{serializer} encrypts already: name the one inside it")
        self._serializer = chosen(options=options)
        # Authenticated, so that what one serializer has written never gets to another one:
        # it could be harmless in JSON and code in a pickle.
        self._format = serializer
        self._keyring = _keyring(options)

    def seal(self, place: str, value: Any) -> bytes:
        return self._keyring.get().seal(place, self._serializer.dumps(value), self._format)

    def open(self, place: str, entry: bytes) -> Any:
        return self.load(self._keyring.get().open(place, entry, self._format))

    def open_many(
        self, entries: list[tuple[str, bytes | None]]
    ) -> list[bytes | CachekitError | None]:
        """What is to be loaded, for each entry."""
        return self._keyring.get().open_many(entries, self._format)

    def load(self, data: bytes) -> Any:
        """The value; CacheMiss if the serializer refuses what is authentic, such as an object
        of a class that has changed since."""
        try:
            return self._serializer.loads(data)
        except Exception as error:
            # Its text and its traceback may hold some of the value.
            why = type(error).__name__
        raise CacheMiss(f"the serializer refuses the value: {why}")


class _Sealed:
    """An entry on its way through the inherited methods."""

    def __init__(self, entry: bytes) -> None:
        self.entry = entry


class Client(DefaultClient):
    """``CLIENT_CLASS``: a client of django-redis whose entries are compressed, encrypted, and
    bound to the tenant, the serializer and the key in Redis.

    ``SERIALIZER`` says what turns values into bytes before that. If you do not name one it is
    JSON, and not pickle as in django-redis: with
    ``django_redis.serializers.pickle.PickleSerializer`` who has the master key can run code in
    your process. ``COMPRESSOR`` must not be set.

    An entry that does not open is a miss, and a warning in the log of this module: ``get``
    returns the default, ``get_many`` leaves it out. That is so for an entry that is damaged,
    was put under another key, or was written without the master key. It stays in Redis until
    it is replaced, deleted or expires; ``add`` and ``get_or_set`` do not replace it. Who can
    write to Redis can still delete an entry, or put back an older one of the same key.

    Integers are sealed too, so Redis cannot count: ``incr`` and ``decr`` raise
    ``NotImplementedError``, as they do in django-redis' own ``HerdClient``. So does all that
    stores anything but one value under a key: sets, sorted sets and hashes, whose members Redis
    would have to compare. Keep these in another cache.
    """

    def __init__(self, server: Any, params: dict[str, Any], backend: Any) -> None:
        super().__init__(server, params, backend)
        if "COMPRESSOR" in self._options:
            raise ImproperlyConfigured(
                f"{type(self).__name__} compresses itself: take COMPRESSOR away"
            )
        self._sealer = _Sealer(self._options, self._options.get("SERIALIZER", _JSON))

    def set(
        self,
        key: str,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
        client: Any = None,
        nx: bool = False,
        xx: bool = False,
    ) -> bool:
        # Sealed here, since encode is not told the key. It leaves a name as it is.
        name = self.make_key(key, version=version)
        entry = _Sealed(self._sealer.seal(name, value))
        return bool(super().set(name, entry, timeout, version=version, client=client, nx=nx, xx=xx))

    def encode(self, value: Any, **_: Any) -> bytes:
        if isinstance(value, _Sealed):
            return value.entry
        raise NotImplementedError(
            f"{type(self).__name__} stores one value under a key and nothing else"
        )

    def decode(self, value: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} reads one value under a key and nothing else"
        )

    def get(
        self, key: str, default: Any = None, version: int | None = None, client: Any = None
    ) -> Any:
        if client is None:
            client = self.get_client(write=False)
        name = self.make_key(key, version=version)
        try:
            entry = client.get(name)
        except _FAILURES as error:
            raise ConnectionInterrupted(connection=client) from error
        if entry is None:
            return default
        try:
            return self._sealer.open(name, entry)
        except CacheMiss as error:
            logger.warning("an entry cannot be used: %s", error)
            return default

    def get_many(
        self, keys: Collection[str], version: int | None = None, client: Any = None
    ) -> dict[str, Any]:
        if client is None:
            client = self.get_client(write=False)
        names = {self.make_key(key, version=version): key for key in keys}
        if not names:
            return {}
        try:
            entries = client.mget(*names)
        except _FAILURES as error:
            raise ConnectionInterrupted(connection=client) from error
        found: dict[str, Any] = {}
        for name, opened in zip(names, self._sealer.open_many(list(zip(names, entries)))):
            if opened is None:
                continue
            try:
                if isinstance(opened, CachekitError):
                    raise opened
                found[names[name]] = self._sealer.load(opened)
            except CacheMiss as error:
                logger.warning("an entry cannot be used: %s", error)
        return found

    def incr(self, *args: Any, **kwargs: Any) -> int:
        raise NotImplementedError(
            "Redis cannot count what is sealed: keep counters in another cache"
        )

    decr = incr


def _ignores_exceptions(options: dict[str, Any]) -> bool:
    """As django_redis.cache.RedisCache decides."""
    return bool(
        options.get("IGNORE_EXCEPTIONS", getattr(settings, "DJANGO_REDIS_IGNORE_EXCEPTIONS", False))
    )


class Serializer(BaseSerializer):
    """``SERIALIZER``: encrypts what another serializer makes, for those who need another
    client than :class:`Client`. It compresses too: leave ``COMPRESSOR`` away.

    ``CACHEKIT_SERIALIZER`` names that other serializer; it is JSON if you name none.

    A serializer is not told the key of an entry. So an entry is bound to the tenant, to the
    serializer inside, and to ``CACHEKIT_NAMESPACE`` (``"django-redis"``), which all entries of
    a cache have in common. What that does not stop: who can write to Redis can put the entry
    of one key under another key of the same cache, and so show one user what is another's. And
    django-redis does not pass integers to a serializer: they stand in Redis as they are, to be
    read and changed. :class:`Client` stops both.

    An entry that does not open is a warning in the log of this module. With
    ``IGNORE_EXCEPTIONS`` it is a miss (and ``get_many`` then has no entry at all). Without that
    django-redis knows no miss beside the one of Redis, and the value is ``None``: mind that
    ``get`` with a default and ``get_or_set`` return that ``None``.

    Members of sets and sorted sets are never found again, since each encryption differs.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self._sealer = _Sealer(options, options.get("CACHEKIT_SERIALIZER", _JSON))
        self._namespace = options.get("CACHEKIT_NAMESPACE", "django-redis")
        self._ignore = _ignores_exceptions(options)

    def dumps(self, value: Any) -> bytes:
        return self._sealer.seal(self._namespace, value)

    def loads(self, value: bytes) -> Any:
        try:
            return self._sealer.open(self._namespace, value)
        except CacheMiss as error:
            logger.warning("an entry cannot be used: %s", error)
            if self._ignore:
                raise ConnectionInterrupted(None) from error
            return None


class Compressor(BaseCompressor):
    """``COMPRESSOR``: stores each value as an envelope, with LZ4 and a checksum.

    All values are compressed, also short ones, because the checksum tells a damaged entry; an
    envelope adds some 40 bytes at most to a short one. What is not an envelope, such as an
    entry from before there was a compressor, counts as damaged. A damaged entry is a warning in
    the log of this module; then it is with ``IGNORE_EXCEPTIONS`` a miss, and without that the
    value ``None``, as for :class:`Serializer`.

    The checksum finds accidents and stops nobody: with django-redis' own serializer, pickle,
    who can write to Redis can run code in your process.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self._ignore = _ignores_exceptions(options)
        self._limits = _limits(options)

    def _storage(self) -> ByteStorage:
        """Made at the first use, and so in a worker."""
        storage = _storages.get(self._limits)
        if storage is None:
            level, max_payload = self._limits
            storage = ByteStorage("django-redis", level=level, max_payload=max_payload)
            storage = _storages.setdefault(self._limits, storage)
        return storage

    def compress(self, value: bytes) -> bytes:
        return self._storage().store(value)

    def decompress(self, value: bytes) -> bytes:
        try:
            return self._storage().retrieve(value)
        except CacheMiss as error:
            logger.warning("an entry cannot be used: %s", error)
            if self._ignore:
                raise ConnectionInterrupted(None) from error
        # Not CompressorError: django-redis would pass the damaged bytes to the serializer.
        serializer = import_string(self._options.get("SERIALIZER", _PICKLE))
        return bytes(serializer(options=self._options).dumps(None))
