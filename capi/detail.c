#include "detail.h"

#include "ckgo.h"
#include "platform.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two are all that a thread has of it before its first text that is no constant.
 * They are small since the model that needs no call (see thread.h) has them in memory
 * that all libraries of a program share and that may be short. */
#define PER_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))
PER_THREAD const char *detail; /* NULL, a text that stays, or buffer */
PER_THREAD char *buffer;       /* of CACHEKIT_MAX_DETAIL_SIZE + 1 bytes, or NULL */

static _Atomic uint64_t at_end; /* a key, plus 1; 0 before there is one */

static void thread_ends(void *memory)
{
    free(memory);
    /* Another destructor may still call the library. */
    detail = buffer = NULL;
}

/* The key whose destructor frees the buffers. Threads that come first at once each make
 * one, and all but one give theirs back: a lock could be left locked in a child by a
 * thread that is not there. */
static bool have_key(ck_at_end *key)
{
    uint64_t now = atomic_load(&at_end);
    if (now == 0) {
        if (!ck_at_end_new(key, thread_ends))
            return false;
        if (atomic_compare_exchange_strong(&at_end, &now, (uint64_t)*key + 1))
            return true;
        ck_at_end_drop(*key);
    }
    *key = (ck_at_end)(now - 1);
    return true;
}

static char *get_buffer(void)
{
    ck_at_end key;
    if (buffer == NULL && have_key(&key)) {
        char *memory = malloc(CACHEKIT_MAX_DETAIL_SIZE + 1);
        if (memory != NULL && ck_at_end_set(key, memory))
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

const char *cachekit_last_error_detail(void) { return detail == NULL ? "" : detail; }
