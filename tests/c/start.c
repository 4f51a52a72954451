/* The library starts at its first use: what may come before it, what may happen
 * while it starts, and what it answers where it cannot. Each case is a process of
 * its own, since a process starts only once. */
#include "functions.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__) || defined(__aarch64__)
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#endif

static int threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;)
        n += task->d_name[0] != '.';
    if (tasks != NULL)
        closedir(tasks);
    return n;
}

/* Every function succeeds. */
static void use_everything(void)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        arguments a = prepare(f, &to);
        if (check_code(CACHEKIT_OK, f->call(&a), f->name, __FILE__, __LINE__, "the table"))
            discard(f, &to);
    }
}

/* ---- before the first use ---- */

TEST_ALONE(loading_does_nothing)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer"); /* it has threads and handlers of its own */
    CHECK_NUMBER(1, threads());
    for (int signal = 1; signal < 32; signal++) {
        struct sigaction action;
        CASE("signal %d", signal);
        if (sigaction(signal, NULL, &action) == 0)
            CHECK(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
    }
    CASE("what needs no Go");
    uint8_t memory[CACHEKIT_CHECKSUM_SIZE] = {1, 2, 3, 4};
    CHECK_NUMBER(CACHEKIT_VERSION_NUMBER, cachekit_version_number());
    CHECK_NUMBER(136, cachekit_compressed_bound(0));
    CHECK_TEXT("CACHEKIT_OK", cachekit_error_name(CACHEKIT_OK));
    cachekit_wipe(memory, sizeof memory);
    cachekit_free_buffer(NULL);
    cachekit_byte_storage_free(NULL);
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(NULL));
    CHECK_CODE(CACHEKIT_NULL_POINTER, cachekit_checksum(NULL, 1, memory));
    CHECK_CODE(CACHEKIT_INVALID_HANDLE, cachekit_byte_storage_validate(NULL, HELLO));
    CHECK_NUMBER(1, threads());
}

TEST_ALONE(start_is_when_it_is_called)
{
    uint8_t sum[CACHEKIT_CHECKSUM_SIZE];
    CHECK_OK(cachekit_start());
    CHECK(threads() > 1);
    CHECK_OK(cachekit_start());
    CHECK_OK(cachekit_checksum(HELLO, sum));
}

TEST_ALONE(children_forked_before_the_first_use_work)
{
    int pipes[2];
    uint8_t nonces[4][64];
    CHECK_NUMBER(0, pipe(pipes));
    for (int i = 0; i < 3; i++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            uint8_t out[64];
            size_t len = sizeof out;
            CachekitEncryptor *encryptor = new_encryptor();
            CHECK_OK(cachekit_encrypt(encryptor, key, sizeof key, NULL, 0, NULL, 0, out, &len));
            CHECK(write(pipes[1], out, CACHEKIT_NONCE_SIZE) == CACHEKIT_NONCE_SIZE);
            use_everything();
            _exit(check_failures > 0);
        }
        CHECK_NUMBER(0, check_forked(pid));
        CHECK(read(pipes[0], nonces[i], CACHEKIT_NONCE_SIZE) == CACHEKIT_NONCE_SIZE);
        for (int j = 0; j < i; j++)
            CHECK(memcmp(nonces[i], nonces[j], CACHEKIT_NONCE_SIZE) != 0);
    }
    use_everything();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        uint8_t sum[8];
        CHECK_CODE(CACHEKIT_FORKED, cachekit_start());
        CHECK_CODE(CACHEKIT_FORKED, cachekit_checksum(HELLO, sum));
        _exit(check_failures > 0);
    }
    CHECK_NUMBER(0, check_forked(pid));
}

/* Neither runs the handlers of pthread_atfork. */
TEST_ALONE(children_of_clone_before_the_first_use_work)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer");
    fflush(stdout);
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        use_everything();
        _exit(check_failures > 0);
    }
    CHECK_NUMBER(0, check_forked(pid));
    use_everything();
}

TEST_ALONE(a_daemon_works)
{
    int pipes[2];
    uint8_t failed = 1;
    CHECK_NUMBER(0, pipe(pipes));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (daemon(1, 1) != 0)
            _exit(1);
        use_everything();
        failed = check_failures > 0;
        _exit(write(pipes[1], &failed, 1) != 1);
    }
    CHECK_NUMBER(0, check_forked(pid));
    close(pipes[1]);
    CHECK(read(pipes[0], &failed, 1) == 1);
    CHECK_NUMBER(0, failed);
}

TEST_ALONE(all_descriptors_may_be_closed_before)
{
    for (int fd = 0; fd < 256; fd++)
        close(fd);
    use_everything();
}

