"""Metrics as text, as the Prometheus client for Python reads them."""

import os
import sys

import cffi
from prometheus_client.parser import text_string_to_metric_families

ffi = cffi.FFI()
with open(sys.argv[1]) as declarations:
    ffi.cdef(declarations.read())
lib = ffi.dlopen(os.environ["CACHEKIT_LIBRARY"])
OPERATIONS = ["store", "retrieve", "encrypt", "decrypt"]
FIELDS = {
    "cachekit_operations": "operations",
    "cachekit_errors": "errors",
    "cachekit_input_bytes": "bytes_in",
    "cachekit_output_bytes": "bytes_out",
    "cachekit_timed_operations": "timed_operations",
    "cachekit_timed_seconds": "total_ns",
    "cachekit_last_seconds": "last_ns",
}

metrics = ffi.new("CachekitMetrics *")
metrics.struct_size = ffi.sizeof("CachekitMetrics")
number = 1
for operation in OPERATIONS:
    for field in FIELDS.values():
        number = number * 3 + 1 if number < 2**50 else number % 1000
        setattr(getattr(metrics, operation), field, number)
metrics.last_compression_ratio = 16 / 42
metrics.hardware_accelerated = True


def text(name):
    out, size = ffi.new("char[]", lib.CACHEKIT_METRICS_TEXT_BUFFER_SIZE), ffi.new("size_t *")
    size[0] = len(out)
    assert lib.cachekit_metrics_text(metrics, name, out, size) == lib.CACHEKIT_OK, name
    return ffi.string(out).decode()


def check(families, labels):
    """All values are those of the struct, and there are no others."""
    assert len(families) == len(FIELDS) + 2, families
    for family in families[:-2]:
        field = FIELDS[family.name]
        kind = "gauge" if field == "last_ns" else "counter"
        assert family.type == kind and family.documentation.endswith("."), family
        assert len(family.samples) == len(OPERATIONS), family
        for operation, sample in zip(OPERATIONS, family.samples):
            want = getattr(getattr(metrics, operation), field)
            if field.endswith("_ns"):
                want /= 1e9
            assert sample.labels == labels | {"operation": operation} and sample.value == want, (sample, want)
            assert sample.name == family.name + ("_total" if kind == "counter" else ""), sample
    for family, name, want in zip(families[-2:], ["last_compression_ratio", "hardware_accelerated"], [16 / 42, 1]):
        [sample] = family.samples
        assert sample.name == family.name == "cachekit_" + name and family.type == "gauge", family
        assert sample.labels == labels and sample.value == want, sample


def families(of):
    return list(text_string_to_metric_families(of))


check(families(text(ffi.NULL)), {})
names = ["acme", "a b", '"', "\\", "\n", '\\"\n\\n', "é😀", "{}=,", 'x="y"} 1', "# HELP", "\t", " ", "\\\\n", "n" * 1024, '"' * 1024]
for name in names:
    check(families(text(name.encode())), {"name": name})
both = families(text(b"one") + text(b"two"))
check(both[: len(both) // 2], {"name": "one"})
check(both[len(both) // 2 :], {"name": "two"})
print(len(names), "names")
