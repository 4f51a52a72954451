"""Finds the package and the library of this source tree, if none is installed or named, and
says which of the twins is tested: CACHEKIT_CORE_PURE=1 chooses ctypes."""

import importlib.util
import os
import pathlib
import sys

_here = pathlib.Path(__file__).resolve().parent

if importlib.util.find_spec("cachekit_core") is None:
    source = str(_here.parent / "src")
    sys.path.insert(0, source)
    # For the processes that tests start.
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = source + (os.pathsep + others if others else "")

import hypothesis  # noqa: E402
import pytest  # noqa: E402

import cachekit_core  # noqa: E402

_bundled = pathlib.Path(cachekit_core.__file__).with_name("libcachekit_core.so")
_built = _here.parents[2] / "build" / "libcachekit_core.so"
if not _bundled.exists() and _built.exists():
    os.environ.setdefault("CACHEKIT_LIBRARY", str(_built))

# Other processes of the machine make an example slow at times.
hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.load_profile("calm")


@pytest.fixture(scope="module")
def objects():
    """A storage, an encryptor and a keyring with the key that the tests call KEY."""
    with (
        cachekit_core.ByteStorage() as storage,
        cachekit_core.Encryptor() as encryptor,
        cachekit_core.Keyring(b"k" * 32, tenant="t") as keyring,
    ):
        yield storage, encryptor, keyring


def pytest_report_header():
    twin = "C extension" if cachekit_core.accelerated else "ctypes"
    return f"cachekit_core {cachekit_core.__version__} over {twin}, from {cachekit_core.load()}"
