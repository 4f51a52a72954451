/* Starts Go at the first call that needs it, and tells whether it can be called.
 *
 * The Go runtime takes threads and signals of its process and does not survive a
 * fork. So loading the library does nothing: the linker script link/lazy.ld, or
 * packaging/archive.sh in the static archive, takes Go's entry away from the loader,
 * and ck_make_ready calls it. Before that a process may fork, and each child starts a
 * Go of its own; after it a forked child gets CACHEKIT_FORKED. Where neither was used
 * (macOS, a plain go build), Go starts at load and the rest is the same. On Windows,
 * where nothing forks, all of this is in start_windows.c. */
#ifndef CK_START_H
#define CK_START_H

#include "ckgo.h"
#include "thread.h"

#include <stdatomic.h>

/* Values of the canary. In a forked child it reads as CK_NOT_HERE again,
 * whatever it was in the parent. */
enum { CK_NOT_HERE = 0, CK_STARTING = 1, CK_RUNNING = 2 };

typedef _Atomic unsigned char ck_byte;
extern _Atomic(ck_byte *) ck_canary;

static inline bool ck_running(void)
{
    ck_byte *canary = atomic_load_explicit(&ck_canary, memory_order_relaxed);
    return atomic_load_explicit(canary, memory_order_acquire) == CK_RUNNING;
}

/* Whether Go was started, or was being started, when this process was forked. That is
 * an error wherever it is asked, and so its detail is set. */
bool ck_refuse_forked(void);

/* The slow part of ck_ready. */
CachekitError ck_make_ready(void);

/* Begins whatever calls Go: CACHEKIT_OK if this thread can, else FORKED, or
 * OUT_OF_MEMORY where Go cannot be started; the next call tries again. */
static inline CachekitError ck_ready(void)
{
    if (__builtin_expect(ck_running() && ck_thread != 0, 1))
        return CACHEKIT_OK;
    return ck_make_ready();
}

#endif
