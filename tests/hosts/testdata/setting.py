"""A setting made after the load and before the first use counts; one made later
does not."""

import os

import cachekit

os.environ["CACHEKIT_AES"] = "stdlib"
print(cachekit.build_info())
del os.environ["CACHEKIT_AES"]
print(cachekit.build_info())
