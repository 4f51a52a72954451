"""The warning that an encryptor or keyring wears out."""

import os
import shutil
import subprocess

import pytest
from support import ROOT, missing, python

import cachekit_core


@pytest.fixture(scope="module")
def worn(tmp_path_factory):
    """A library that gives the warning with every encryption."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        missing("there is no C compiler")
    if not (ROOT / "tests" / "warns.c").exists():
        missing("this is no clone of the repository")
    path = os.path.realpath(cachekit_core.load())
    out = tmp_path_factory.mktemp("worn") / "libworn.so"
    # The loader knows the library by its soname, so it gets a folder where it has that name.
    beside = out.parent / "libcachekit_core.so.0"
    beside.symlink_to(path)
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I",
        ROOT / "include",
    ]
    command += [ROOT / "tests" / "warns.c", "-Wl,--no-as-needed", beside, f"-Wl,-rpath,{out.parent}"]
    command += ["-o", out]
    subprocess.run([os.fspath(part) for part in command], check=True)
    return str(out)


def test_the_output_is_there_and_the_line_is_named(worn):
    printed = python(
        """
        import warnings
        import cachekit_core
        from cachekit_core import Encryptor, Keyring, RotationNeededWarning, interop
        KEY = b"k" * 32
        encryptor, keyring = Encryptor(), Keyring(KEY, tenant="t")
        assert encryptor.rotation_needed and keyring.rotation_needed
        aad = b"a"
        room = bytearray(500)

        def sealed_into(function, *before):
            return bytes(room[:function(*before, room)])

        def decrypted(out):
            return encryptor.decrypt(KEY, out, aad)

        def opened(out):
            return keyring.open("k", out)

        def opened_interop(out):
            return keyring.open_interop("k", out)[1:]

        items = [("j", b""), ("k", b"data")]
        checks = [
            (lambda: encryptor.encrypt(KEY, b"data", aad), decrypted),
            (lambda: sealed_into(encryptor.encrypt_into, KEY, b"data", aad), decrypted),
            (lambda: keyring.encrypt(b"data", aad), lambda out: keyring.decrypt(out, aad)),
            (lambda: keyring.seal("k", b"data"), opened),
            (lambda: sealed_into(keyring.seal_into, "k", b"data"), opened),
            (lambda: keyring.seal_many(items)[1], opened),
            (lambda: keyring.seal_interop("k", b"\\xa4data"), opened_interop),
            (lambda: interop.seal(keyring, "k", "data"), opened_interop),
        ]
        for number, (seal, open) in enumerate(checks):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                out = seal()
            assert [w.category for w in caught] == [RotationNeededWarning], (number, caught)
            assert caught[0].filename == "<string>", (number, caught[0])
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert open(out) == b"data", number
            try:
                seal()  # with -W error
            except RotationNeededWarning:
                continue
            raise AssertionError(number)
        print(len(checks))
        """,
        CACHEKIT_LIBRARY=worn,
    )
    assert printed == "8\n"
