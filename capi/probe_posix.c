//go:build !windows

#define _GNU_SOURCE
#include "probe.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

/* Measured with Go 1.26.0 and 1.27.4 on amd64, by lowering RLIMIT_AS and
 * RLIMIT_DATA until Go ended the process: it needs 1,504 MiB of address space, 88
 * of them as memory that it could write to. Both include the stacks of its first
 * threads, which can_start_threads takes here. */
enum { THREADS = 4 };
#define RESERVED ((size_t)1536 << 20)
#define WRITABLE ((size_t)80 << 20)

/* Go's heap grows by 64 MiB; the objects of a chunk of slots take up to 12. */
#define GROWTH ((size_t)96 << 20)

static void *map(size_t size, int protection)
{
    void *p = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void *wait_for(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

/* All at once, so that a limit on their number shows. */
static bool can_start_threads(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[THREADS];
    int n = 0;
    pthread_mutex_lock(&lock);
    while (n < THREADS && pthread_create(&threads[n], NULL, wait_for, &lock) == 0)
        n++;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return n == THREADS;
}

const char *ck_probe(void)
{
    void *reserved = map(RESERVED, PROT_NONE), *writable = map(WRITABLE, PROT_READ | PROT_WRITE);
    const char *lack = reserved == NULL   ? "the library cannot start: no 1.6 GiB of address space"
                       : writable == NULL ? "the library cannot start: no 120 MiB of memory"
                       : !can_start_threads() ? "the library cannot start: no 4 threads"
                                              : NULL;
    if (reserved != NULL)
        munmap(reserved, RESERVED);
    if (writable != NULL)
        munmap(writable, WRITABLE);
    return lack;
}

bool ck_probe_objects(void)
{
    void *writable = map(GROWTH, PROT_READ | PROT_WRITE);
    if (writable != NULL)
        munmap(writable, GROWTH);
    return writable != NULL;
}
