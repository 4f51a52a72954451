/* A test framework in one header. A program defines TESTs; main is here.
 *
 *     TEST(empty_input) { CHECK_OK(cachekit_checksum(NULL, 0, sum)); }
 *
 * A check that fails says where, what was expected and the case at hand, and
 * the test goes on. A CHILD is run in a process of its own, executed anew. */
#ifndef CHECK_H
#define CHECK_H

#include <cachekit.h>

#include "system.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECK_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHECK_SANITIZED true
#endif
#endif
#ifndef CHECK_SANITIZED
#define CHECK_SANITIZED false
#endif

enum { CHECK_SHOWN = 10 }; /* failures of one test that are printed */

typedef struct check_test {
    const char *name;
    void (*run)(void);
    struct check_test *next;
} check_test;

static check_test *check_tests, *check_children;
static int check_failures; /* of the test that runs */
static const char *check_skipped;
static char check_case[160];
static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void check_add(check_test **list, check_test *test)
{
    while (*list != NULL && !CHECK_LAST_FIRST)
        list = &(*list)->next;
    test->next = *list;
    *list = test;
}

#define CHECK_DEFINE(list, kind, name)                                                             \
    static void kind##_##name(void);                                                               \
    __attribute__((constructor)) static void add_##kind##_##name(void)                             \
    {                                                                                              \
        static check_test test = {#name, kind##_##name, NULL};                                     \
        check_add(&list, &test);                                                                   \
    }                                                                                              \
    static void kind##_##name(void)

#define TEST(name) CHECK_DEFINE(check_tests, test, name)
#define CHILD(name) CHECK_DEFINE(check_children, child, name)

/* A test that runs in a process of its own. */
#define TEST_ALONE(name)                                                                           \
    TEST(name) { check_alone(#name); }                                                             \
    CHILD(name)

/* Names the case that the following checks are about; CASE("") for none. */
#define CASE(...) (void)snprintf(check_case, sizeof check_case, __VA_ARGS__)

/* Leaves the test, which then counts as skipped. */
#define SKIP(why)                                                                                  \
    do {                                                                                           \
        check_skipped = (why);                                                                     \
        return;                                                                                    \
    } while (0)

/* SKIP for what other machines and users have: where nothing is known to be missing,
 * CACHEKIT_NO_SKIPS makes it a failure. */
#define MISSING(why)                                                                               \
    do {                                                                                           \
        if (check_set("CACHEKIT_NO_SKIPS"))                                                        \
            FAIL(why);                                                                             \
        SKIP(why);                                                                                 \
    } while (0)

#define CHECK(condition) check_that(condition, __FILE__, __LINE__, "%s", #condition)
#define FAIL(what) check_that(false, __FILE__, __LINE__, "%s", what)
#define CHECK_CODE(want, call) check_code(want, call, NULL, __FILE__, __LINE__, #call)
#define CHECK_OK(call) CHECK_CODE(CACHEKIT_OK, call)
#define CHECK_NUMBER(want, got)                                                                    \
    check_number((uint64_t)(want), (uint64_t)(got), __FILE__, __LINE__, #got)
#define CHECK_TEXT(want, got) check_text(want, got, __FILE__, __LINE__, #got)
#define CHECK_BYTES(want, got, len) check_bytes(want, got, len, __FILE__, __LINE__, #got)
#define CHECK_FILLED(byte, got, len) check_filled(byte, got, len, __FILE__, __LINE__, #got)

__attribute__((format(CHECK_FORMAT, 4, 5))) static inline bool check_that(
    bool holds, const char *file, int line, const char *format, ...)
{
    if (holds)
        return true;
    pthread_mutex_lock(&check_lock);
    if (++check_failures > CHECK_SHOWN) {
        pthread_mutex_unlock(&check_lock);
        return false;
    }
    printf("  %s:%d: %s%s", file, line, check_case, *check_case == '\0' ? "" : ": ");
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    pthread_mutex_unlock(&check_lock);
    return false;
}

static inline bool check_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && *value != '\0';
}

/* Writes down that a function gave a code, once; codes.sh reads it. */
static inline void check_log(const char *function, int length, CachekitError code)
{
    static char seen[512][64];
    static int count;
    const char *log = getenv("CHECK_LOG");
    char line[64];
    if (log == NULL || count == 512)
        return;
    int n =
        snprintf(line, sizeof line, "%.*s %s\n", length, function, cachekit_error_name(code) + 9);
    pthread_mutex_lock(&check_lock);
    int i = 0;
    while (i < count && strcmp(seen[i], line) != 0)
        i++;
    if (i == count) {
        memcpy(seen[count++], line, sizeof line);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
        if (fd < 0 || write(fd, line, (unsigned)n) != n)
            perror(log);
        close(fd);
    }
    pthread_mutex_unlock(&check_lock);
}

/* function is the name of what was called, or NULL if call begins with it. */
static inline bool check_code(CachekitError want, CachekitError got, const char *function,
    const char *file, int line, const char *call)
{
    if (want == got)
        check_log(function != NULL ? function : call,
            (int)(function != NULL ? strlen(function) : strcspn(call, "(")), got);
    return check_that(want == got, file, line, "%s%s%s is %s, not %s",
        function != NULL ? function : "", function != NULL ? " by " : "", call,
        cachekit_error_name(got), cachekit_error_name(want));
}

static inline bool check_number(
    uint64_t want, uint64_t got, const char *file, int line, const char *expression)
{
    return check_that(want == got, file, line, "%s is %llu, not %llu", expression,
        (unsigned long long)got, (unsigned long long)want);
}

static inline bool check_text(
    const char *want, const char *got, const char *file, int line, const char *expression)
{
    return check_that(got != NULL && strcmp(want, got) == 0, file, line, "%s is \"%s\", not \"%s\"",
        expression, got != NULL ? got : "NULL", want);
}

static inline bool check_bytes(const void *want, const void *got, size_t len, const char *file,
    int line, const char *expression)
{
    if (got == NULL)
        return check_that(len == 0, file, line, "%s is NULL", expression);
    const uint8_t *w = want, *g = got;
    size_t i = 0;
    if (len == 0 || memcmp(w, g, len) == 0)
        return true;
    while (w[i] == g[i])
        i++;
    return check_that(false, file, line, "%s differs at byte %zu of %zu: %02x, not %02x",
        expression, i, len, g[i], w[i]);
}

static inline bool check_filled(
    uint8_t byte, const void *got, size_t len, const char *file, int line, const char *expression)
{
    const uint8_t *g = got;
    for (size_t i = 0; i < len; i++)
        if (g[i] != byte)
            return check_that(false, file, line, "%s is %02x at byte %zu of %zu, not %02x",
                expression, g[i], i, len, byte);
    return true;
}

/* True where everything takes 20 times as long: under valgrind. */
static inline bool check_slow(void) { return getenv("CHECK_SLOW") != NULL; }

/* True where many calls take too long. */
static inline bool check_brief(void) { return check_slow() || CHECK_COSTLY_CALLS; }

/* How often to repeat something. */
static inline int check_rounds(int n) { return check_brief() ? (n + 99) / 100 : n; }

enum { CHECK_SKIPPED = 77 }; /* the exit code of a child that left by SKIP */

static inline void check_alone(const char *child)
{
    fflush(stdout);
    int status = check_spawn(child);
    if (check_exited(status, CHECK_SKIPPED))
        SKIP("it does not go together with this user or sanitizer");
    check_that(status == 0, child, 0, "its process ended with status %#x", (unsigned)status);
}

/* Whether CHECK_WITHOUT, names with a space on either side, has this one. */
static inline bool check_without(const char *name)
{
    char word[100];
    const char *names = getenv("CHECK_WITHOUT");
    (void)snprintf(word, sizeof word, " %s ", name);
    return names != NULL && strstr(names, word) != NULL;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0, skipped = 0;
    check_begin();
    check_deadline(CHECK_SECONDS);
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        for (check_test *t = check_children; t != NULL; t = t->next)
            if (strcmp(argv[2], t->name) == 0) {
                t->run();
                return check_failures > 0 ? 1 : check_skipped != NULL ? CHECK_SKIPPED : 0;
            }
        return 2;
    }
    for (check_test *t = check_tests; t != NULL; t = t->next) {
        if (argc == 2 && strcmp(argv[1], "--list") == 0) {
            printf("%s\n", t->name);
            continue;
        }
        bool wanted = argc < 2;
        for (int i = 1; i < argc; i++)
            wanted = wanted || strstr(t->name, argv[i]) != NULL;
        if (!wanted || check_without(t->name))
            continue;
        check_failures = 0;
        check_skipped = NULL;
        CASE("%s", "");
        t->run();
        if (check_failures > 0)
            failed++, printf("FAIL %s (%d checks)\n", t->name, check_failures);
        else if (check_skipped != NULL)
            skipped++, printf("skip %s: %s\n", t->name, check_skipped);
        else
            passed++, printf("ok   %s\n", t->name);
        fflush(stdout);
    }
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return 0;
    printf("%s: %d passed, %d failed, %d skipped\n", check_name(argv[0]), passed, failed, skipped);
    return failed > 0 || passed + skipped == 0;
}

#endif
