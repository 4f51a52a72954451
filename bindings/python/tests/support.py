"""What several tests need."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
IS_CPYTHON = sys.implementation.name == "cpython"


def missing(what):
    """Skips a test or a module that lacks something, visibly; a failure where no skip is allowed."""
    if os.environ.get("CACHEKIT_NO_SKIPS") == "1":
        pytest.fail(f"{what}, and CACHEKIT_NO_SKIPS=1")
    pytest.skip(what, allow_module_level=True)


def needed(package):
    """A package that a test needs, and not all Pythons have."""
    try:
        return importlib.import_module(package)
    except ImportError:
        missing(f"the package {package} is not installed")


def vectors(name):
    """A file of published test vectors, looked for where the Go tests do."""
    named = os.environ.get("CACHEKIT_VECTORS")
    folders = [ROOT / "build" / "vectors", ROOT.parent / "shared" / "vectors"]
    if named:
        folders.insert(0, pathlib.Path(named))
    for folder in folders:
        if (folder / name).is_file():
            return json.loads((folder / name).read_text(encoding="utf-8"))
    missing("the published test vectors are not here: run make vectors")


def counted(rows, count):
    """rows, of which there must be so many, lest a test look at nothing."""
    assert len(rows) == count
    return rows


def python(code, *arguments, **environment):
    """What a Python process of its own prints. It fails the test if the process fails."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.stderr == ""
    return done.stdout
