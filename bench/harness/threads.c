#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 2, ROUNDS = 9 };

/* Calls write into it, so that no two may share a cache line, or one fetched along with it. */
typedef struct {
    _Alignas(128) Job job;
    Call call;
    uint64_t done;
    int errors;
} Worker;

static pthread_barrier_t start_line;
static atomic_bool stop;

static void *work(void *arg)
{
    Worker *w = arg;
    const Pool *in = w->job.in;
    uint64_t done = 0;
    pthread_barrier_wait(&start_line);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        w->errors |= w->call(&w->job, &in->items[done % in->count]);
        done++;
    }
    w->done = done;
    return NULL;
}

/* Calls a second of that many threads together. */
static double rate(Worker *workers, unsigned threads, double seconds)
{
    pthread_t ids[THREADS];
    pthread_barrier_init(&start_line, NULL, threads + 1);
    atomic_store(&stop, false);
    for (unsigned i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, &workers[i]) != 0)
            abort();
    pthread_barrier_wait(&start_line);
    uint64_t begin = now_ns(), until = begin + (uint64_t)(seconds * 1e9);
    while (now_ns() < until) {
        struct timespec nap = {.tv_nsec = 500000};
        nanosleep(&nap, NULL);
    }
    atomic_store(&stop, true);
    uint64_t end = now_ns();
    double done = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        done += (double)workers[i].done;
    }
    pthread_barrier_destroy(&start_line);
    return done * 1e9 / (double)(end - begin);
}

static void one_operation(const Run *run, const char *name, size_t size)
{
    const Op *op = op_by_name(name);
    Pool plain = pool_plain(KIND_JSON, size, pool_count(size));
    double single[MAX_LIBS][ROUNDS], own[MAX_LIBS][ROUNDS], shared[MAX_LIBS][ROUNDS];
    double seconds = run->cell_seconds / (3 * ROUNDS);
    for (int r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < run->count; i++) {
            const Lib *lib = &run->libs[i];
            Handles second;
            Worker w[THREADS] = {0};
            if ((w[0].call = op_call(op, lib, NULL)) == NULL)
                continue;
            if (!handles_open(&second, lib) || !job_open(&w[0].job, lib, &run->handles[i], size) ||
                !job_open(&w[1].job, lib, &second, size))
                abort();
            w[1].call = w[0].call;
            w[0].job.in = w[1].job.in = &plain;
            single[i][r] = rate(w, 1, seconds);
            own[i][r] = rate(w, 2, seconds);
            w[1].job.handles = &run->handles[i];
            /* An EVP context belongs to one thread: H has nothing to share. */
            shared[i][r] = lib->is_hand ? 0 : rate(w, 2, seconds);
            if (w[0].errors != 0 || w[1].errors != 0) {
                fprintf(stderr, "%s of %s failed under threads\n", name, lib->name);
                exit(3);
            }
            for (int t = 0; t < THREADS; t++)
                job_close(&w[t].job);
            handles_close(&second, lib);
        }
    for (size_t i = 0; i < run->count; i++)
        if (op_call(op, &run->libs[i], NULL) != NULL)
            printf("{\"t\":\"threads\",\"op\":\"%s\",\"size\":%zu,\"who\":\"%s\","
                   "\"one\":%.0f,\"own\":%.0f,\"shared\":%.0f}\n",
                name, size, run->libs[i].name, quantile(single[i], ROUNDS, .5),
                quantile(own[i], ROUNDS, .5), quantile(shared[i], ROUNDS, .5));
    pool_free(&plain);
}

void time_threads(const Run *run)
{
    fprintf(stderr, "one and two threads\n");
    one_operation(run, "encrypt", 1024);
    one_operation(run, "encrypt", 65536);
    one_operation(run, "keyring_encrypt", 1024);
    one_operation(run, "store", 4096);
    one_operation(run, "seal", 4096);
}
