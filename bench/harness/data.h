/* Deterministic payloads: the same kind, size and index give the same bytes on every machine. */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stddef.h>
#include <stdint.h>

typedef enum { KIND_JSON, KIND_MSGPACK, KIND_REPETITIVE, KIND_RANDOM, KIND_COUNT } Kind;

extern const char *const kind_names[KIND_COUNT];

/* Fills out[0..size) with payload number `index` of its kind. */
void data_fill(Kind kind, uint64_t index, uint8_t *out, size_t size);

/* The kind of that name, or KIND_COUNT. */
Kind kind_by_name(const char *name);

#endif
