/* Signals of the program that the library is a guest in. */
#include "functions.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <sys/time.h>

TEST(other_signals_are_left_alone)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
        SIGCHLD, SIGPROF, SIGVTALRM, SIGTSTP, SIGCONT, SIGWINCH, SIGIO};
    make_samples();
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action;
        CASE("signal %d", signals[i]);
        CHECK_NUMBER(0, sigaction(signals[i], NULL, &action));
        CHECK(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN); /* as inherited */
    }
}

/* Any thread of the process may be the one that the signal interrupts, Go's
 * own among them, so that the handler may run twice at once. */
static atomic_int ticks;

static void tick(int signal)
{
    (void)signal;
    atomic_fetch_add(&ticks, 1);
}

/* As a profiler would. */
TEST(handlers_of_the_program_run_amid_calls)
{
    struct sigaction action = {.sa_handler = tick, .sa_flags = SA_ONSTACK | SA_RESTART}, before;
    struct itimerval each = {{0, 1000}, {0, 1000}}, none = {{0, 0}, {0, 0}};
    places to;
    make_samples();
    CHECK_NUMBER(0, sigaction(SIGPROF, &action, &before));
    CHECK_NUMBER(0, setitimer(ITIMER_PROF, &each, NULL));
    for (int i = 0; ticks < 50; i++) {
        const function *f = &functions[i % FUNCTIONS];
        arguments a = prepare(f, &to);
        if (f->call(&a) != CACHEKIT_OK) {
            FAIL("a call failed");
            break;
        }
        discard(f, &to);
    }
    CHECK_NUMBER(0, setitimer(ITIMER_PROF, &none, NULL));
    CHECK_NUMBER(0, sigaction(SIGPROF, &before, NULL));
}

static sigjmp_buf fault;

static void jump(int signal) { siglongjmp(fault, signal); }

/* A fault in the program's own code goes to the program's own handler. */
TEST(a_fault_of_the_program_is_its_own)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer reports faults itself");
    struct sigaction action = {.sa_handler = jump, .sa_flags = SA_ONSTACK}, before;
    uint8_t sum[8], *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_OK(cachekit_checksum(HELLO, sum));
    CHECK_NUMBER(0, sigaction(SIGSEGV, &action, &before));
    int caught = sigsetjmp(fault, 1);
    if (caught == 0)
        *(volatile uint8_t *)nowhere = 1;
    CHECK_NUMBER(SIGSEGV, caught);
    CHECK_NUMBER(0, sigaction(SIGSEGV, &before, NULL));
    CHECK_OK(cachekit_checksum(HELLO, sum));
    munmap(nowhere, 4096);
}

CHILD(faults)
{
    uint8_t sum[8];
    CHECK_OK(cachekit_checksum(HELLO, sum));
    *(volatile uint8_t *)reserve(0) = 1; /* NULL: nothing can be reserved */
}

/* And ends it as it would without the library, if it has none. */
TEST(a_fault_without_a_handler_ends_the_program)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer reports faults itself");
    fflush(stdout);
    int status = check_spawn("faults");
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGABRT);
}
