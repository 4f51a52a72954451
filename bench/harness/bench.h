/* What the harness's modes share: the contestants of a run, the clock, and one JSON object a
 * line on stdout. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "ops.h"

typedef struct {
    Lib libs[MAX_LIBS]; /* the first is the one the others are compared with */
    Handles handles[MAX_LIBS];
    size_t count;
    size_t sizes[16];
    size_t size_count;
    const char *only;    /* operations to time, comma-separated; NULL: all */
    double cell_seconds; /* time for one cell: all contestants, all rounds */
} Run;

uint64_t now_ns(void); /* monotonic */

/* The value at quantile q (0 to 1) of n numbers, which it sorts. */
double quantile(double *values, size_t n, double q);

/* How many different payloads of that size a cell takes in turn. */
size_t pool_count(size_t size);

/* Every library opens what every other sealed, and refuses what was altered. False, with the
 * reason on stderr, otherwise. */
bool check_all(const Run *run);

void time_cells(const Run *run);   /* every operation, kind and size */
void time_latency(const Run *run); /* single calls: p50, p99, p99.9 */
void time_threads(const Run *run); /* one thread against two */

/* Processes of their own: one operation on one library. */
int peak_memory(Lib *lib, const char *op_name, size_t size);
int cold_start(Lib *lib);
/* So many calls on one JSON payload, and nothing is timed: for a program that counts. */
int make_calls(Lib *lib, const char *op_name, size_t size, size_t count);

#endif
