#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

/* Calls of one contestant before the next one's turn: long enough to be warm, short enough that
 * all see the same weather. */
enum { TURN = 1000 };

static void one_operation(const Run *run, const char *name, size_t size)
{
    const Op *op = op_by_name(name);
    size_t samples = (size_t)(run->cell_seconds * 1e5);
    samples = samples < 2 * TURN ? 2 * TURN : samples;
    Pool plain = pool_plain(KIND_JSON, size, pool_count(size));
    Pool sealed[MAX_LIBS] = {0};
    Job jobs[MAX_LIBS];
    Call calls[MAX_LIBS];
    double *ns[MAX_LIBS];
    for (size_t i = 0; i < run->count; i++) {
        ns[i] = malloc(samples * sizeof(double));
        calls[i] = op_call(op, &run->libs[i], NULL);
        Call forward =
            op->forward != NULL ? op_call(op_by_name(op->forward), &run->libs[i], NULL) : NULL;
        if (ns[i] == NULL || !job_open(&jobs[i], &run->libs[i], &run->handles[i], size))
            abort();
        if (forward != NULL)
            sealed[i] = pool_sealed(&plain, &jobs[i], forward);
        else if (op->forward != NULL)
            calls[i] = NULL;
        jobs[i].in = forward != NULL ? &sealed[i] : &plain;
    }
    for (size_t done = 0; done + TURN <= samples; done += TURN)
        for (size_t i = 0; i < run->count; i++)
            for (size_t k = done; k < done + TURN && calls[i] != NULL; k++) {
                const Item *in = &jobs[i].in->items[k % jobs[i].in->count];
                uint64_t start = now_ns();
                calls[i](&jobs[i], in);
                ns[i][k] = (double)(now_ns() - start);
            }
    for (size_t i = 0; i < run->count; i++) {
        size_t n = samples / TURN * TURN;
        if (calls[i] != NULL)
            printf("{\"t\":\"latency\",\"op\":\"%s\",\"size\":%zu,\"who\":\"%s\",\"calls\":%zu,"
                   "\"p50\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f}\n",
                name, size, run->libs[i].name, n, quantile(ns[i], n, .5), quantile(ns[i], n, .99),
                quantile(ns[i], n, .999), quantile(ns[i], n, 1));
        pool_free(&sealed[i]);
        job_close(&jobs[i]);
        free(ns[i]);
    }
    pool_free(&plain);
}

void time_latency(const Run *run)
{
    fprintf(stderr, "latency of single calls\n");
    one_operation(run, "encrypt", 1024);
    one_operation(run, "decrypt", 1024);
    one_operation(run, "keyring_encrypt", 1024);
    one_operation(run, "compress", 4096);
    one_operation(run, "decompress", 4096);
    one_operation(run, "seal", 4096);
}
