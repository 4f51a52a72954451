/* Signals of the program that the library is a guest in. */
#include "functions.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/time.h>

TEST(other_signals_are_left_alone)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
        SIGCHLD, SIGPIPE, SIGPROF, SIGVTALRM, SIGTSTP, SIGCONT, SIGWINCH, SIGIO};
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

/* The threads of the process that this program did not start, and what they block. */
static int foreign_threads(uint64_t *blocked_by_all)
{
    char name[300], line[200];
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    *blocked_by_all = UINT64_MAX;
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid())
            continue;
        (void)snprintf(name, sizeof name, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(name, "r");
        while (status != NULL && fgets(line, sizeof line, status) != NULL)
            if (strncmp(line, "SigBlk:", 7) == 0) {
                *blocked_by_all &= strtoull(line + 7, NULL, 16);
                n++;
            }
        if (status != NULL)
            fclose(status);
    }
    if (tasks != NULL)
        closedir(tasks);
    return n;
}

static const int waited_for[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
    SIGCHLD, SIGVTALRM, SIGWINCH, SIGIO, SIGPIPE, SIGTSTP};
enum { WAITED_FOR = sizeof waited_for / sizeof waited_for[0] };

static void check_masks(void)
{
    uint64_t blocked;
    CHECK(foreign_threads(&blocked) >= 3);
    for (int i = 0; i < WAITED_FOR; i++) {
        CASE("signal %d", waited_for[i]);
        CHECK((blocked >> (waited_for[i] - 1) & 1) == 1);
    }
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
    for (int i = 0; i < 3; i++)
        CHECK((blocked >> (faults[i] - 1) & 1) == 0);
    CASE("%s", "");
}

/* Sends what the program waits for and blocks, with threads of the library about. */
static void take_signals(void)
{
    sigset_t set;
    struct timespec patience = {5, 0};
    sigemptyset(&set);
    for (int i = 0; i < WAITED_FOR; i++)
        sigaddset(&set, waited_for[i]);
    CHECK_NUMBER(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
    check_masks();
    for (int i = 0; i < 100 * WAITED_FOR; i++) {
        int signal = waited_for[i % WAITED_FOR];
        CASE("signal %d", signal);
        CHECK_NUMBER(0, kill(getpid(), signal));
        CHECK_NUMBER(signal, sigtimedwait(&set, NULL, &patience));
    }
}

static void *load(void *arg)
{
    places to;
    size_t len, size = 8 * MIB;
    uint8_t *data = malloc(size), *out = NULL;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    fill_records(data, size);
    for (int i = 0; i < check_rounds(20); i++) {
        for (const function *f = functions; f < functions + FUNCTIONS; f++) {
            arguments a = prepare(f, &to);
            if (f->call(&a) == CACHEKIT_OK)
                discard(f, &to);
        }
        CHECK_OK(cachekit_byte_storage_store(handles[STORAGE], data, size, NULL, &out, &len));
        cachekit_free_buffer(out);
    }
    free(data);
    return arg;
}

/* Makes Go start more threads. */
static void put_under_load(void)
{
    pthread_t threads[6];
    for (int i = 0; i < 6; i++)
        CHECK_NUMBER(0, pthread_create(&threads[i], NULL, load, NULL));
    for (int i = 0; i < 6; i++)
        CHECK_NUMBER(0, pthread_join(threads[i], NULL));
}

TEST_ALONE(signals_blocked_before_the_start_are_received)
{
    sigset_t set;
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer has threads of its own");
    sigemptyset(&set);
    for (int i = 0; i < WAITED_FOR; i++)
        sigaddset(&set, waited_for[i]);
    CHECK_NUMBER(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
    make_samples();
    take_signals();
    put_under_load();
    take_signals();
}

TEST_ALONE(signals_blocked_after_the_start_are_received)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer has threads of its own");
    make_samples();
    put_under_load();
    take_signals();
}

/* Ignoring it is inherited by what the program executes; a handler is not. */
TEST_ALONE(sigpipe_stays_as_it_was)
{
    struct sigaction before = {.sa_handler = SIG_IGN}, after;
    int pipes[2];
    CHECK_NUMBER(0, sigaction(SIGPIPE, &before, NULL));
    make_samples();
    CHECK_NUMBER(0, sigaction(SIGPIPE, NULL, &after));
    CHECK(after.sa_handler == SIG_IGN);
    CHECK_NUMBER(0, pipe(pipes));
    close(pipes[0]);
    CHECK(write(pipes[1], "x", 1) == -1);
}

static atomic_int interruptions;

static void interrupted(int signal)
{
    (void)signal;
    atomic_fetch_add(&interruptions, 1);
}

/* Go sends no SIGURG, which would end system calls of the program with EINTR. */
TEST_ALONE(no_signal_comes_from_the_library)
{
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_ONSTACK};
    make_samples();
    CHECK_NUMBER(0, sigaction(SIGURG, &action, NULL));
    put_under_load();
    CHECK_NUMBER(0, interruptions);
    CHECK_NUMBER(0, raise(SIGURG));
    CHECK_NUMBER(1, interruptions);
}
