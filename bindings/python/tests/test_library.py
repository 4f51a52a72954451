"""Finding and loading the library."""

import os
import pathlib
import shutil
import subprocess

import pytest
from support import missing, python

import cachekit_core
from cachekit_core import LibraryNotFoundError, _declarations, _library

LOADED = cachekit_core.load()


def test_the_one_that_is_loaded():
    assert cachekit_core.load() == cachekit_core.load(LOADED) == LOADED
    assert cachekit_core.load(pathlib.Path(os.path.abspath(LOADED))) == LOADED
    with pytest.raises(RuntimeError, match="already"):
        cachekit_core.load("/other/libcachekit_core.so")


def test_an_argument_is_before_the_environment():
    printed = python(
        """
        import sys, cachekit_core
        print(cachekit_core.load(sys.argv[1]), cachekit_core.checksum(b'').hex())
        """,
        LOADED,
        CACHEKIT_LIBRARY="/nowhere",
    )
    assert printed == f"{LOADED} 2d06800538d394c2\n"


def test_the_environment():
    printed = python(
        """
        import cachekit_core
        for _ in range(2):  # a later call tries again
            try:
                cachekit_core.ByteStorage()
            except cachekit_core.LibraryNotFoundError as error:
                print(error)
        """,
        CACHEKIT_LIBRARY="/nowhere/lib.so",
    )
    assert printed.count("/nowhere/lib.so: cannot open shared object file") == 2
    assert "CACHEKIT_LIBRARY" in printed


def test_what_was_tried(tmp_path):
    # A copy of the package without a library beside it.
    package = tmp_path / "cachekit_core"
    shutil.copytree(os.path.dirname(cachekit_core.__file__), package)
    for found in package.glob("libcachekit_core.so*"):
        found.unlink()
    code = """
    import ctypes.util
    import cachekit_core
    ctypes.util.find_library = {"cachekit_core": "libnamed_by_the_system.so"}.get
    try:
        cachekit_core.load()
    except cachekit_core.LibraryNotFoundError as error:
        print(error)
    """
    environment = {"PYTHONPATH": str(tmp_path), "CACHEKIT_LIBRARY": "", "LD_LIBRARY_PATH": ""}
    lines = python(code, **environment).splitlines()
    if len(lines) == 1:
        pytest.skip("this system has the library installed")
    assert [line.strip().partition(":")[0] for line in lines[1:4]] == [
        str(package / "libcachekit_core.so"),
        "libcachekit_core.so.0",
        "libnamed_by_the_system.so",
    ]
    (package / "libcachekit_core.so").symlink_to(os.path.realpath(LOADED))
    printed = python("import cachekit_core; print(cachekit_core.load())", **environment)
    assert printed.strip() == str(package / "libcachekit_core.so")


@pytest.mark.parametrize(
    ("system", "beside", "installed"),
    [
        ("linux", "libcachekit_core.so", "libcachekit_core.so.0"),
        ("darwin", "libcachekit_core.dylib", "libcachekit_core.0.dylib"),
        ("win32", "libcachekit_core.dll", "libcachekit_core.dll"),
    ],
)
def test_names_on_other_systems(system, beside, installed):
    """As the package is imported there, as far as this Python can be made to believe it."""
    printed = python(
        """
        import ctypes.util, os, sys, threading
        sys.platform = sys.argv[1]
        if sys.platform == "win32":
            del os.register_at_fork
        ctypes.util.find_library = {}.get
        from cachekit_core import _library
        os.environ["CACHEKIT_LIBRARY"] = ""
        for candidate in _library._candidates(None):
            print(os.path.basename(candidate), os.path.isabs(candidate))
        """,
        system,
    )
    assert printed == f"{beside} True\n{installed} False\n"


def compiled(tmp_path, code):
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        missing("there is no C compiler")
    out = tmp_path / "lib.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(out)],
        input=code,
        check=True,
        text=True,
    )
    return str(out)


@pytest.mark.parametrize("number", [0, 100, 200, 10100, 10000])
def test_other_versions(tmp_path, number):
    ours = _declarations.VERSION_MAJOR * 10000 + _declarations.VERSION_MINOR * 100
    path = compiled(tmp_path, f"unsigned cachekit_version_number(void) {{ return {number}; }}")
    reason = _library._check_version(_library.ctypes.CDLL(path))
    if number // 100 == ours // 100:
        assert reason == ""
    else:
        assert f"its version is {number // 10000}.{number // 100 % 100}.0" in reason
        with pytest.raises(LibraryNotFoundError, match="its version is"):
            _library._find(path)


def test_an_older_patch(monkeypatch):
    monkeypatch.setattr(_declarations, "VERSION_PATCH", 99)
    with pytest.raises(LibraryNotFoundError, match=r"from 0\.1\.99 on"):
        _library._find(LOADED)


def test_another_library(tmp_path):
    path = compiled(tmp_path, "int other;")
    with pytest.raises(LibraryNotFoundError, match="not the library cachekit_core"):
        _library._find(path)


def test_musl():
    said = (
        "Error relocating /l.so: free: initial-exec TLS resolves to dynamic definition in /l.so"
    )
    assert "LD_PRELOAD=/l.so" in _library._reason("/l.so", said)


def test_declarations_are_what_the_library_exports():
    if shutil.which("nm") is None:
        missing("there is no nm")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", os.path.realpath(LOADED)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    exported = {line.split()[-1].partition("@")[0] for line in listed.splitlines()}
    functions = {name for name in exported if name.startswith("cachekit_")}
    assert functions == set(_declarations.FUNCTIONS) and len(functions) > 50


def test_constants():
    for name in cachekit_core.__all__:
        assert hasattr(cachekit_core, name), name
    assert cachekit_core.MAX_PAYLOAD_SIZE == 512 << 20 and cachekit_core.MAX_LEVEL == 9
    version = _library.lib().version_string().decode()
    assert version.split(".")[:2] == cachekit_core.__version__.split(".")[:2]


def test_importing_needs_nothing_else():
    printed = python(
        """
        import sys
        before = set(sys.modules)
        import cachekit_core
        outside = {name.partition(".")[0] for name in set(sys.modules) - before}
        outside -= {"cachekit_core", "_cffi_backend"}
        # Since Python 3.10 it says what belongs to it.
        print(sorted(outside - set(getattr(sys, "stdlib_module_names", outside))))
        """
    )
    assert printed == "[]\n"


def test_every_public_thing_says_what_it_is():
    import inspect

    from cachekit_core import interop

    silent = []
    classes = (cachekit_core.ByteStorage, cachekit_core.Encryptor, cachekit_core.Keyring)
    for owner in (cachekit_core, interop, *classes):
        names = getattr(owner, "__all__", None) or [n for n in vars(owner) if n[0] != "_"]
        for name in names:
            thing = getattr(owner, name)
            if not isinstance(thing, (str, int, dict)) and not inspect.getdoc(thing):
                silent.append(f"{owner.__name__}.{name}")
    assert silent == []
