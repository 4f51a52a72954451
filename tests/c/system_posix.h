/* system.h on Linux. */
#ifndef SYSTEM_POSIX_H
#define SYSTEM_POSIX_H

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK_FORMAT printf
#define CHECK_COSTLY_CALLS false
#define CHECK_LAST_FIRST false
#define CHECK_COARSE_CLOCK false

static inline void check_begin(void) {}

static inline void check_deadline(unsigned seconds) { alarm(seconds); }

static inline const char *check_name(const char *program)
{
    const char *slash = strrchr(program, '/');
    return slash != NULL ? slash + 1 : program;
}

/* Waits for a process for at most a number of seconds, and then ends it: one that
 * hangs amid the library's start has its signals blocked, SIGALRM too. Returns the
 * wait status, -1 where there is none. */
static inline int check_wait(pid_t pid, int seconds)
{
    int status = -1;
    struct timespec pause = {0, 1000000}, now, start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended != 0)
            return ended == pid ? status : -1;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec > seconds)
            kill(pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}

/* The same for a process that a test has forked. */
static inline int check_forked(pid_t pid) { return pid > 0 ? check_wait(pid, 60) : -1; }

static inline int check_spawn(const char *child)
{
    extern char **environ;
    char program[] = "/proc/self/exe", option[] = "--child", name[64];
    (void)snprintf(name, sizeof name, "%s", child);
    char *argv[] = {program, option, name, NULL};
    pid_t pid;
    posix_spawnattr_t group;
    posix_spawnattr_init(&group);
    posix_spawnattr_setflags(&group, POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawn(&pid, program, NULL, &group, argv, environ);
    posix_spawnattr_destroy(&group);
    if (failed != 0)
        return -1;
    int status = check_wait(pid, CHECK_CHILD_SECONDS);
    kill(-pid, SIGKILL);
    return status;
}

static inline bool check_exited(int status, int code)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static inline uint8_t *reserve(size_t n)
{
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static inline void release(void *p, size_t n) { munmap(p, n); }

static inline bool forbid(void *p, size_t n) { return mprotect(p, n, PROT_NONE) == 0; }

static inline bool freeze(void *p, size_t n) { return mprotect(p, n, PROT_READ) == 0; }

static inline size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static inline bool peek(const void *at, void *copy, size_t n)
{
    int fd = open("/proc/self/mem", O_RDONLY);
    bool there = fd >= 0 && pread(fd, copy, n, (off_t)(uintptr_t)at) == (ssize_t)n;
    if (fd >= 0)
        close(fd);
    return there;
}

/* /proc/self/status counts in KiB. */
static inline size_t memory_status(const char *field)
{
    char line[256];
    size_t kib = 0, len = strlen(field);
    FILE *f = fopen("/proc/self/status", "r");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, len) == 0 && line[len] == ':')
            kib = strtoul(line + len + 1, NULL, 10);
    fclose(f);
    return kib << 10;
}

static inline size_t allocated(void) { return memory_status("VmRSS"); }

#endif