TEST_ALONE(another_user_may_be_taken_on_before)
{
    unsetenv("CHECK_LOG"); /* which is no longer ours */
    if (getuid() == 0)
        CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    use_everything();
}

TEST_ALONE(variables_set_before_are_obeyed)
{
    CHECK_NUMBER(0, setenv("CACHEKIT_AES", "stdlib", 1));
    CHECK_NUMBER(0, setenv("CACHEKIT_LZ4", "portable", 1));
    CHECK(strstr(cachekit_build_info(), "aes=stdlib lz4=portable") != NULL);
    use_everything();
}

TEST_ALONE(variables_that_are_not_understood_are_named)
{
    CHECK_NUMBER(0, setenv("CACHEKIT_AES", "avx1024", 1));
    CHECK_NUMBER(0, setenv("CACHEKIT_LZ4", "fast", 1));
    CHECK(strstr(cachekit_build_info(), "avx1024") != NULL);
    CHECK(strstr(cachekit_build_info(), "fast") != NULL);
}

/* In FIPS 140-3 mode Go's AES-GCM accepts no nonces but its own. Constructors that
 * would need it are refused and say so, and nothing else is: the library's own
 * kernels do not depend on that mode. */
TEST_ALONE(fips_mode_is_an_answer)
{
    CachekitError err = CACHEKIT_OK;
    CachekitKeyring *keyring = NULL;
    uint8_t sum[8], derived[CACHEKIT_KEY_SIZE];
    CHECK_NUMBER(0, setenv("CACHEKIT_AES", "stdlib", 1));
    CHECK_NUMBER(0, setenv("GODEBUG", "fips140=only", 1));
    CHECK(cachekit_encryptor_new(&err) == NULL);
    check_code(CACHEKIT_INVALID_INPUT, err, "cachekit_encryptor_new", __FILE__, __LINE__, "*error");
    CHECK_CODE(CACHEKIT_INVALID_INPUT,
        cachekit_keyring_new(master, sizeof master, NULL, NULL, 0, TENANT, &keyring));
    CHECK(keyring == NULL);
    CHECK(strstr(cachekit_build_info(), "aes=stdlib (forbidden by GODEBUG=fips140=only)") != NULL);
    CHECK_OK(cachekit_checksum(HELLO, sum));
    CHECK_OK(cachekit_derive_key(master, sizeof master, TENANT, BYTES("encryption"), derived));
}

/* putenv keeps the caller's memory, which may be on a stack that is gone. */
TEST_ALONE(variables_may_go_after_the_start)
{
    char variable[] = "CACHEKIT_AES=stdlib", debug[] = "GODEBUG=madvdontneed=1";
    CHECK(putenv(variable) == 0 && putenv(debug) == 0);
    CHECK_OK(cachekit_start());
    memset(variable, 'x', sizeof variable - 1);
    memset(debug, 'x', sizeof debug - 1);
    CHECK(strstr(cachekit_build_info(), "aes=stdlib") != NULL);
    use_everything();
}

static void *block_and_use(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    use_everything();
    return arg;
}

TEST_ALONE(all_signals_may_be_blocked_before)
{
    pthread_t thread;
    CHECK_NUMBER(0, pthread_create(&thread, NULL, block_and_use, NULL));
    CHECK_NUMBER(0, pthread_join(thread, NULL));
    block_and_use(NULL);
}

TEST_ALONE(the_mask_of_the_caller_stays)
{
    sigset_t before, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    CHECK_NUMBER(0, pthread_sigmask(SIG_SETMASK, &before, NULL));
    CHECK_OK(cachekit_start());
    CHECK_NUMBER(0, pthread_sigmask(SIG_SETMASK, NULL, &after));
    for (int signal = 1; signal < 32; signal++)
        CHECK_NUMBER(sigismember(&before, signal), sigismember(&after, signal));
}

/* ---- while it starts ---- */

enum { CROWD = 16 };
static pthread_barrier_t at_once;

static void *first_call(void *arg)
{
    uint8_t sum[8];
    pthread_barrier_wait(&at_once);
    CHECK_OK(cachekit_checksum(HELLO, sum));
    CHECK_OK(cachekit_start());
    return arg;
}

static void meet(void)
{
    pthread_t crowd[CROWD];
    pthread_barrier_init(&at_once, NULL, CROWD);
    for (int i = 0; i < CROWD; i++)
        CHECK_NUMBER(0, pthread_create(&crowd[i], NULL, first_call, NULL));
    for (int i = 0; i < CROWD; i++)
        CHECK_NUMBER(0, pthread_join(crowd[i], NULL));
}

