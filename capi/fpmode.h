/* The mode of floating-point arithmetic that Go expects: round to nearest, no
 * flushing of small numbers to zero, no traps. Programs change it for a thread by
 * fesetround, by feenableexcept, and by loading a library that was built with
 * -ffast-math. To look takes a nanosecond; it is set only where it differs. */
#ifndef CK_FPMODE_H
#define CK_FPMODE_H

#include <stdint.h>

#if defined(__x86_64__)
typedef uint32_t ck_fpmode; /* MXCSR; the lowest six bits are flags, not mode */
#define CK_FPMODE_GO UINT32_C(0x1f80)
#define CK_FPMODE_FLAGS UINT32_C(0x3f)
static inline ck_fpmode ck_fpmode_get(void)
{
    ck_fpmode mode;
    __asm__ __volatile__("stmxcsr %0" : "=m"(mode));
    return mode;
}
static inline void ck_fpmode_set(ck_fpmode mode)
{
    __asm__ __volatile__("ldmxcsr %0" : : "m"(mode));
}
#elif defined(__aarch64__)
typedef uint64_t ck_fpmode; /* FPCR */
#define CK_FPMODE_GO UINT64_C(0)
#define CK_FPMODE_FLAGS UINT64_C(0)
static inline ck_fpmode ck_fpmode_get(void)
{
    ck_fpmode mode;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static inline void ck_fpmode_set(ck_fpmode mode)
{
    __asm__ __volatile__("msr fpcr, %0" : : "r"(mode));
}
#else
typedef int ck_fpmode;
#define CK_FPMODE_GO 0
#define CK_FPMODE_FLAGS 0
static inline ck_fpmode ck_fpmode_get(void) { return CK_FPMODE_GO; }
static inline void ck_fpmode_set(ck_fpmode mode) { (void)mode; }
#endif

/* Sets Go's mode and returns what was there. */
static inline ck_fpmode ck_fpmode_enter(void)
{
    ck_fpmode before = ck_fpmode_get();
    if (__builtin_expect((before & ~CK_FPMODE_FLAGS) != CK_FPMODE_GO, 0))
        ck_fpmode_set(CK_FPMODE_GO);
    return before;
}

static inline void ck_fpmode_leave(ck_fpmode before)
{
    if (__builtin_expect((before & ~CK_FPMODE_FLAGS) != CK_FPMODE_GO, 0))
        ck_fpmode_set(before);
}

/* The value of a call of Go, made in Go's mode. All calls are made like this,
 * except the one that starts Go, for which start.c sets the mode. */
#define CK_GO(call)                                                                                \
    __extension__({                                                                                \
        ck_fpmode ck_before = ck_fpmode_enter();                                                   \
        __typeof__(call) ck_value = (call);                                                        \
        ck_fpmode_leave(ck_before);                                                                \
        ck_value;                                                                                  \
    })

#endif
