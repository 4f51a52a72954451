/* system.h on Linux and macOS. What only one of them has is in the files included at the end:
 * CHECK_COARSE_CLOCK; check_program, the path of this program; peek, memory_status and
 * allocated. */
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
/* An emulator takes 20 times as long. */
#define CHECK_COSTLY_CALLS (getenv("CHECK_EMULATOR") != NULL)
#define CHECK_LAST_FIRST false

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

static inline bool check_program(char *path, size_t size);

/* The command that runs a CHILD of this program anew, valid until the next call. Where
 * the kernel cannot run the program, CHECK_EMULATOR is the path of what can. */
static inline char **check_command(const char *child)
{
    static char emulator[1024], program[4096], option[] = "--child", name[64];
    static char *argv[5];
    const char *path = getenv("CHECK_EMULATOR");
    int n = 0;
    if (path != NULL) {
        (void)snprintf(emulator, sizeof emulator, "%s", path);
        argv[n++] = emulator;
    }
    if (!check_program(program, sizeof program))
        program[0] = '\0';
    (void)snprintf(name, sizeof name, "%s", child);
    argv[n++] = program;
    argv[n++] = option;
    argv[n++] = name;
    argv[n] = NULL;
    return argv;
}

static inline int check_spawn(const char *child)
{
    extern char **environ;
    char **argv = check_command(child);
    pid_t pid;
    posix_spawnattr_t group;
    posix_spawnattr_init(&group);
    posix_spawnattr_setflags(&group, POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawn(&pid, argv[0], NULL, &group, argv, environ);
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

#ifdef __APPLE__
#include "system_darwin.h"
#else
#include "system_linux.h"
#endif

#endif
