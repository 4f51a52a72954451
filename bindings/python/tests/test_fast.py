"""The C extension against its twin: equal results and equal exceptions for the same calls, and no
reference, buffer or memory left behind, whatever the arguments do."""

import array
import ctypes
import gc
import inspect
import mmap
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cachekit_core
from cachekit_core import _declarations, _library, _plain, errors

try:
    from cachekit_core import _fast
except ImportError:
    if os.environ.get("CACHEKIT_NO_SKIPS"):
        raise
    pytest.skip("the C extension is not built for this Python", allow_module_level=True)

tracemalloc = pytest.importorskip("tracemalloc")

# Also where the package itself was told to use the other twin.
_fast.bind(_library._addresses(ctypes.CDLL(cachekit_core.load())))

TWINS = [_fast, _plain]
KEY = bytes(range(32))
AAD = b"users:1"
OVER = _declarations.MAX_PAYLOAD_SIZE + 1
CLOSED = 0

STORAGE = cachekit_core.ByteStorage("json")
ENCRYPTOR = cachekit_core.Encryptor()
KEYRING = cachekit_core.Keyring(KEY, tenant="acme", decrypt_only=[bytes(32)])
OLD = cachekit_core.Keyring(bytes(32), tenant="acme")  # whose entries KEYRING opens with key 1
S, E, K = STORAGE._handle, ENCRYPTOR._handle, KEYRING._handle


def plain(value):
    """A result that can be compared."""
    if isinstance(value, BaseException):
        return type(value), str(value)
    return [plain(v) for v in value] if isinstance(value, list) else value


def outcome(function, *args):
    try:
        return plain(function(*args))
    except Exception as error:
        return plain(error)


# Calls that must be the same


def damaged(entry, at, how):
    """An entry with one of its bytes changed, without its end, or with a byte too many."""
    if how == "whole" or not entry:
        return entry
    at %= len(entry)
    if how == "cut":
        return entry[:at]
    if how == "longer":
        return entry + b"\0"
    return entry[:at] + bytes([entry[at] ^ 1]) + entry[at + 1 :]


def entries(made):
    how = st.sampled_from(["whole", "whole", "changed", "cut", "longer"])
    return st.builds(damaged, payloads.map(made), st.integers(0, 1 << 16), how)


