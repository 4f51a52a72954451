//go:build !windows

#define _GNU_SOURCE
#include "signals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __linux__
#include <link.h>
#endif

/* A program may block a signal in all its threads, to receive it by sigwait or
 * signalfd. A thread of Go that has it open would take it instead: the program
 * ends, or never hears of it. These stay open: faults, which must reach Go's
 * threads, and what Go and profilers send to a thread, SIGURG and SIGPROF. */
static const int open_signals[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGURG, SIGPROF};

#ifdef __linux__
/* A thread of Go opens some signals whatever it inherited, SIGCHLD among them: a
 * server that reaps its children by signalfd would miss some. A table in Go's
 * memory says which: sigtable in its runtime, whose elements are sigTabT in
 * runtime/signal_unix.go. C cannot name it, so it is looked for by the flags that
 * its first 32 signals have in Go 1.26 and 1.27. Where it is not found, nothing
 * changes; a test sees what Go's threads block. */
typedef struct go_signal {
    int32_t flags;
    const char *name;
    size_t name_len;
} go_signal;

enum { NOTIFY = 1, KILL = 2, THROW = 4, PANIC = 8, DEFAULT = 16, UNBLOCK = 128, IGNORE = 256 };
enum { KNOWN = 32, CHLD = 17, STKFLT = 16 };

static const int32_t known[KNOWN] = {0, NOTIFY + KILL, NOTIFY + KILL, NOTIFY + THROW,
    THROW + UNBLOCK, THROW + UNBLOCK, NOTIFY + THROW, PANIC + UNBLOCK, PANIC + UNBLOCK, 0, NOTIFY,
    PANIC + UNBLOCK, NOTIFY, NOTIFY, NOTIFY, NOTIFY + KILL, THROW + UNBLOCK,
    NOTIFY + UNBLOCK + IGNORE, NOTIFY + DEFAULT + IGNORE, 0, NOTIFY + DEFAULT + IGNORE,
    NOTIFY + DEFAULT + IGNORE, NOTIFY + DEFAULT + IGNORE, NOTIFY + IGNORE, NOTIFY, NOTIFY, NOTIFY,
    NOTIFY + UNBLOCK, NOTIFY + IGNORE, NOTIFY, NOTIFY, THROW};

/* A place in the library's data; a name that the linker script defines. */
extern char data[] __asm__("__stop_ck_go_init") __attribute__((weak, visibility("hidden")));

static bool is_table(const go_signal *table)
{
    for (int i = 0; i < KNOWN; i++)
        if (table[i].flags != known[i] || table[i].name == NULL || table[i].name_len > 64)
            return false;
    return true;
}

static void keep_blocked_in(uintptr_t at, uintptr_t end)
{
    at = (at + _Alignof(go_signal) - 1) / _Alignof(go_signal) * _Alignof(go_signal);
    for (; at + KNOWN * sizeof(go_signal) <= end; at += _Alignof(go_signal)) {
        go_signal *table = (go_signal *)at;
        if (is_table(table)) {
            table[CHLD].flags &= ~UNBLOCK;
            table[STKFLT].flags &= ~UNBLOCK;
            return;
        }
    }
}

/* Called for each object in the process, until it was this library. LLVM's linker
 * makes two segments of its data, with pages between them that are not mapped. */
static int in_segments(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    bool here = false;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = (uintptr_t)(object->dlpi_addr + segment->p_vaddr);
        here |= segment->p_type == PT_LOAD && (uintptr_t)data - begin < segment->p_memsz;
    }
    for (int i = 0; here && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = (uintptr_t)(object->dlpi_addr + segment->p_vaddr);
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0)
            keep_blocked_in(begin, begin + segment->p_filesz);
    }
    return here;
}

static void keep_blocked(void)
{
    if (data != NULL)
        dl_iterate_phdr(in_segments, NULL);
}
#else
static void keep_blocked(void) {}
#endif

void ck_signals_block(sigset_t *before)
{
    sigset_t mask;
    keep_blocked();
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof open_signals / sizeof open_signals[0]; i++)
        sigdelset(&mask, open_signals[i]);
    pthread_sigmask(SIG_SETMASK, &mask, before);
}
