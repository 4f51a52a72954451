//go:build !windows

#define _GNU_SOURCE
#include "thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

/* Go makes all signal handlers of the program run on the alternate stack, and
 * gives a thread that has none 32 KiB without a guard: a handler that needs more
 * would write over other memory. So a thread gets this one first, which Go then
 * uses too. It takes address space, and memory only where a handler writes. The
 * guard below it is as large, since a large frame would step over a small one. */
enum { STACK = 256 << 10, GUARD = STACK };

_Thread_local uint32_t ck_thread;
static _Thread_local bool ending __attribute__((tls_model("initial-exec")));
static pthread_key_t at_end;
static bool have_key;

static void give_stack(void)
{
    stack_t now, ours = {0};
    if (!have_key || sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
        return;
    char *memory = mmap(NULL, GUARD + STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    ours.ss_sp = memory + GUARD;
    ours.ss_size = STACK;
    if (mprotect(ours.ss_sp, STACK, PROT_READ | PROT_WRITE) != 0 ||
        pthread_setspecific(at_end, memory) != 0 || sigaltstack(&ours, NULL) != 0) {
        pthread_setspecific(at_end, NULL);
        munmap(memory, GUARD + STACK);
    }
}

/* Go leaves a thread in a destructor like this one, and may do so after it: so
 * the stack stays until the next round of destructors. */
static void thread_ends(void *memory)
{
    stack_t now;
    if (!ending) {
        ending = true;
        pthread_setspecific(at_end, memory);
        return;
    }
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == (char *)memory + GUARD) {
        stack_t none = {.ss_flags = SS_DISABLE};
        if (sigaltstack(&none, NULL) != 0)
            return; /* this runs on it */
    }
    munmap(memory, GUARD + STACK);
    /* Another destructor may still call the library. */
    ck_thread = 0;
    ending = false;
}

bool ck_thread_init(void)
{
    if (!have_key)
        have_key = pthread_key_create(&at_end, thread_ends) == 0;
    return have_key;
}

void ck_thread_prepare(void)
{
    static _Atomic uint32_t threads;
    give_stack();
    /* The highest bit says that it has a number. */
    ck_thread = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) | UINT32_C(1) << 31;
}
