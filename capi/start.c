//go:build !windows

#define _GNU_SOURCE
#include "start.h"

#include "ckgo.h"
#include "detail.h"
#include "environment.h"
#include "fpmode.h"
#include "probe.h"
#include "signals.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
enum { WAIT = 128 | 0, WAKE = 128 | 1 }; /* FUTEX_WAIT_PRIVATE and _WAKE_PRIVATE */
#endif

/* How far the start has come, in this process or in the one that it was forked
 * from; the canary tells in which. */
enum { IDLE, STARTING, STARTED };
static _Atomic int phase;
static _Atomic long starter; /* the process that has claimed the start */

/* The canary is a page that the kernel empties in every child, of _Fork() and
 * clone() too; vfork() shares the parent's memory until it execs and does not
 * trip it. Where no such page can be had it is this byte, which the handler of
 * pthread_atfork clears after fork() alone. */
static ck_byte byte;
_Atomic(ck_byte *) ck_canary = &byte;

/* Go's entries, between the two names that link/lazy.ld or packaging/archive.sh defines. */
typedef void (*entry)(int, char **, char **);
#ifdef __linux__
extern const entry go_begin[] __asm__("__start_ck_go_init")
    __attribute__((weak, visibility("hidden")));
extern const entry go_end[] __asm__("__stop_ck_go_init")
    __attribute__((weak, visibility("hidden")));
#else
static const entry *const go_begin = NULL, *const go_end = NULL;
#endif

static bool starts_at_load(void) { return go_begin == NULL; }

bool ck_refuse_forked(void)
{
    bool forked = atomic_load(&phase) != IDLE && *atomic_load(&ck_canary) == CK_NOT_HERE;
    if (forked)
        ck_detail_forked(atomic_load(&starter));
    return forked;
}

static void in_child(void)
{
    if (atomic_load(&phase) != IDLE)
        *atomic_load(&ck_canary) = CK_NOT_HERE;
}

/* Makes the canary a page, unless it is one. Threads that meet here each map
 * one, and all but the first give theirs back. */
static void make_canary(void)
{
#ifdef MADV_WIPEONFORK
    ck_byte *now = atomic_load(&ck_canary);
    if (now != &byte)
        return;
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return;
    if (madvise(page, size, MADV_WIPEONFORK) != 0 ||
        !atomic_compare_exchange_strong(&ck_canary, &now, page))
        munmap(page, size);
#endif
}

/* Takes the start upon this thread; false if another was first. The canary is
 * set before, so that whoever sees STARTING and a canary of 0 is a child. */
static bool claim(void)
{
    int idle = IDLE;
    unsigned char untouched = CK_NOT_HERE;
    make_canary();
    atomic_store(&starter, getpid());
    atomic_compare_exchange_strong(atomic_load(&ck_canary), &untouched, CK_STARTING);
    return atomic_compare_exchange_strong(&phase, &idle, STARTING);
}

static void wait_while_starting(void)
{
#ifdef __linux__
    syscall(SYS_futex, &phase, WAIT, STARTING, NULL, NULL, 0);
#else
    sched_yield(); /* never: Go starts at load */
#endif
}

static void finish(int reached)
{
    atomic_store(&phase, reached);
#ifdef __linux__
    syscall(SYS_futex, &phase, WAKE, INT_MAX, NULL, NULL, 0);
#endif
}

/* Only whoever has the claim gets here, so this runs once at a time. */
static bool watch_forks(void)
{
    static bool watching;
    if (!watching)
        watching = pthread_atfork(NULL, NULL, in_child) == 0;
    return watching || atomic_load(&ck_canary) != &byte;
}

static CachekitError cannot_start(const char *why)
{
    ck_detail_is(why);
    return CACHEKIT_OUT_OF_MEMORY;
}

static CachekitError start_go(void)
{
    const char *lack = ck_probe();
    if (lack != NULL)
        return cannot_start(lack);
    char **argv = watch_forks() && ck_thread_init() ? ck_environment() : NULL;
    if (argv == NULL)
        return cannot_start("the library cannot start: no memory");
    /* This thread makes the first call of Go, and needs its stack for signal
     * handlers before that. */
    ck_thread_prepare();
    for (const entry *go = go_begin; go < go_end; go++)
        (*go)(1, argv, argv + 2);
    /* Returns when Go and all its packages are ready. */
    return (CachekitError)ckgo_start();
}

/* Starts Go with this thread's state as Go needs it. Waiting for Go is a
 * cancellation point and holds a lock: a thread that was cancelled there would leave
 * it locked for all. Go's threads inherit the signal mask and the mode of
 * floating-point arithmetic. */
static CachekitError start(void)
{
    int cancel;
    sigset_t mask;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    ck_signals_block(&mask);
    struct sigaction pipe;
    sigaction(SIGPIPE, NULL, &pipe);
    ck_fpmode fp = ck_fpmode_enter();
    CachekitError err = start_go();
    /* Go handles SIGPIPE, which this library has no use for. A program that
     * ignores SIGPIPE must be able to pass that on to what it executes. */
    if (err == CACHEKIT_OK) {
        sigaction(SIGPIPE, &pipe, NULL);
        *atomic_load(&ck_canary) = CK_RUNNING;
    }
    ck_fpmode_leave(fp);
    finish(err == CACHEKIT_OK ? STARTED : IDLE);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    pthread_setcancelstate(cancel, NULL);
    return err;
}

CachekitError ck_make_ready(void)
{
    while (!ck_running()) {
        if (ck_refuse_forked())
            return CACHEKIT_FORKED;
        if (atomic_load(&phase) == IDLE && claim()) {
            CachekitError err = start();
            if (err != CACHEKIT_OK)
                return err;
        }
        wait_while_starting();
    }
    if (ck_thread == 0)
        ck_thread_prepare();
    return CACHEKIT_OK;
}

/* Where the loader starts Go, forks count from here on. Go's entry may run
 * after this, so nothing waits for it here. */
__attribute__((constructor)) static void at_load(void)
{
    if (!starts_at_load())
        return;
    claim();
    watch_forks();
    ck_thread_init();
    *atomic_load(&ck_canary) = CK_RUNNING;
    finish(STARTED);
}

#ifdef __linux__
/* cgo's C code sleeps where a new thread cannot be had at once, which would make
 * any call a cancellation point: the linker sends its nanosleep here (--wrap). */
int __wrap_nanosleep(const struct timespec *duration, struct timespec *rest);
int __wrap_nanosleep(const struct timespec *duration, struct timespec *rest)
{
    int cancel;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    int err = clock_nanosleep(CLOCK_REALTIME, 0, duration, rest);
    pthread_setcancelstate(cancel, NULL);
    return err == 0 ? 0 : -1;
}
#endif
