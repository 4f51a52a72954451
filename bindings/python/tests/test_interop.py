"""Interop keys and values, against the published vectors and the Python package cachekit."""

import datetime
import enum
import sys
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import IS_CPYTHON, counted, needed, vectors

import cachekit_core
from cachekit_core import CacheMiss, InvalidInputError, Keyring, interop

UTC = datetime.timezone.utc


def native(tagged):
    """A value of the vectors."""
    if isinstance(tagged, list):
        return [native(element) for element in tagged]
    if not isinstance(tagged, dict):
        return tagged
    if len(tagged) == 1:
        ((tag, value),) = tagged.items()
        if tag == "$set":
            return {native(element) for element in value}
        if tag == "$bytes":
            return bytes.fromhex(value)
        if tag == "$datetime":
            return datetime.datetime.fromisoformat(value)
        if tag == "$uuid":
            return uuid.UUID(value)
        if tag == "$float":
            return float(value)
        if tag == "$int":
            return int(value)
        assert not tag.startswith("$"), tag
    return {name: native(element) for name, element in tagged.items()}


def test_keys():
    file = vectors("cachekit/interop-mode-1.3.0.json")
    for row in counted(file["key_vectors"], 44):
        made = interop.key(row["namespace"], row["operation"], *native(row["args"]))
        assert made == row["expected_key"], row["name"]


def test_what_keys_refuse():
    file = vectors("cachekit/interop-mode-1.3.0.json")
    for row in counted(file["error_vectors"], 34):
        space, name = row.get("namespace", "users"), row.get("operation", "get_user")
        with pytest.raises(InvalidInputError):
            interop.key(space, name, *native(row["args"]))


def test_values():
    msgpack = needed("msgpack")
    file = vectors("cachekit/interop-mode-1.3.0.json")
    for row in counted(file["value_vectors"], 6):
        value = native(row["value"])
        document = interop.encode(value)
        assert document.hex() == row["canonical_msgpack_hex"], row["name"]
        assert interop.decode(document) == value, row["name"]
        assert interop.decode(memoryview(msgpack.packb(value))) == value, row["name"]
    accepted = {row["name"]: row for row in counted(file["reader_accept_vectors"], 6)}
    for name, row in accepted.items():
        found = interop.decode(bytes.fromhex(row["input_hex"]))
        if name == "reader_padded_int_widths":
            assert found == row["value"]
    for row in counted(file["reader_reject_vectors"], 1):
        with pytest.raises(CacheMiss):
            interop.decode(bytes.fromhex(row["input_hex"]))


def test_encrypted_values():
    needed("msgpack")
    file = vectors("cachekit/interop-mode-1.3.0.json")
    (row,) = counted(file["encryption_vectors"], 1)
    keyring = Keyring(bytes.fromhex(row["master_key_hex"]), tenant=row["tenant_id"])
    sealed = bytes.fromhex(row["ciphertext_hex"])
    assert keyring.open_interop(row["cache_key"], sealed).hex() == row["plaintext_hex"]
    value = interop.open(keyring, row["cache_key"], sealed)
    assert value == {"name": "alice", "age": 30}
    again = interop.seal(keyring, row["cache_key"], value)
    assert len(again) == len(sealed) and interop.open(keyring, row["cache_key"], again) == value
    with pytest.raises(cachekit_core.DecryptionFailedError):
        interop.open(keyring, row["cache_key"] + "0", again)
    with pytest.raises(CacheMiss):  # never plain
        interop.open(keyring, row["cache_key"], bytes.fromhex(row["plaintext_hex"]) * 9)


def test_keyword_arguments_are_one_map_at_the_end():
    with_map = interop.key("tests", "search", "q", [], 10, {"b": 2, "a": 1})
    assert interop.key("tests", "search", "q", [], 10, a=1, b=2) == with_map
    # They may have the names of the parameters.
    assert interop.key("tests", "search", namespace=1) == interop.key(
        "tests", "search", {"namespace": 1}
    )


class Colour(enum.IntEnum):
    RED = 3


class Loud(str):
    def encode(self, *_):
        raise AssertionError("a subclass has no say")

    __str__ = encode


class LoudBytes(bytes):
    def __bytes__(self):
        raise AssertionError("a subclass has no say")


def test_subclasses_are_their_base_types():
    assert interop.key("a", "b", Colour.RED, Loud("x")) == interop.key("a", "b", 3, "x")
    assert interop.encode({Loud("k"): True}) == bytes.fromhex("81a16bc3")
    assert interop.encode(LoudBytes(b"x")) == bytes.fromhex("c40178")


class Pair(list):
    def __len__(self):
        return 5


class Map(dict):
    def __len__(self):
        return 5


