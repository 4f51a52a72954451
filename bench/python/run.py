"""Times the Python package against the byte API of the PyPI package cachekit.

Contestants, which take turns in one process, on the same payloads:

  ours    this package with its C extension
  ctypes  this package without it
  wheel   cachekit._rust_serializer of the PyPI package, the Rust library behind it

A time is the median of many rounds, a ratio the median of the ratios within a round: how many
times as long as ours. The loop around a call, some 10 ns, is part of every time. Before a
clock runs, each opens what every other made.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import gc
import importlib
import importlib.util
import itertools
import json
import os
import pathlib
import random
import statistics
import sys
import time
from types import ModuleType
from typing import Any, Callable, Dict, Iterator, List, Tuple

KEY = bytes(range(32))
AAD = b"\x03" + b"tenant, cache key, format, compressed"
FORMAT = "json"
BATCH = 100
SIZES = (64, 256, 1024, 4096, 16384, 65536, 1 << 20)
BATCH_SIZES = (64, 1024, 16384)
KINDS = ("json", "msgpack", "random")
OPS = ("store", "retrieve", "encrypt", "decrypt", "seal_many", "open_many")

EPILOG = """examples:
  python bench/python/run.py
  python bench/python/run.py --ops encrypt,decrypt --sizes 64,1024 --seconds 2
  python bench/python/run.py --json > python.json

