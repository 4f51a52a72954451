#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Many short slices rather than few long ones: the median then survives a busy machine. A slice
 * is a millisecond or one call. */
enum { MAX_ROUNDS = 401, MIN_ROUNDS = 5, SLICE_NS = 1000000 };

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double quantile(double *values, size_t n, double q)
{
    qsort(values, n, sizeof *values, ascending);
    return values[(size_t)(q * (double)(n - 1) + 0.5)];
}

size_t pool_count(size_t size)
{
    size_t n = (512 << 10) / size;
    return n > 256 ? 256 : n < 1 ? 1 : n;
}

typedef struct {
    Job job;
    Pool sealed; /* its own input where the operation undoes another */
    Call call;
    size_t at, calls;
    int errors;
    size_t batch;          /* items of a call */
    double ns[MAX_ROUNDS]; /* an item */
} Entrant;

static double slice(Entrant *e, size_t calls)
{
    const Pool *in = e->job.in;
    size_t at = e->at;
    uint64_t start = now_ns();
    for (size_t i = 0; i < calls; i++) {
        e->errors |= e->call(&e->job, &in->items[at]);
        if (++at == in->count)
            at = 0;
    }
    uint64_t end = now_ns();
    e->at = at;
    return (double)(end - start) / (double)(calls * e->batch);
}

/* Warms up, and finds how many calls fill a slice. */
static void calibrate(Entrant *e, double slice_ns)
{
    size_t calls = 1;
    double ns;
    for (;;) {
        ns = slice(e, calls);
        if (ns * (double)(calls * e->batch) >= slice_ns / 2 || calls > (1u << 24))
            break;
        calls *= 2;
    }
    e->calls = (size_t)(slice_ns / (ns * (double)e->batch));
    if (e->calls == 0)
        e->calls = 1;
}

/* The mean length of the results over all inputs; *block is that of the LZ4 block alone, where
 * the result is an envelope. */
static double mean_output(Entrant *e, double *block)
{
    double total = 0;
    *block = 0;
    e->job.keep = true;
    for (size_t i = 0; i < e->job.in->count; i++) {
        Item item;
        e->errors |= e->call(&e->job, &e->job.in->items[i]);
        total += (double)e->job.out_len;
        if (!e->job.lib->is_hand && envelope_parse(e->job.out, e->job.out_len, &item))
            *block += (double)item.len;
    }
    e->job.keep = false;
    *block /= (double)e->job.in->count;
    return total / (double)e->job.in->count;
}

/* first is the contestant that the others are compared with, or NULL where it does not take
 * part. */
static void emit(
    const Op *op, const char *kind, size_t size, Entrant *e, const Entrant *first, size_t rounds)
{
    double ratios[MAX_ROUNDS];
    for (size_t r = 0; r < rounds; r++)
        ratios[r] = first != NULL ? e->ns[r] / first->ns[r] : 0;
    double block, bytes = mean_output(e, &block), ratio = quantile(ratios, rounds, 0.5);
    if (strncmp(op->name, "compress", strlen("compress")) != 0)
        block = 0;
    else if (e->job.lib->is_hand)
        block = bytes;
    printf("{\"t\":\"cell\",\"op\":\"%s\",\"kind\":\"%s\",\"size\":%zu,\"who\":\"%s\","
           "\"ratio\":%.4f,\"calls\":%zu,\"rounds\":%zu,\"out\":%.2f,\"block\":%.2f",
        op->name, kind, size, e->job.lib->name, ratio, e->calls, rounds, bytes, block);
    double low = quantile(e->ns, rounds, 0), mid = quantile(e->ns, rounds, 0.5);
    printf(",\"ns\":%.2f,\"min\":%.2f}\n", mid, low);
    fflush(stdout);
}

