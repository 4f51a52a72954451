"""The types of what the functions take."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Optional, Union

if sys.version_info >= (3, 12):
    from collections.abc import Buffer
elif TYPE_CHECKING:
    from typing_extensions import Buffer  # of the type checker alone
else:
    Buffer = object

Data = Buffer
"""A C-contiguous buffer, such as bytes, bytearray, memoryview, mmap, or an array of array or
numpy. It is not copied on the way in."""
Name = Union[str, Buffer]
"""A name, such as a cache key, a tenant or a salt: text, which stands for its UTF-8, or bytes."""
Items = Union[Mapping[Name, Optional[Data]], Iterable[tuple[Name, Optional[Data]]]]
"""What calls for many take: for each cache key its data, or None where there are none."""

__all__ = ["Buffer", "Data", "Items", "Name"]
