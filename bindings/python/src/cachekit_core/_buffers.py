"""Pointers into Python's buffers, and memory for results. Nothing is copied on the way in.

CPython and PyPy differ in how a pointer is got, and in nothing that the callers see.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.implementation.name == "cpython":
    from ._buffers_cpython import address, allocate, readable, release, taken, writable
else:
    from ._buffers_pypy import address, allocate, readable, release, taken, writable

__all__ = ["address", "allocate", "readable", "release", "taken", "writable"]
