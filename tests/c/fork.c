/* A process that was forked after the library was loaded. */
#include "functions.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__) || defined(__aarch64__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#endif

/* What a child must find; returns the number of checks that failed. */
static int in_child(void)
{
    places to;
    uint8_t memory[16];
    alarm(20); /* a call that hangs is a failure too */
    check_failures = 0;
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        CASE("in the child, %s", f->name);
        arguments a = prepare(f, &to);
        CHECK_REFUSED(CACHEKIT_FORKED, f, &a, &to);

        a = prepare(f, &to); /* whatever else is wrong */
        a.handle = NULL;
        CHECK_REFUSED(CACHEKIT_FORKED, f, &a, &to);
        a = prepare(f, &to);
        to.metrics.struct_size = to.info.struct_size = to.tenant_keys.struct_size = 0;
        check_code(CACHEKIT_FORKED, f->call(&a), f->name, __FILE__, __LINE__, "struct_size 0");
        a = (arguments){.handle = NULL};
        check_code(CACHEKIT_FORKED, f->call(&a), f->name, __FILE__, __LINE__, "NULL all over");
    }
    CASE("in the child");
    CachekitError err = CACHEKIT_OK;
    CHECK(cachekit_byte_storage_new(NULL) == NULL);
    CHECK(cachekit_encryptor_new(NULL) == NULL);
    CHECK(cachekit_encryptor_new(&err) == NULL);
    check_code(CACHEKIT_FORKED, err, "cachekit_encryptor_new", __FILE__, __LINE__, "*error");
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(handles[ENCRYPTOR]));
    CHECK_NUMBER(0, cachekit_keyring_get_counter(handles[KEYRING]));
    CHECK_NUMBER(0, cachekit_keyring_key_count(handles[KEYRING]));

    /* What needs no Go goes on working. */
    CHECK_NUMBER(CACHEKIT_VERSION_NUMBER, cachekit_version_number());
    CHECK_TEXT(CACHEKIT_VERSION_STRING, cachekit_version_string());
    CHECK_TEXT("CACHEKIT_FORKED", cachekit_error_name(CACHEKIT_FORKED));
    CHECK(cachekit_error_string(CACHEKIT_FORKED) != NULL);
    CHECK(cachekit_build_info() != NULL);
    (void)cachekit_hardware_acceleration_enabled();
    CHECK_NUMBER(136, cachekit_compressed_bound(0));
    memset(memory, POISON, sizeof memory);
    cachekit_wipe(memory, sizeof memory);
    CHECK_FILLED(0, memory, sizeof memory);
    return check_failures;
}

static uint8_t *small, *large;

static void prepare_parent(void)
{
    size_t len, zeros = 40 * MIB;
    uint8_t *data = reserve(zeros), *envelope = NULL;
    make_samples();
    CHECK(handles[KEYRING] != NULL);
    CHECK_OK(cachekit_byte_storage_store(handles[STORAGE], HELLO, NULL, &small, &len));
    CHECK_OK(cachekit_byte_storage_store(handles[STORAGE], data, zeros, NULL, &envelope, &len));
    CHECK_OK(cachekit_byte_storage_retrieve(handles[STORAGE], envelope, len, &large, &len));
    cachekit_free_buffer(envelope);
    munmap(data, zeros);
}

/* Frees everything that the parent made, as a child that ends would. */
static void free_everything(void)
{
    cachekit_free_buffer(small);
    cachekit_free_buffer(large);
    for (kind k = STORAGE; k < KINDS; k++) {
        free_handle(k, handles[k]);
        free_handle(k, handles[k]);
        free_handle(k, NULL);
    }
}

static void check_child(pid_t pid)
{
    CASE("after the child");
    CHECK_NUMBER(0, check_forked(pid));
    places to;
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        CASE("in the parent, %s", f->name);
        arguments a = prepare(f, &to);
        if (check_code(CACHEKIT_OK, f->call(&a), f->name, __FILE__, __LINE__, "the table"))
            discard(f, &to);
    }
    cachekit_free_buffer(small);
    cachekit_free_buffer(large);
}

TEST(fork_is_told)
{
    prepare_parent();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int failed = in_child();
        free_everything();
        _exit(failed > 0);
    }
    check_child(pid);
}