class Growing(datetime.tzinfo):
    """Adds an element to the list that its time is in, as another thread may."""

    def __init__(self, elements):
        self.elements = elements

    def utcoffset(self, _):
        self.elements.append(None)
        return datetime.timedelta(0)


def test_headers_count_what_follows():
    """What an object says of its length, and what changes meanwhile, makes no broken document."""
    assert interop.encode(Pair([1, 2])) == bytes.fromhex("920102")
    assert interop.encode(Map(a=1)) == bytes.fromhex("81a16101")
    changing = []
    changing.append(datetime.datetime(2024, 1, 1, tzinfo=Growing(changing)))
    same = datetime.datetime(2024, 1, 1, tzinfo=UTC)
    assert interop.key("a", "b", changing) == interop.key("a", "b", [same])
    assert len(changing) > 1


@pytest.mark.parametrize(
    "value", [object(), 1j, range(3), Colour, datetime.date(2024, 1, 1), {1: 2}, [{b"a": 1}]]
)
def test_other_types(value):
    with pytest.raises(TypeError):
        interop.key("users", "get", value)
    with pytest.raises(TypeError):
        interop.encode(value)


@pytest.mark.parametrize(
    "value", [{1}, datetime.datetime(2024, 1, 1, tzinfo=UTC), uuid.uuid4()]
)
def test_values_have_no_sets_times_and_uuids(value):
    interop.key("users", "get", value)
    with pytest.raises(TypeError):
        interop.encode([value])


def test_depth():
    def nested(levels):
        value = []
        for _ in range(levels - 1):
            value = [value]
        return value

    interop.encode(nested(100))
    interop.key("a", "b", *nested(100))  # the arguments are the outermost array
    for make in (
        lambda: interop.encode(nested(101)),
        lambda: interop.key("a", "b", nested(100)),
    ):
        with pytest.raises(InvalidInputError, match="deep"):
            make()
    endless = []
    endless.append(endless)
    with pytest.raises(InvalidInputError, match="deep"):
        interop.encode(endless)


def test_text_that_is_not_utf8():
    for make in (interop.encode, lambda v: interop.key("a", "b", v)):
        for value in ("\ud800", {"\udfff": 1}):
            with pytest.raises(InvalidInputError) as caught:
                make(value)
            assert caught.value.__cause__ is None and caught.value.__suppress_context__
    with pytest.raises(InvalidInputError):
        interop.key("a\0", "b")
    with pytest.raises(TypeError):
        interop.key(b"a", "b")


def test_a_flood_of_keys_is_a_miss():
    needed("msgpack")
    few = b"\x8f" + b"".join(bytes([i, 0xC0]) for i in range(15))
    assert interop.decode(few) == dict.fromkeys(range(15))
    many = b"\xde\x00\x21" + b"".join(bytes([i, 0xC0]) for i in range(33))
    with pytest.raises(CacheMiss, match="no strings"):
        interop.decode(many)
    with pytest.raises(CacheMiss):  # a list as a key
        interop.decode(bytes.fromhex("819001"))
    with pytest.raises(CacheMiss) as caught:  # not UTF-8; the text says nothing of it
        interop.decode(b"\xa4\xffhey")
    assert "hey" not in str(caught.value) and caught.value.__suppress_context__


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
arguments_only = st.uuids() | st.datetimes(
    timezones=st.sampled_from(
        [UTC, datetime.timezone(datetime.timedelta(hours=-7, minutes=-30))]
    ),
    min_value=datetime.datetime(2, 1, 1),
    max_value=datetime.datetime(9998, 1, 1),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=20,
)
arguments = st.recursive(
    scalars | arguments_only | st.frozensets(scalars | arguments_only, max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(values)
def test_canonical_form_is_that_of_the_library(value):
    from ctypes import byref, c_size_t, create_string_buffer

    from cachekit_core import _library

    document = interop.encode(value)
    out, used = create_string_buffer(2 * len(document)), c_size_t(2 * len(document))
    assert _library.lib().interop_value(document, len(document), out, byref(used)) == 0
    assert out.raw[: used.value] == document


@given(st.lists(arguments, max_size=5))
def test_keys_are_those_of_the_package_cachekit(args):
    package = oracle()
    assert interop.key("users", "get_user", *args) == package.generate_interop_key(
        "users", "get_user", args
    )


@given(values)
def test_values_are_those_of_the_package_cachekit(value):
    package = oracle()
    document = interop.encode(value)
    assert document == package.encode_interop_value(value)
    assert interop.decode(document) == value


def oracle():
    if sys.version_info < (3, 10) or not IS_CPYTHON:
        pytest.skip("the package cachekit is not for this Python")
    return needed("cachekit.interop")
