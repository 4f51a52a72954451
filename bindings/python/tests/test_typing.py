"""The program that the type checkers look at."""

import pathlib

from support import python

import cachekit_core

SAMPLE = pathlib.Path(__file__).with_name("typing_sample.py")


def test_the_sample_runs():
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    assert python(code, str(SAMPLE)) == "typed\n"


def test_the_marker_is_there():
    assert pathlib.Path(cachekit_core.__file__).with_name("py.typed").exists()