/* One cell: all contestants in turn, round after round, each round starting with another one. */
static void time_cell(const Run *run, const Op *op, const char *kind, const Pool *plain)
{
    Entrant *entrants = calloc(run->count, sizeof *entrants);
    size_t n = 0, size = plain->plain_size;
    for (size_t i = 0; i < run->count && entrants != NULL; i++) {
        Entrant *e = &entrants[n];
        const Lib *lib = &run->libs[i];
        e->call = op_call(op, lib, NULL);
        e->batch = op->batch == 0 ? 1 : op->batch;
        Call forward = op->forward != NULL ? op_call(op_by_name(op->forward), lib, NULL) : NULL;
        if (e->call == NULL || (op->forward != NULL && forward == NULL))
            continue;
        if (!job_open(&e->job, lib, &run->handles[i], size))
            abort();
        if (forward != NULL)
            e->sealed = pool_sealed(plain, &e->job, forward);
        e->job.in = forward != NULL ? &e->sealed : plain;
        n++;
    }
    double cell_ns = run->cell_seconds * 1e9, round_ns = 0;
    double slice_ns = n > 0 ? cell_ns / (double)(n * MAX_ROUNDS) : 0;
    slice_ns = slice_ns < SLICE_NS ? SLICE_NS : slice_ns;
    for (size_t i = 0; i < n; i++) {
        calibrate(&entrants[i], slice_ns);
        round_ns += slice(&entrants[i], entrants[i].calls) *
                    (double)(entrants[i].calls * entrants[i].batch);
    }
    size_t rounds = (size_t)(cell_ns / (round_ns + 1));
    rounds = rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds < MIN_ROUNDS ? MIN_ROUNDS : rounds;
    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < n; i++) {
            Entrant *e = &entrants[(i + r) % n];
            e->ns[r] = slice(e, e->calls);
        }
    /* Last to first, since printing sorts the rounds that the others are compared with. */
    for (size_t i = n; i-- > 0;) {
        Entrant *e = &entrants[i];
        emit(op, kind, size, e, entrants[0].job.lib == &run->libs[0] ? &entrants[0] : NULL, rounds);
        if (e->errors != 0) {
            fprintf(stderr, "%s of %s failed while it was timed\n", op->name, e->job.lib->name);
            exit(3);
        }
        if (op->forward != NULL)
            pool_free(&e->sealed);
        job_close(&e->job);
    }
    free(entrants);
}

static void announce(const Run *run, const Op *op)
{
    for (size_t i = 0; i < run->count; i++) {
        const char *note, *who = run->libs[i].name;
        if (op_call(op, &run->libs[i], &note) == NULL)
            printf("{\"t\":\"note\",\"op\":\"%s\",\"who\":\"%s\","
                   "\"text\":\"left out: no such function\"}\n",
                op->name, who);
        else if (note != NULL)
            printf("{\"t\":\"note\",\"op\":\"%s\",\"who\":\"%s\",\"text\":\"%s\"}\n", op->name, who,
                note);
    }
}

/* Whether a comma-separated list has the word. */
static bool listed(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; (p = strstr(p, word)) != NULL; p += len)
        if ((p == list || p[-1] == ',') && (p[len] == ',' || p[len] == '\0'))
            return true;
    return false;
}

void time_cells(const Run *run)
{
    for (size_t o = 0; o < op_count; o++) {
        const Op *op = &ops[o];
        if (run->only != NULL && !listed(run->only, op->name))
            continue;
        fprintf(stderr, "timing %2zu of %zu: %s\n", o + 1, op_count, op->name);
        announce(run, op);
        if (!op->sized) {
            Pool nothing = pool_plain(KIND_JSON, 0, 1);
            time_cell(run, op, "", &nothing);
            pool_free(&nothing);
            continue;
        }
        for (int kind = 0; kind < KIND_COUNT; kind++)
            for (size_t s = 0; s < run->size_count && (op->kinds >> kind & 1); s++) {
                Pool plain = pool_plain((Kind)kind, run->sizes[s], pool_count(run->sizes[s]));
                time_cell(run, op, kind_names[kind], &plain);
                pool_free(&plain);
            }
    }
}