Without a package that is installed or in PYTHONPATH, it is the one of this source tree that is
timed: make && make -C bindings/python fast
"""


ROOT = pathlib.Path(__file__).resolve().parents[2]


def find() -> None:
    """Takes the package of this source tree, unless another one was chosen."""
    if importlib.util.find_spec("cachekit_core") is None:
        sys.path.insert(0, str(ROOT / "bindings" / "python" / "src"))
        os.environ.setdefault("CACHEKIT_LIBRARY", str(ROOT / "build" / "libcachekit_core.so"))


# Payloads


def record(chance: random.Random) -> dict[str, Any]:
    """What an application might cache of one user."""
    words = "amber basalt cedar delta ember fjord garnet harbor indigo juniper kelp lagoon".split()
    first, last = chance.choice(words), chance.choice(words)
    return {
        "id": chance.randrange(100000, 1000000),
        "name": f"{first} {last}",
        "email": f"{first}.{last}@example.com",
        "city": chance.choice(["Lisbon", "Osaka", "Toronto", "Nairobi", "Bergen", "Hobart"]),
        "active": chance.random() < 0.75,
        "visits": chance.randrange(5000),
        "balance": chance.randrange(10**7) / 100,
        "session": f"{chance.getrandbits(64):016x}",
        "tags": chance.sample(words, chance.randrange(5)),
    }


@functools.lru_cache(maxsize=None)
def payload(kind: str, size: int, index: int) -> bytes:
    """The same on every machine."""
    chance = random.Random(f"{kind} {size} {index}")
    if kind == "random":
        return chance.getrandbits(8 * size).to_bytes(size, "little")
    parts, length = [], 0
    while length < size:
        if kind == "json":
            part = json.dumps(record(chance), separators=(",", ":")).encode() + b","
        else:
            import msgpack

            part = msgpack.packb(record(chance))
        parts.append(part)
        length += len(part)
    return b"".join(parts)[:size]


def pool(kind: str, size: int) -> list[bytes]:
    """Several, since a branch predictor learns a single small one by heart."""
    return [payload(kind, size, i) for i in range(max(1, min(256, (1 << 18) // size)))]


# Contestants


def package(pure: bool) -> ModuleType:
    """A copy of this package of its own, with or without the extension."""
    os.environ["CACHEKIT_CORE_PURE"] = "1" if pure else "0"
    for name in [n for n in sys.modules if n.split(".")[0] == "cachekit_core"]:
        del sys.modules[name]
    module = importlib.import_module("cachekit_core")
    native = importlib.import_module("cachekit_core._native")
    if native.accelerated == pure:
        raise SystemExit("bench: the extension _fast is missing: make -C bindings/python fast")
    return module


# A loop for each form that a call has, so that all contestants have the same around theirs.

Loop = Callable[[List[Any]], None]


def alone(call: Callable[..., Any]) -> Loop:
    def loop(inputs: list[Any]) -> None:
        for data in inputs:
            call(data)

    return loop


def with_format(call: Callable[..., Any]) -> Loop:
    def loop(inputs: list[Any]) -> None:
        for data in inputs:
            call(data, FORMAT)

    return loop


def key_first(call: Callable[..., Any]) -> Loop:
    def loop(inputs: list[Any]) -> None:
        for data in inputs:
            call(KEY, data, AAD)

    return loop


def key_second(call: Callable[..., Any]) -> Loop:
    def loop(inputs: list[Any]) -> None:
        for data in inputs:
            call(data, KEY, AAD)

    return loop


class Ours:
    """This package; the same calls for both of its twins."""

    def __init__(self, module: ModuleType) -> None:
        storage, encryptor = module.ByteStorage(FORMAT), module.Encryptor()
        keyring = module.Keyring(KEY, tenant="acme")
        self.make = {
            "store": lambda d: storage.store(d, FORMAT),
            "encrypt": lambda d: encryptor.encrypt(KEY, d, AAD),
            "seal_many": lambda items: keyring.seal_many(items, FORMAT),
        }
        self.open = {
            "store": storage.retrieve,
            "encrypt": lambda c: encryptor.decrypt(KEY, c, AAD),
            "seal_many": lambda items: keyring.open_many(items, FORMAT),
        }
        self.calls = {
            "store": with_format(storage.store),
            "retrieve": alone(storage.retrieve),
            "encrypt": key_first(encryptor.encrypt),
            "decrypt": key_first(encryptor.decrypt),
            "seal_many": with_format(keyring.seal_many),
            "open_many": with_format(keyring.open_many),
        }


class Wheel:
    """The byte API of the PyPI package. It has no batches: a loop of its two calls does it,
    under one AAD for all, which a program would have to make for each."""

    def __init__(self) -> None:
        from cachekit._rust_serializer import ByteStorage, ZeroKnowledgeEncryptor

        storage, encryptor = ByteStorage(FORMAT), ZeroKnowledgeEncryptor()
        store, retrieve = storage.store, storage.retrieve
        encrypt, decrypt = encryptor.encrypt, encryptor.decrypt

        def seal_many(items: list[Any]) -> list[bytes]:
            return [encrypt(store(data, FORMAT), KEY, AAD) for _, data in items]

        def open_many(items: list[Any]) -> list[bytes]:
            return [retrieve(decrypt(sealed, KEY, AAD))[0] for _, sealed in items]

        self.make = {
            "store": lambda d: store(d, FORMAT),
            "encrypt": lambda d: encrypt(d, KEY, AAD),
            "seal_many": seal_many,
        }
        self.open = {
            "store": lambda e: retrieve(e)[0],
            "encrypt": lambda c: decrypt(c, KEY, AAD),
            "seal_many": open_many,
        }
        self.calls = {
            "store": with_format(store),
            "retrieve": alone(retrieve),
            "encrypt": key_second(encrypt),
            "decrypt": key_second(decrypt),
            "seal_many": alone(seal_many),
            "open_many": alone(open_many),
        }


# Opened by which call, for each call that makes something
OPENS = {"retrieve": "store", "decrypt": "encrypt", "open_many": "seal_many"}


def inputs_of(who: Any, op: str, kind: str, size: int) -> list[Any]:
    """What one contestant is called with, over and over."""
    if op.endswith("_many"):
        items = [(f"users:{i}", payload(kind, size, i)) for i in range(BATCH)]
        if op == "open_many":
            sealed = who.make["seal_many"](items)
            if who.open["seal_many"](list(zip((k for k, _ in items), sealed))) != [
                d for _, d in items
            ]:
                raise SystemExit(f"bench: a batch does not open, {kind} {size}")
            items = [(key, entry) for (key, _), entry in zip(items, sealed)]
        return [items]
    payloads = pool(kind, size)
    return payloads if op not in OPENS else [who.make[OPENS[op]](d) for d in payloads]


def cross_check(who: dict[str, Any], sizes: list[int]) -> None:
    """Each opens what every other made."""
    for kind, size, op in itertools.product(KINDS, sizes, ("store", "encrypt")):
        data = payload(kind, size, 0)
        for (a, maker), (b, opener) in itertools.product(who.items(), repeat=2):
            if opener.open[op](maker.make[op](data)) != data:
                raise SystemExit(f"bench: {b} does not open what {a} made: {op} {kind} {size}")


# Timing


Runs = Dict[str, Tuple[Loop, List[Any]]]


def slices(who: dict[str, Any], op: str, kind: str, size: int) -> Runs:
    """What each contestant does in its turn: as many calls as fit into a millisecond."""
    clock = time.perf_counter_ns
    runs: Runs = {}
    for name, contestant in who.items():
        call, inputs = contestant.calls[op], inputs_of(contestant, op, kind, size)
        call(inputs)
        begin = clock()
        call(inputs)
        each = max(1, (clock() - begin) // len(inputs))
        count = max(1, 1_000_000 // each)
        runs[name] = call, list(itertools.islice(itertools.cycle(inputs), count))
    return runs


def rounds(
    who: dict[str, Any], op: str, kind: str, size: int, seconds: float
) -> dict[str, tuple[list[float], int]]:
    """Nanoseconds a call, or an item of a batch, in each round, and the calls of a round."""
    clock = time.perf_counter_ns
    runs = slices(who, op, kind, size)
    times: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    per = BATCH if op.endswith("_many") else 1
    end = clock() + int(seconds * 1e9)
    while clock() < end or len(times[names[0]]) < 5:
        names.append(names.pop(0))  # each round begins with another one
        for name in names:
            call, inputs = runs[name]
            begin = clock()
            call(inputs)
            times[name].append((clock() - begin) / len(inputs) / per)
    return {name: (times[name], len(runs[name][1])) for name in who}


def cells(
    who: dict[str, Any], ops: list[str], kinds: list[str], sizes: list[int], seconds: float
) -> Iterator[dict[str, Any]]:
    for op, kind, size in itertools.product(ops, kinds, sizes):
        if op.endswith("_many") and (size not in BATCH_SIZES or kind != "json"):
            continue
        gc.collect()
        gc.disable()
        try:
            found = rounds(who, op, kind, size, seconds)
        finally:
            gc.enable()
        for name, (values, count) in found.items():
            ratios = [value / ours for value, ours in zip(values, found["ours"][0])]
            yield {
                "t": "python", "op": op, "kind": kind, "size": size, "who": name,
                "ns": round(statistics.median(values), 1), "min": round(min(values), 1),
                "ratio": round(statistics.median(ratios), 3), "rounds": len(values), "calls": count,
            }  # fmt: skip


def arguments(seconds: float) -> Iterator[dict[str, Any]]:
    """What ctypes takes for an argument of each kind: the difference between a call with
    eight of them and one with none, for a function of C that looks at none."""
    library = ctypes.CDLL(importlib.import_module("cachekit_core").load())
    number = ctypes.c_size_t()
    given = {
        "no arguments": (None, None),
        "int as c_size_t": (ctypes.c_size_t, 1000),
        "int as c_void_p": (ctypes.c_void_p, 1 << 40),
        "bytes as c_void_p": (ctypes.c_void_p, b"some bytes"),
        "bytes as c_char_p": (ctypes.c_char_p, b"some bytes"),
        "None as c_char_p": (ctypes.c_char_p, None),
        "byref(c_size_t)": (ctypes.c_void_p, ctypes.byref(number)),
    }
    least = dict.fromkeys(given, float("inf"))
    calls = range(2000)
    functions = {}
    for name, (type_, value) in given.items():
        function = library["cachekit_version_number"]  # another object each time
        function.restype = ctypes.c_uint32
        function.argtypes = [] if type_ is None else [type_] * 8
        functions[name] = function, () if type_ is None else (value,) * 8
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, (function, values) in functions.items():
            begin = time.perf_counter_ns()
            for _ in calls:
                function(*values)
            least[name] = min(least[name], (time.perf_counter_ns() - begin) / len(calls))
    none = least.pop("no arguments")
    yield {"t": "ctypes", "what": "a call without arguments", "ns": round(none, 1)}
    for name, eight in least.items():
        yield {"t": "ctypes", "what": name, "ns": round((eight - none) / 8, 1)}


# Output


def duration(ns: float) -> str:
    return (
        f"{ns:.0f} ns"
        if ns < 9999.5
        else f"{ns / 1e3:.1f} us"
        if ns < 999.5e3
        else f"{ns / 1e6:.2f} ms"
    )


def table(found: list[dict[str, Any]]) -> None:
    """A line for each cell: our time, and how many times as long the others take."""
    others = [name for name in dict.fromkeys(c["who"] for c in found) if name != "ours"]
    print(f"{'':28}{'ours':>10}" + "".join(f"{name:>10}" for name in others))
    rows: dict[tuple[str, str, int], dict[str, dict[str, Any]]] = {}
    for cell in found:
        rows.setdefault((cell["op"], cell["kind"], cell["size"]), {})[cell["who"]] = cell
    for (op, kind, size), row in rows.items():
        print(f"{op:12}{kind:8}{size:>8}" + f"{duration(row['ours']['ns']):>10}"
              + "".join(f"{row[name]['ratio']:>9.2f}x" for name in others))  # fmt: skip


def chosen(text: str, all_of_them: tuple[str, ...]) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in all_of_them:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(all_of_them)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--ops", type=lambda t: chosen(t, OPS), default=list(OPS), help=",".join(OPS)
    )
    parser.add_argument(
        "--kinds", type=lambda t: chosen(t, KINDS), default=list(KINDS), help=",".join(KINDS)
    )
    parser.add_argument(
        "--sizes", type=lambda t: [int(n) for n in t.split(",")], default=list(SIZES),
        help="payloads in bytes, separated by commas",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=0.5, help="for each cell (default 0.5)")
    parser.add_argument(
        "--json", action="store_true", help="a JSON object a line instead of a table"
    )
    options = parser.parse_args()

    find()
    who: dict[str, Any] = {"ctypes": Ours(package(pure=True)), "ours": Ours(package(pure=False))}
    try:
        who["wheel"] = Wheel()
    except ImportError as error:
        print(f"bench: the PyPI package cachekit is left out: {error}", file=sys.stderr)
    cross_check(who, options.sizes)
    found = []
    for cell in cells(who, options.ops, options.kinds, options.sizes, options.seconds):
        found.append(cell)
        if options.json:
            print(json.dumps(cell), flush=True)
    if not options.json:
        table(found)
    for line in arguments(options.seconds):
        print(json.dumps(line) if options.json else f"ctypes, {line['what']}: {line['ns']} ns")


if __name__ == "__main__":
    main()
