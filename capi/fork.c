#define _GNU_SOURCE
#include "fork.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* Until the constructor has run, and where no page can be had, the canary is
 * an ordinary byte that only the atfork handler clears. */
static unsigned char fallback = 1;
static unsigned char *page = &fallback;
const volatile unsigned char *ck_fork_canary = &fallback;

static void in_child(void) { *page = 0; }

/* The handler covers fork(); a page that the kernel empties in every child
 * covers _Fork() and clone(), which run no handlers. vfork() shares the
 * parent's memory until it execs and trips neither. */
__attribute__((constructor)) static void watch_for_forks(void)
{
#ifdef MADV_WIPEONFORK
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED) {
        if (madvise(p, size, MADV_WIPEONFORK) == 0) {
            page = p;
            *page = 1;
            ck_fork_canary = page;
        } else {
            munmap(p, size);
        }
    }
#endif
    pthread_atfork(NULL, NULL, in_child);
}
