//go:build !windows

#define _GNU_SOURCE
#include "environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NONBLOCK = 1 }; /* GRND_NONBLOCK, which is in no header that every C library has */
#endif

/* What Go's runtime and this library read from the environment. They get copies,
 * since the program may change or free its own texts later, and of nothing else,
 * since its environment may hold keys. */
static const char *const names[] = {
    "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "CACHEKIT_AES", "CACHEKIT_LZ4"};
enum { NAMES = sizeof names / sizeof names[0] };

/* Go would interrupt running threads with SIGURG, which makes system calls of the
 * program return EINTR and leaves the round keys that are in vector registers on
 * signal stacks. Without it a call gives way to the garbage collector at its
 * function calls; the tests named "pause" hold that to milliseconds. */
static const char *addition(const char *godebug)
{
    if (strstr(godebug, "asyncpreemptoff") != NULL)
        return "";
    return *godebug == '\0' ? "asyncpreemptoff=1" : ",asyncpreemptoff=1";
}

static char *variable(const char *name, const char *value, const char *more)
{
    /* Go looks for the end of a text 32 bytes at a time, and so reads behind it. */
    size_t size = strlen(name) + strlen(value) + strlen(more) + 2 + 32;
    char *text = calloc(1, size);
    if (text != NULL)
        snprintf(text, size, "%s=%s%s", name, value, more);
    return text;
}

#ifdef __linux__
static const unsigned long kept[] = {AT_PAGESZ, AT_HWCAP, AT_HWCAP2, AT_SYSINFO_EHDR, AT_SECURE};
enum { KEPT = sizeof kept / sizeof kept[0] };

/* Go overwrites the 16 random bytes after use. It gets its own, which children
 * that were forked before the start do not share. */
static unsigned char random_bytes[16];

static void fill_vector(unsigned long *pair)
{
    for (size_t i = 0; i < KEPT; i++, pair += 2) {
        pair[0] = kept[i];
        pair[1] = getauxval(kept[i]);
    }
    /* As a system call: C libraries have the function since glibc 2.25. */
    if (syscall(SYS_getrandom, random_bytes, sizeof random_bytes, NONBLOCK) ==
        (long)sizeof random_bytes) {
        pair[0] = AT_RANDOM;
        pair[1] = (unsigned long)random_bytes;
    }
}
#else
enum { KEPT = 0 };
static void fill_vector(unsigned long *pair) { (void)pair; }
#endif

char **ck_environment(void)
{
    /* name, NULL, variables, NULL, vector, its end */
    static char *block[2 + NAMES + 1 + 2 * (KEPT + 2)];
    static char program[] = "cachekit";
    size_t n = 0;
    block[n++] = program;
    block[n++] = NULL;
    for (size_t i = 0; i < NAMES; i++) {
        bool is_debug = strcmp(names[i], "GODEBUG") == 0;
        const char *value = getenv(names[i]);
        if (value == NULL && is_debug)
            value = "";
        if (value == NULL)
            continue;
        block[n] = variable(names[i], value, is_debug ? addition(value) : "");
        if (block[n++] == NULL)
            return NULL;
    }
    block[n++] = NULL;
    fill_vector((unsigned long *)(block + n));
    return block;
}