TEST(a_child_of_a_child_is_told_too)
{
    prepare_parent();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        pid = fork();
        if (pid == 0)
            _exit(in_child() > 0);
        _exit(check_forked(pid) != 0);
    }
    check_child(pid);
}

#ifdef SECCOMP_MODE_FILTER
/* A kernel before 4.14 has no page that a child gets empty; the handler of
 * pthread_atfork must do. */
TEST_ALONE(fork_is_told_without_help_from_the_kernel)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 18 /* MADV_WIPEONFORK */, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof program[0], program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        SKIP("this system does not let a process refuse its own calls");
    uint8_t *page = reserve(4096);
    CHECK(madvise(page, 4096, 18) != 0 && madvise(page, 4096, MADV_DONTNEED) == 0);
    prepare_parent();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int failed = in_child();
        pid = fork();
        if (pid == 0)
            _exit(in_child() > 0);
        int status = check_forked(pid);
        free_everything();
        _exit(failed > 0 || status != 0);
    }
    check_child(pid);
}
#endif

/* Neither runs the handlers of pthread_atfork. */
TEST(clone_is_told)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer does not expect a bare clone");
    prepare_parent();
    fflush(stdout);
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        int failed = in_child();
        free_everything();
        _exit(failed > 0);
    }
    check_child(pid);
}

/* glibc 2.34 and musl 1.2.2 have it. */
extern pid_t _Fork(void) __attribute__((weak));

TEST(underscore_fork_is_told)
{
    if (_Fork == NULL)
        MISSING("the C library has no _Fork");
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer does not expect a bare fork");
    prepare_parent();
    fflush(stdout);
    pid_t pid = _Fork();
    if (pid == 0) {
        int failed = in_child();
        free_everything();
        _exit(failed > 0);
    }
    check_child(pid);
}

static atomic_bool stop;

static void *keep_busy(void *arg)
{
    places to;
    (void)arg;
    for (int i = 0; !atomic_load(&stop); i++) {
        const function *f = &functions[i % FUNCTIONS];
        arguments a = prepare(f, &to);
        if (f->call(&a) == CACHEKIT_OK)
            discard(f, &to);
        CachekitEncryptor *encryptor = cachekit_encryptor_new(NULL);
        cachekit_encryptor_free(encryptor);
    }
    return NULL;
}

/* Whatever lock a thread held when the child was made, no call waits for it. */
TEST(a_fork_amid_calls_does_not_hang)
{
    pthread_t threads[3];
    prepare_parent();
    atomic_store(&stop, false);
    for (int i = 0; i < 3; i++)
        CHECK_NUMBER(0, pthread_create(&threads[i], NULL, keep_busy, NULL));
    for (int i = 0; i < (CHECK_SANITIZED || check_slow() ? 3 : 40); i++) {
        CASE("fork %d", i);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            uint8_t out[8];
            CachekitError err = cachekit_checksum(HELLO, out);
            free_everything();
            _exit(err != CACHEKIT_FORKED || cachekit_encryptor_new(NULL) != NULL);
        }
        CHECK_NUMBER(0, check_forked(pid));
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cachekit_free_buffer(small);
    cachekit_free_buffer(large);
}

CHILD(works)
{
    alarm(20);
    make_samples();
    CHECK(handles[KEYRING] != NULL && samples[SEALED_INTEROP].len > 0);
}

TEST(fork_and_exec_is_fine)
{
    make_samples();
    fflush(stdout);
    char **command = check_command("works");
    pid_t pid = fork();
    if (pid == 0) {
        execv(command[0], command);
        _exit(errno);
    }
    CHECK_NUMBER(0, check_forked(pid));
    CHECK_NUMBER(0, check_spawn("works")); /* posix_spawn */
}

TEST(vfork_does_not_trip_the_guard)
{
    make_samples();
    fflush(stdout);
    char **command = check_command("works");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    pid_t pid = vfork();
#pragma GCC diagnostic pop
    if (pid == 0) {
        execv(command[0], command);
        _exit(1);
    }
    CHECK_NUMBER(0, check_forked(pid));
    uint8_t out[8];
    CHECK_OK(cachekit_checksum(HELLO, out));
}
