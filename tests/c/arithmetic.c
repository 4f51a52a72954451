/* A program that changes the mode of floating-point arithmetic, or has loaded a
 * library that does (-ffast-math), gets the same bytes. */
#include "functions.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
static void flush_to_zero(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
static void round_up(void) { _mm_setcsr(_mm_getcsr() | 0x4000); }
static unsigned mode(void) { return _mm_getcsr() & ~0x3fu; }
static void set_mode(unsigned m) { _mm_setcsr(m); }
static void trap_all(void) { _mm_setcsr(_mm_getcsr() & ~0x1fbfu); }
#define ARITHMETIC true
#define TRAPS_OPTIONAL false
#elif defined(__aarch64__)
static unsigned mode(void)
{
    uint64_t fpcr;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(fpcr));
    return (unsigned)fpcr;
}
static void set_mode(unsigned m) { __asm__ __volatile__("msr fpcr, %0" : : "r"((uint64_t)m)); }
static void flush_to_zero(void) { set_mode(mode() | 1u << 24); }
static void round_up(void) { set_mode(mode() | 1u << 22); }
static void trap_all(void) { set_mode(mode() | 0x1f00u); }
#define ARITHMETIC true
#define TRAPS_OPTIONAL true
#else
static void flush_to_zero(void) {}
static unsigned mode(void) { return 0; }
static void set_mode(unsigned m) { (void)m; }
static void round_up(void) {}
static void trap_all(void) {}
#define ARITHMETIC false
#define TRAPS_OPTIONAL true
#endif

static const struct {
    const char *name;
    void (*set)(void);
    bool optional; /* few arm64 processors have traps, and the others ignore these bits */
} modes[] = {{"flush to zero", flush_to_zero, false}, {"rounding up", round_up, false},
    {"traps", trap_all, TRAPS_OPTIONAL}};

/* Documents whose canonical form depends on arithmetic. */
static const struct {
    uint8_t bytes[16];
    size_t len;
} documents[] = {
    {{0x91, 0xcb, 0, 0, 0, 0, 0, 0, 0, 1}, 10},                         /* 5e-324 */
    {{0x91, 0xcb, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}, 10},       /* another small one */
    {{0x91, 0xca, 0, 0, 0, 1}, 6},                                      /* float32 1e-45 */
    {{0x91, 0xcb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}, 10}, /* 0.1 */
    {{0x91, 0xcb, 0x43, 0xe0, 0, 0, 0, 0, 0, 0}, 10},                   /* 2^63 */
    {{0x91, 0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0}, 10},                      /* -0.0 */
    {{0x91, 0x00}, 2},
};
enum { DOCUMENTS = sizeof documents / sizeof documents[0] };

static void forms(
    char keys[DOCUMENTS][CACHEKIT_INTEROP_KEY_BUFFER_SIZE], uint8_t values[DOCUMENTS][16])
{
    for (int i = 0; i < DOCUMENTS; i++) {
        size_t len = CACHEKIT_INTEROP_KEY_BUFFER_SIZE;
        CHECK_OK(cachekit_interop_key(
            "users", "get_user", documents[i].bytes, documents[i].len, keys[i], &len));
        len = 16;
        CHECK_OK(cachekit_interop_value(documents[i].bytes, documents[i].len, values[i], &len));
    }
}

static void under(void (*set)(void), bool optional)
{
    static char want[DOCUMENTS][CACHEKIT_INTEROP_KEY_BUFFER_SIZE],
        got[DOCUMENTS][CACHEKIT_INTEROP_KEY_BUFFER_SIZE];
    uint8_t want_value[DOCUMENTS][16] = {{0}}, got_value[DOCUMENTS][16] = {{0}};
    places to;
    forms(want, want_value);
    CHECK(strcmp(want[0], want[DOCUMENTS - 1]) != 0);
    make_samples();
    unsigned before = mode(), during;
    set();
    during = mode();
    CHECK(during != before || optional);
    forms(got, got_value);
    CHECK_NUMBER(during, mode());
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        arguments a = prepare(f, &to);
        CachekitError err = f->call(&a);
        if (check_code(CACHEKIT_OK, err, f->name, __FILE__, __LINE__, "the table"))
            discard(f, &to);
        CHECK_NUMBER(during, mode());
    }
    set_mode(before);
    CHECK_BYTES(want, got, sizeof want);
    CHECK_BYTES(want_value, got_value, sizeof want_value);
}

TEST_ALONE(the_mode_of_the_caller_changes_nothing)
{
    if (!ARITHMETIC)
        SKIP("the mode of this processor is not known here");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        CASE("%s", modes[i].name);
        under(modes[i].set, modes[i].optional);
    }
}

static void *collect(void *arg)
{
    for (int i = 0; i < check_rounds(3000); i++) {
        CachekitKeyring *keyring = new_keyring();
        cachekit_keyring_free(keyring);
    }
    return arg;
}

/* Go's own threads inherit the mode of the one that starts them, and its garbage
 * collector calculates with fractions. */
TEST_ALONE(a_first_call_with_traps_is_no_trap_for_go)
{
    pthread_t threads[4];
    unsigned before = mode();
    trap_all();
    CHECK_OK(cachekit_start());
    for (int i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_create(&threads[i], NULL, collect, NULL));
    for (int i = 0; i < 4; i++)
        CHECK_NUMBER(0, pthread_join(threads[i], NULL));
    set_mode(before);
}