TEST(first_calls_that_meet)
{
    fflush(stdout);
    for (int i = 0; i < check_rounds(20); i++)
        CHECK_NUMBER(0, check_spawn("first_calls_that_meet"));
}

CHILD(first_calls_that_meet)
{
    alarm(60);
    meet();
    use_everything();
}

static void *start_it(void *arg)
{
    CHECK_OK(cachekit_start());
    return arg;
}

static void pause_for(long ns)
{
    struct timespec t = {0, ns};
    nanosleep(&t, NULL);
}

/* A child that is made amid the start has either nothing of it, and starts
 * itself, or is told. None hangs. */
static void fork_amid_start(bool bare)
{
    alarm(60);
    pthread_t thread;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK_NUMBER(0, pthread_create(&thread, NULL, start_it, NULL));
    pause_for(now.tv_nsec % 3000 * 1000); /* up to 3 ms */
    for (int i = 0; i < 8; i++) {
        pid_t pid = bare ? (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) : fork();
        if (pid == 0) {
            alarm(20);
            uint8_t sum[8];
            CachekitError err = cachekit_checksum(HELLO, sum);
            _exit(err != CACHEKIT_FORKED && err != CACHEKIT_OK);
        }
        CHECK_NUMBER(0, check_forked(pid));
    }
    CHECK_NUMBER(0, pthread_join(thread, NULL));
    use_everything();
}

CHILD(fork_amid) { fork_amid_start(false); }
CHILD(clone_amid) { fork_amid_start(true); }

TEST(a_fork_amid_the_start)
{
    if (CHECK_SANITIZED)
        SKIP("the sanitizer's own allocator may be locked in the child");
    fflush(stdout);
    for (int i = 0; i < check_rounds(40); i++) {
        CHECK_NUMBER(0, check_spawn("fork_amid"));
        CHECK_NUMBER(0, check_spawn("clone_amid"));
    }
}

static void *cancelled_start(void *arg)
{
    pthread_cancel(pthread_self());
    if (cachekit_start() == CACHEKIT_OK)
        *(int *)arg = 1;
    pthread_testcancel();
    *(int *)arg = 2;
    return NULL;
}

static void *cancelled_calls(void *arg)
{
    places to;
    pthread_cancel(pthread_self());
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        arguments a = prepare(f, &to);
        if (f->call(&a) == CACHEKIT_OK) {
            ++*(int *)arg;
            discard(f, &to);
        }
    }
    pthread_testcancel();
    *(int *)arg = -1;
    return NULL;
}

TEST_ALONE(no_call_is_cancelled)
{
    if (CHECK_SANITIZED)
        SKIP("the sanitizer takes the frames that a cancelled thread leaves for live ones");
    alarm(60);
    pthread_t thread;
    void *how = NULL;
    int reached = 0, done = 0;
    CHECK_NUMBER(0, pthread_create(&thread, NULL, cancelled_start, &reached));
    CHECK_NUMBER(0, pthread_join(thread, &how));
    CHECK_NUMBER(1, reached);
    CHECK(how == PTHREAD_CANCELED);
    use_everything();
    CHECK_NUMBER(0, pthread_create(&thread, NULL, cancelled_calls, &done));
    CHECK_NUMBER(0, pthread_join(thread, &how));
    CHECK_NUMBER(FUNCTIONS, done);
    CHECK(how == PTHREAD_CANCELED);
}

CHILD(exit_amid)
{
    alarm(60);
    pthread_t thread;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK_NUMBER(0, pthread_create(&thread, NULL, start_it, NULL));
    pause_for(now.tv_nsec % 3000 * 1000);
    exit(0);
}

TEST(an_exit_amid_the_start)
{
    if (CHECK_SANITIZED)
        SKIP("the sanitizer reports the thread that was not joined");
    fflush(stdout);
    for (int i = 0; i < check_rounds(40); i++)
        CHECK_NUMBER(0, check_spawn("exit_amid"));
}

/* ---- in constructors and destructors ---- */

static void at_the_end(void)
{
    use_everything();
    if (check_failures > 0)
        _exit(9);
}

TEST_ALONE(a_first_call_at_exit) { atexit(at_the_end); }

static pthread_key_t last_words;

static void in_destructor(void *arg)
{
    (void)arg;
    use_everything();
}

static void *only_a_destructor(void *arg)
{
    pthread_setspecific(last_words, &last_words);
    return arg;
}

