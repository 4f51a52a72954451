#include "detail.h"

#include "ckgo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The two are all that a thread has of it before its first text that is no constant.
 * They are small since the model that needs no call (see thread.h) has them in memory
 * that all libraries of a program share and that may be short. */
#define PER_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))
PER_THREAD const char *detail; /* NULL, a constant, buffer, or forked */
PER_THREAD char *buffer;       /* of CACHEKIT_MAX_DETAIL_SIZE + 1 bytes, or NULL */

static _Atomic uint64_t at_end; /* a key of pthreads, plus 1; 0 before there is one */

static void thread_ends(void *memory)
{
    free(memory);
    /* Another destructor may still call the library. */
    detail = buffer = NULL;
}

/* The key whose destructor frees the buffers. Threads that come first at once each make
 * one, and all but one give theirs back: a lock could be left locked in a child by a
 * thread that is not there. */
static bool have_key(pthread_key_t *key)
{
    uint64_t now = atomic_load(&at_end);
    if (now == 0) {
        if (pthread_key_create(key, thread_ends) != 0)
            return false;
        if (atomic_compare_exchange_strong(&at_end, &now, (uint64_t)*key + 1))
            return true;
        pthread_key_delete(*key);
    }
    *key = (pthread_key_t)(now - 1);
    return true;
}

static char *get_buffer(void)
{
    pthread_key_t key;
    if (buffer == NULL && have_key(&key)) {
        char *memory = malloc(CACHEKIT_MAX_DETAIL_SIZE + 1);
        if (memory != NULL && pthread_setspecific(key, memory) == 0)
            buffer = memory;
        else
            free(memory);
    }
    return buffer;
}

void ck_detail_is(const char *constant) { detail = constant; }

void ck_detail_copy(const char *text, size_t len)
{
    char *to = len == 0 ? NULL : get_buffer();
    if (to != NULL) {
        if (len > CACHEKIT_MAX_DETAIL_SIZE)
            len = CACHEKIT_MAX_DETAIL_SIZE;
        memcpy(to, text, len);
        to[len] = '\0';
    }
    detail = to;
}

void ck_detail_struct(size_t said, size_t needed)
{
    char text[CACHEKIT_MAX_DETAIL_SIZE + 1];
    int n = snprintf(text, sizeof text, "struct_size is %zu, at least %zu needed", said, needed);
    ck_detail_copy(text, (size_t)n);
}

void ck_detail_memory(size_t wanted)
{
    char text[CACHEKIT_MAX_DETAIL_SIZE + 1];
    int n = snprintf(text, sizeof text, "no memory for %zu bytes", wanted);
    ck_detail_copy(text, (size_t)n);
    if (detail == NULL) /* it had no memory itself */
        detail = "no memory for the result";
}

/* One text serves all threads of a process. It needs no memory from malloc, whose lock
 * may be held for ever in a child of clone(). */
static char forked[CACHEKIT_MAX_DETAIL_SIZE + 1];

void ck_detail_forked(long started_by)
{
    /* The process for which the text was written; negative while that is being done.
     * A child inherits it, with the text of its parent. */
    static _Atomic long written_for;
    long here = getpid(), seen = atomic_load(&written_for);
    detail = "forked after the library had started: call it in the children only";
    if (seen != here && seen != -here &&
        atomic_compare_exchange_strong(&written_for, &seen, -here)) {
        snprintf(forked, sizeof forked,
            "process %ld was forked from %ld, where the library had started: call it in the "
            "children only, after the fork",
            here, started_by);
        atomic_store(&written_for, here);
        seen = here;
    }
    if (seen == here)
        detail = forked;
}

const char *cachekit_last_error_detail(void) { return detail == NULL ? "" : detail; }
