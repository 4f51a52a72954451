/* The stack on which signal handlers of the program run in threads that call
 * the library. */
#include "functions.h"

#include <stdatomic.h>

static atomic_int ran;

/* A handler with a frame of this size, all of it written to. */
#define HANDLER(name, size)                                                                        \
    static void name(int signal)                                                                   \
    {                                                                                              \
        volatile char frame[size];                                                                 \
        (void)signal;                                                                              \
        for (size_t i = 0; i < sizeof frame; i += 64)                                              \
            frame[i] = 1;                                                                          \
        atomic_fetch_add(&ran, frame[0]);                                                          \
    }

HANDLER(deep, 200 << 10)
HANDLER(too_deep, 400 << 10)

static void *call_and_raise(void *arg)
{
    places to;
    for (int i = 0; i < 20; i++) {
        for (const function *f = functions; f < functions + FUNCTIONS; f++) {
            arguments a = prepare(f, &to);
            if (check_code(CACHEKIT_OK, f->call(&a), f->name, __FILE__, __LINE__, "the table"))
                discard(f, &to);
        }
        CHECK_NUMBER(0, raise(SIGUSR1));
    }
    return arg;
}

/* Earlier handlers get SA_ONSTACK from Go, so the alternate stack must do. */
TEST_ALONE(a_deep_handler_has_room)
{
    struct sigaction action = {.sa_handler = deep};
    pthread_t threads[4];
    if (CHECK_SANITIZED)
        SKIP("the sanitizer gives threads a small stack of its own");
    CHECK_NUMBER(0, sigaction(SIGUSR1, &action, NULL));
    make_samples();
    call_and_raise(NULL);
    for (int i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_create(&threads[i], NULL, call_and_raise, NULL));
    for (int i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_join(threads[i], NULL));
    CHECK_NUMBER(5 * 20, ran);
}

CHILD(a_handler_too_deep)
{
    struct sigaction action = {.sa_handler = too_deep, .sa_flags = SA_ONSTACK};
    uint8_t sum[8];
    CHECK_OK(cachekit_checksum(HELLO, sum));
    CHECK_NUMBER(0, sigaction(SIGUSR1, &action, NULL));
    CHECK_NUMBER(0, raise(SIGUSR1));
}

/* It does not write over other memory. */
TEST(a_handler_too_deep_ends_the_program)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer has a stack and a handler of its own");
    fflush(stdout);
    int status = check_spawn("a_handler_too_deep");
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* A stack that the thread has is left to it, before, amid and after. */
static void *own_stack(void *arg)
{
    static _Thread_local char memory[64 << 10];
    stack_t mine = {.ss_sp = memory, .ss_size = sizeof memory}, now,
            none = {.ss_flags = SS_DISABLE};
    uint8_t sum[8];
    CHECK_NUMBER(0, sigaltstack(&mine, NULL));
    CHECK_OK(cachekit_checksum(HELLO, sum));
    CHECK_NUMBER(0, sigaltstack(NULL, &now));
    CHECK(now.ss_sp == memory && now.ss_size == sizeof memory);
    CHECK_NUMBER(0, sigaltstack(&none, NULL));
    return arg;
}

TEST_ALONE(a_stack_of_the_program_is_left_alone)
{
    pthread_t thread;
    CHECK_NUMBER(0, pthread_create(&thread, NULL, own_stack, NULL));
    CHECK_NUMBER(0, pthread_join(thread, NULL));
}

static size_t mappings(void)
{
    size_t n = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int c; maps != NULL && (c = getc(maps)) != EOF;)
        n += c == '\n';
    if (maps != NULL)
        fclose(maps);
    return n;
}

static void *one_call(void *arg)
{
    uint8_t sum[8];
    CHECK_OK(cachekit_checksum(HELLO, sum));
    return arg;
}

static void short_threads(int n)
{
    pthread_t thread;
    for (int i = 0; i < n; i++) {
        CHECK_NUMBER(0, pthread_create(&thread, NULL, one_call, NULL));
        CHECK_NUMBER(0, pthread_join(thread, NULL));
    }
}

TEST_ALONE(a_stack_goes_with_its_thread)
{
    short_threads(check_rounds(100));
    size_t before = mappings(), after;
    short_threads(check_rounds(1000));
    after = mappings();
    CHECK(before > 10);
    check_that(after < before + 50, __FILE__, __LINE__, "%zu mappings became %zu", before, after);
}

static pthread_key_t later;

/* Called in each round of destructors, before and after the library's own. */
static void call_again(void *round)
{
    uint8_t sum[8];
    intptr_t n = (intptr_t)round;
    CHECK_OK(cachekit_checksum(HELLO, sum));
    CHECK_NUMBER(0, raise(SIGUSR1));
    if (n < 4)
        pthread_setspecific(later, (void *)(n + 1));
}

static void *with_destructor(void *arg)
{
    pthread_setspecific(later, (void *)1);
    return one_call(arg);
}

TEST_ALONE(destructors_of_a_thread_may_call)
{
    struct sigaction action = {.sa_handler = deep, .sa_flags = SA_ONSTACK};
    pthread_t thread;
    if (CHECK_SANITIZED)
        SKIP("the sanitizer gives threads a small stack of its own");
    CHECK_NUMBER(0, sigaction(SIGUSR1, &action, NULL));
    CHECK_NUMBER(0, pthread_key_create(&later, call_again));
    for (int i = 0; i < check_rounds(100); i++) {
        CHECK_NUMBER(0, pthread_create(&thread, NULL, with_destructor, NULL));
        CHECK_NUMBER(0, pthread_join(thread, NULL));
    }
    CHECK(ran >= check_rounds(100));
}
