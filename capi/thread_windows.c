#include "thread.h"

#include <stdatomic.h>

_Thread_local uint32_t ck_thread;

/* There are no signals, and so no stack for them. */
void ck_thread_prepare(void)
{
    static _Atomic uint32_t threads;
    /* The highest bit says that it has a number. */
    ck_thread = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) | UINT32_C(1) << 31;
}