TEST_ALONE(a_first_call_when_a_thread_ends)
{
    pthread_t thread;
    CHECK_NUMBER(0, pthread_key_create(&last_words, in_destructor));
    for (int i = 0; i < 3; i++) {
        CHECK_NUMBER(0, pthread_create(&thread, NULL, only_a_destructor, NULL));
        CHECK_NUMBER(0, pthread_join(thread, NULL));
    }
}

/* early.c is a library that calls this one from there. */
CHILD(nothing) {}

TEST(a_first_call_from_another_library)
{
    static const char *const from[] = {"constructor", "destructor"};
    extern int early_library(void);
    CHECK_NUMBER(1, early_library());
    for (int i = 0; i < 2; i++) {
        CASE("%s", from[i]);
        fflush(stdout);
        CHECK_NUMBER(0, setenv("CHECK_EARLY", from[i], 1));
        CHECK_NUMBER(0, check_spawn("nothing"));
    }
    unsetenv("CHECK_EARLY");
}

/* ---- where it cannot start ---- */

static void check_no_start(void)
{
    uint8_t sum[8];
    CachekitKeyring *keyring = NULL;
    CachekitError err = CACHEKIT_OK;
    for (int i = 0; i < 2; i++) {
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_start());
        CHECK(cachekit_checksum(HELLO, sum) == CACHEKIT_OUT_OF_MEMORY);
        CHECK(cachekit_encryptor_new(&err) == NULL && err == CACHEKIT_OUT_OF_MEMORY);
        CHECK(cachekit_byte_storage_new(NULL) == NULL);
        CHECK(cachekit_keyring_new(master, sizeof master, NULL, NULL, 0, TENANT, &keyring) ==
              CACHEKIT_OUT_OF_MEMORY);
        CHECK(keyring == NULL);
        CHECK_TEXT("", cachekit_build_info());
        CHECK(!cachekit_hardware_acceleration_enabled());
    }
}

static void limit(int resource, size_t to)
{
    struct rlimit now;
    CHECK_NUMBER(0, getrlimit(resource, &now));
    now.rlim_cur = to;
    CHECK_NUMBER(0, setrlimit(resource, &now));
}

static void without(int resource, size_t to)
{
    struct rlimit before;
    CHECK_NUMBER(0, getrlimit(resource, &before));
    limit(resource, to);
    check_no_start();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { /* nothing has started, so this is not FORKED */
        CHECK_CODE(CACHEKIT_OUT_OF_MEMORY, cachekit_start());
        _exit(check_failures > 0);
    }
    CHECK_NUMBER(0, check_forked(pid));
    CHECK_NUMBER(0, setrlimit(resource, &before));
    CHECK_OK(cachekit_start());
    use_everything();
}

TEST_ALONE(too_little_address_space)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer");
    without(RLIMIT_AS, 1 << 30);
}

TEST_ALONE(too_little_memory)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer");
    without(RLIMIT_DATA, 64 << 20);
}

TEST_ALONE(too_few_threads)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer");
    if (getuid() != 0)
        MISSING("needs root, to become a user that has no other process");
    unsetenv("CHECK_LOG");
    CHECK(setgid(54321) == 0 && setuid(54321) == 0);
    prctl(PR_SET_DUMPABLE, 1);
    without(RLIMIT_NPROC, 3);
}

/* Between too little and enough there is no limit at which the library takes the
 * start for possible and Go then ends the process. */
static void edge(int resource, size_t from, size_t to, size_t step)
{
    for (size_t at = from; at <= to; at += step) {
        CASE("limit %zu", at);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            uint8_t sum[8];
            limit(resource, at);
            CachekitError err = cachekit_start();
            if (err == CACHEKIT_OUT_OF_MEMORY)
                _exit(0);
            for (int i = 0; i < 100; i++)
                CHECK_OK(cachekit_checksum(HELLO, sum));
            _exit(err != CACHEKIT_OK || check_failures > 0);
        }
        CHECK_NUMBER(0, check_forked(pid));
    }
}

TEST_ALONE(no_limit_ends_the_process)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer");
    size_t space = memory_status("VmSize"), data = memory_status("VmData");
    edge(RLIMIT_AS, space, space + 1800 * MIB, 24 * MIB);
    edge(RLIMIT_DATA, data, data + 160 * MIB, 4 * MIB);
}

#ifdef SECCOMP_MODE_FILTER
TEST_ALONE(no_thread_by_seccomp)
{
    if (CHECK_SANITIZED)
        SKIP("sanitizer");
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435 /* clone3 */, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof program[0], program};
    CHECK_NUMBER(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK_NUMBER(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
    check_no_start();
}
#endif