payloads = st.one_of(
    st.binary(max_size=200),
    st.integers(0, 70000).map(lambda n: b"x" * n),  # more than a guess from the entry has room for
    st.integers(0, 70000).map(lambda n: bytes(range(256)) * (n // 256)),
)
not_buffers = st.one_of(
    st.none(), st.integers(), st.text(), st.just([1, 2]), st.just(memoryview(b"abcdef")[::2])
)


def buffers(contents):
    """The same bytes in objects of many kinds, and what is no buffer."""
    kinds = [
        bytes,
        bytearray,
        memoryview,
        lambda b: array.array("B", b),
        lambda b: memoryview(b)[1:],
    ]
    return st.one_of(
        contents, st.builds(lambda b, kind: kind(b), contents, st.sampled_from(kinds)), not_buffers
    )


texts = st.text(alphabet=st.characters(exclude_categories=[]), max_size=20)
formats = st.one_of(
    st.none(),
    st.just("json"),
    texts,
    st.sampled_from(["a\0b", "\ud800", b"json", 7, "x" * (1 << 20), "é" * (1 << 20)]),
)
cache_keys = st.one_of(
    st.just("users:1"), texts, buffers(st.binary(max_size=40)),
    st.sampled_from(["k" * (1 << 20), "k" * ((1 << 20) + 1), bytearray((1 << 20) + 1), "\ud800"]),
)  # fmt: skip
handles = lambda handle: st.sampled_from([handle] * 8 + [CLOSED, S, E])  # noqa: E731
keys = st.one_of(st.just(KEY), st.just(bytearray(KEY)), buffers(st.binary(max_size=40)))
aads = st.one_of(st.just(AAD), buffers(st.binary(max_size=40)))

envelopes = buffers(entries(lambda d: STORAGE.store(d, "json")))
ciphertexts = buffers(entries(lambda d: ENCRYPTOR.encrypt(KEY, d, AAD)))
sealed = buffers(entries(lambda d: (KEYRING if len(d) % 3 else OLD).seal("users:1", d, "json")))
keyring_ciphertexts = buffers(entries(lambda d: KEYRING.encrypt(d, AAD)))


def lists(item):
    return st.lists(item, max_size=6)


def pairs(data):
    good = st.tuples(cache_keys, st.one_of(st.none(), data))
    return lists(st.one_of(good, good, good.map(list), st.just(("alone",)), st.just(7)))


CALLS = {
    "checksum": (buffers(payloads),),
    "storage_store": (handles(S), buffers(payloads), formats),
    "storage_retrieve": (handles(S), envelopes),
    "storage_store_many": (handles(S), lists(st.one_of(st.none(), buffers(payloads))), formats),
    "storage_retrieve_many": (handles(S), lists(st.one_of(st.none(), envelopes))),
    "decrypt": (handles(E), keys, ciphertexts, aads),
    "keyring_open": (handles(K), cache_keys, sealed, formats),
    "keyring_open_with_index": (handles(K), st.just("users:1"), sealed, st.just("json")),
    "keyring_decrypt": (handles(K), keyring_ciphertexts, aads),
    "keyring_decrypt_with_index": (handles(K), keyring_ciphertexts, aads),
    "keyring_open_many": (handles(K), pairs(sealed), formats, st.booleans()),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_does_the_same_in_both(name):
    @settings(max_examples=150, deadline=None)
    @given(args=st.tuples(*CALLS[name]))
    def check(args):
        c, other = (outcome(getattr(twin, name), *args) for twin in TWINS)
        if name.endswith("_many"):
            c, other = without_wrong_pairs(c), without_wrong_pairs(other)
        assert c == other

    check()


def without_wrong_pairs(result):
    """What is no pair has the words of whoever takes it apart."""
    if isinstance(result, tuple) and result[0] in (TypeError, ValueError):
        return result[0]
    return result


# What makes a nonce: no two results are equal, but each opens.
MAKES = {
    "encrypt": (
        (handles(E), keys, buffers(payloads), aads),
        lambda r, a: ENCRYPTOR.decrypt(a[1], r, a[3]),
    ),
    "keyring_encrypt": (
        (handles(K), buffers(payloads), aads),
        lambda r, a: KEYRING.decrypt(r, a[2]),
    ),
    "keyring_seal": (
        (handles(K), cache_keys, buffers(payloads), formats),
        lambda r, a: KEYRING.open(a[1], r, "msgpack" if a[3] is None else a[3]),
    ),
    "keyring_seal_many": (
        (handles(K), pairs(buffers(payloads)), formats),
        lambda r, a: KEYRING.open_many(
            [(item[0], e if isinstance(e, bytes) else None) for item, e in zip(a[1], r)],
            "msgpack" if a[2] is None else a[2],
        ),
    ),
}


@pytest.mark.parametrize("name", MAKES)
def test_what_one_encrypts_opens_as_what_the_other_does(name):
    strategies, opened = MAKES[name]

    @settings(max_examples=150, deadline=None)
    @given(args=st.tuples(*strategies))
    def check(args):
        found = []
        for twin in TWINS:
            result = outcome(getattr(twin, name), *args)
            if isinstance(result, tuple):
                found.append(without_wrong_pairs(result) if name.endswith("_many") else result)
            else:
                faults = (
                    [r for r in result if isinstance(r, tuple)] if isinstance(result, list) else []
                )
                found.append((opened(result, args), faults))
        assert found[0] == found[1]

    check()


INTO = {
    "storage_store_into": (S, b"x" * 500, "out", None),
    "storage_retrieve_into": (S, STORAGE.store(b"x" * 500), "out"),
    "encrypt_into": (E, KEY, b"x" * 500, AAD, "out"),
    "decrypt_into": (E, KEY, ENCRYPTOR.encrypt(KEY, b"x" * 500, AAD), AAD, "out"),
    "keyring_seal_into": (K, "users:1", b"x" * 500, None, "out"),
    "keyring_open_into": (K, "users:1", KEYRING.seal("users:1", b"x" * 500), None, "out"),
}


@pytest.mark.parametrize("name", INTO)
@pytest.mark.parametrize(
    "out",
    [lambda: bytearray(1000), lambda: bytearray(3), lambda: bytes(1000), lambda: memoryview(bytearray(2000))[::2],
     lambda: None, lambda: "text", lambda: array.array("i", [7] * 250), lambda: bytearray()],
)  # fmt: skip
def test_a_call_into_a_buffer_does_the_same_in_both(name, out):
    found = []
    for twin in TWINS:
        target = out()
        args = [target if a == "out" else a for a in INTO[name]]
        result = outcome(getattr(twin, name), *args)
        random = name in ("encrypt_into", "keyring_seal_into")
        found.append(
            (result, None if random or not isinstance(target, bytearray) else bytes(target))
        )
        if isinstance(target, bytearray):
            target.append(0)  # a BufferError, if the buffer were still held
    assert found[0] == found[1]


def test_both_have_the_same_functions_with_the_same_parameters():
    assert sorted(n for n in dir(_fast) if n[0] != "_" and n != "bind") == sorted(_plain.__all__)
    for name in _plain.__all__:
        of_c, other = (list(inspect.signature(getattr(twin, name)).parameters) for twin in TWINS)
        assert of_c == other, name
        with pytest.raises(TypeError):
            getattr(_fast, name)()
        with pytest.raises(TypeError):
            getattr(_fast, name)(*[b""] * 9)


@pytest.mark.parametrize(
    "size", [0, 1, 2, 12000, 16200, 16249, 16384, 16385, 70000, 1 << 20, 3 << 20]
)
@pytest.mark.parametrize("fill", ["zeros", "random"])
def test_sizes_around_each_way_a_result_is_made(size, fill):
    data = bytes(size) if fill == "zeros" else os.urandom(size)
    envelope = _fast.storage_store(S, data, None)
    assert envelope == _plain.storage_store(S, data, None)
    assert _fast.storage_retrieve(S, envelope) == data
    entry = _fast.keyring_seal(K, b"key", data, "json")
    assert _fast.keyring_open_with_index(K, "key", entry, "json") == (data, 0)
    assert _fast.keyring_open(K, "key", OLD.seal("key", data, "json"), "json") == data
    assert _fast.decrypt(E, KEY, _fast.encrypt(E, KEY, data, AAD), AAD) == data
    assert _fast.keyring_decrypt(K, _fast.keyring_encrypt(K, data, AAD), AAD) == data
    items = [("a", data), ("b", None), ("c", data)]
    many = _fast.keyring_seal_many(K, items, None)
    assert _fast.keyring_open_many(K, zip("abc", many), None, True) == [(data, 0), None, (data, 0)]


def test_more_than_there_may_be():
    with mmap.mmap(-1, OVER + 28) as huge:  # memory that nobody touches
        for name, args in {
            "storage_store": (S, huge, None),
            "storage_retrieve": (S, huge),
            "encrypt": (E, KEY, huge, AAD),
            "decrypt": (E, KEY, huge, AAD),
            "keyring_encrypt": (K, huge, AAD),
            "keyring_seal": (K, "key", huge, None),
        }.items():
            c, other = (outcome(getattr(twin, name), *args) for twin in TWINS)
            assert c == other
            assert issubclass(c[0], errors.InputTooLargeError)
    # Closed: no buffer was left held, or mmap.close had raised.


# Arguments with a life of their own


def test_a_list_that_changes_while_it_is_read():
    items = []

    class Item:  # a pair that empties the list it is in
        def __iter__(self):
            items.clear()
            return iter(["key", b"data"])

    items += [Item(), Item(), ("key", b"data")]
    sealed = _fast.keyring_seal_many(K, items, None)
    assert KEYRING.open_many(zip(["key"] * 3, sealed)) == [b"data"] * 3


def test_an_iterator_that_raises():
    def items():
        yield "key", bytearray(b"data")
        raise KeyError("no more")

    with pytest.raises(KeyError):
        _fast.keyring_seal_many(K, items(), None)


if sys.version_info >= (3, 12):  # __buffer__ in Python came with it

    def test_a_buffer_that_runs_python():
        log = []

        class Data:
            def __init__(self, data):
                self.data = data

            def __buffer__(self, flags):
                return memoryview(self.data)

            def __release_buffer__(self, view):
                log.append("released")
                # Another call that fails, whose reason must not become that of the first.
                with pytest.raises(errors.InvalidInputError, match="format contains a NUL"):
                    _fast.storage_store(S, b"", "\0")
                outcome(_fast.storage_retrieve, S, b"\x94")

        class Refuses:
            def __buffer__(self, flags):
                raise RuntimeError("no")

        envelope = STORAGE.store(b"data")
        expected = outcome(_plain.storage_retrieve, S, envelope[:20])
        assert outcome(_fast.storage_retrieve, S, Data(envelope[:20])) == expected
        assert _fast.storage_retrieve(S, Data(envelope)) == b"data"
        for failing in (Refuses(), "text"):
            log.clear()
            with pytest.raises((RuntimeError, TypeError)):
                _fast.keyring_seal_many(K, [(Data(b"key"), Data(b"data")), (b"key", failing)], None)
            assert log == ["released"] * 2
            log.clear()
            with pytest.raises((RuntimeError, TypeError)):
                _fast.encrypt(E, Data(KEY), Data(b""), failing)
            assert log == ["released"] * 2


# What is left behind

GOOD = [
    ("checksum", bytearray(b"data")),
    ("storage_store", S, bytearray(b"data" * 5000), "json"),
    ("storage_retrieve", S, bytearray(STORAGE.store(bytes(20000)))),
    ("encrypt", E, bytearray(KEY), bytearray(b"data"), bytearray(AAD)),
    ("decrypt", E, KEY, bytearray(ENCRYPTOR.encrypt(KEY, b"data", AAD)), AAD),
    ("encrypt_into", E, KEY, b"data", AAD, bytearray(100)),
    ("keyring_seal", K, bytearray(b"key"), bytearray(b"data"), None),
    ("keyring_open_with_index", K, "key", bytearray(KEYRING.seal("key", bytes(90000))), None),
    ("keyring_open_into", K, "key", bytearray(KEYRING.seal("key", b"data")), None, bytearray(9)),
    ("keyring_seal_many", K, [(bytearray(b"key"), bytearray(b"data")), [b"key", b"data"], (None, None)], None),
    ("keyring_open_many", K, [(bytearray(b"key"), KEYRING.seal("key", b"data"))] * 3, None, True),
]  # fmt: skip
BAD = [
    ("storage_store", S, bytearray(b"data"), "a\0"),
    ("storage_retrieve", S, bytearray(b"not an envelope")),
    ("encrypt", E, bytearray(b"short"), bytearray(b"data"), bytearray(AAD)),
    ("decrypt", E, bytearray(KEY), bytearray(100), None),
    ("decrypt_into", E, KEY, bytearray(100), AAD, bytearray(100)),
    ("keyring_open", K, bytearray(b"other"), bytearray(KEYRING.seal("key", b"data")), None),
    ("keyring_seal", CLOSED, "key", bytearray(b"data"), None),
    ("keyring_seal_many", K, [(bytearray(b"key"), bytearray(b"data")), (bytearray(b"key"), 7)], None),
    ("keyring_open_many", K, [(bytearray(b"key"), bytearray(50)), ("\ud800", b"")], None, True),
    ("storage_retrieve_many", CLOSED, [bytearray(b"data")]),
]  # fmt: skip


def parts(args):
    """All objects in the arguments of a call whose references are counted."""
    for arg in args:
        yield from parts(arg) if isinstance(arg, (list, tuple)) else [arg]


def failed(result):
    """Whether outcome gave an exception, or a list in which there is one."""
    if isinstance(result, list):
        return any(failed(r) for r in result)
    return isinstance(result, tuple) and isinstance(result[0], type)


@pytest.mark.parametrize("call", GOOD + BAD, ids=lambda call: call[0])
def test_no_reference_and_no_buffer_is_kept(call):
    name, *args = call
    function = getattr(_fast, name)
    counted = [o for o in parts(args) if isinstance(o, bytearray)] + [None]
    outcome(function, *args)
    before = [sys.getrefcount(o) for o in counted]
    for _ in range(100):
        assert failed(outcome(function, *args)) == (call in BAD)
    after = [sys.getrefcount(o) for o in counted]
    # None is immortal since Python 3.12. In 3.14 its count still drifts upwards to where it
    # stays, because the extension counts as the stable ABI of 3.9 does.
    mortal = [(b, a) for b, a in zip(before, after) if b < 1 << 30]
    assert mortal and all(abs(a - b) < 50 for b, a in mortal), (before, after)
    for o in counted[:-1]:
        o.append(0)  # a BufferError, if it were still held
        o.pop()


@pytest.mark.parametrize("call", GOOD + BAD, ids=lambda call: call[0])
def test_memory_does_not_grow(call):
    import tracemalloc  # which PyPy, where all of this is skipped, does not have

    name, *args = call
    function = getattr(_fast, name)

    def run(times):
        for _ in range(times):
            try:
                function(*args)
            except (cachekit_core.CachekitError, TypeError):
                pass
        gc.collect()

    run(500)
    tracemalloc.start()
    run(50)
    begun = tracemalloc.get_traced_memory()[0]
    run(2000)
    grown = tracemalloc.get_traced_memory()[0] - begun
    tracemalloc.stop()
    assert grown < 2000 * 8, f"{grown} bytes after 2000 calls"


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * mmap.PAGESIZE


def test_the_memory_of_a_batch_is_freed():
    """That is the library's, which tracemalloc does not see."""
    entry = os.urandom(100_000)  # whose envelope is as large
    items = [("key", KEYRING.seal("key", entry)), ("key", b"damaged")]
    before = resident()
    for _ in range(1000):
        opened, error = _fast.keyring_open_many(K, items, None, False)
        assert opened == entry and isinstance(error, errors.InvalidInputError)
    assert resident() - before < 50_000_000  # of the 100 MB that they had


# The GIL and loading


def finished_before_others_ran(size):
    """Whether a call ends before the main thread, which waits for the GIL, gets it."""
    data, done, started = bytes(size), [], threading.Event()

    def work():
        started.set()
        _fast.keyring_encrypt(K, data, AAD)
        done.append(True)

    thread = threading.Thread(target=work)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # so that a thread has the GIL until it lets go itself
    try:
        thread.start()
        started.wait()
        return bool(done)
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_other_threads_run_during_a_large_call_alone():
    assert not finished_before_others_ran(256 << 20)  # some 40 ms
    assert finished_before_others_ran(64)


def python(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_first_call_loads_the_library():
    code = "from cachekit_core import _fast; print(_fast.checksum(b'').hex())"
    assert python(code, CACHEKIT_CORE_PURE="0") == (0, _plain.checksum(b"").hex() + "\n")


def test_a_library_that_is_not_bound_is_not_called():
    code = "from cachekit_core import _fast; _fast.checksum(b'')"
    status, said = python(code, CACHEKIT_CORE_PURE="1")
    assert (status, said.splitlines()[-1]) == (
        1,
        "RuntimeError: the library was loaded without bind()",
    )


def test_bind_refuses_what_is_no_table_of_addresses():
    code = """
from cachekit_core import _fast
for addresses in ({}, {"cachekit_encrypt": 1}, None, {"cachekit_byte_storage_store_into": 0}):
    try:
        _fast.bind(addresses)
    except Exception as error:
        print(type(error).__name__)
"""
    assert python(code) == (0, "KeyError\nKeyError\nTypeError\nValueError\n")
