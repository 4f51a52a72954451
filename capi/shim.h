/* What the public functions share. Each does the same in the same order: it
 * clears the results, asks for a fork, checks pointers and handle, and calls
 * its Go twin, which decides everything else. */
#ifndef CK_SHIM_H
#define CK_SHIM_H

#include "buffer.h"
#include "ckgo.h"
#include "fpmode.h"
#include "handle.h"
#include "start.h"

#include <string.h>

/* Every public function is declared in cachekit.h. */
#pragma GCC diagnostic error "-Wmissing-prototypes"

/* Go takes no const and writes to no input. */
#define IN(p) ((uint8_t *)(uintptr_t)(p))
#define TEXT(p) ((char *)(uintptr_t)(p))

static inline bool ck_missing(const void *p, size_t len) { return p == NULL && len > 0; }

static inline size_t ck_strlen(const char *s) { return s == NULL ? 0 : strlen(s); }

/* The answer for arguments that are missing. */
static inline CachekitError ck_no_pointer(void)
{
    return ck_forked() ? CACHEKIT_FORKED : CACHEKIT_NULL_POINTER;
}

/* Begins a function without a handle: starts Go if need be. */
#define CK_ENTER()                                                                                 \
    do {                                                                                           \
        CachekitError ck_err = ck_ready();                                                         \
        if (ck_err != CACHEKIT_OK)                                                                 \
            return ck_err;                                                                         \
    } while (0)

/* Whether a handle can be valid; before Go's start there is none. */
static inline bool ck_entered(void)
{
    return ck_running() && (ck_thread != 0 || ck_make_ready() == CACHEKIT_OK);
}

/* Begins a function with a handle: returns the code to answer, or CACHEKIT_OK
 * with the object held in ref. */
static inline CachekitError ck_enter(const void *handle, ck_type type, ck_ref *ref)
{
    if (!ck_entered())
        return ck_forked() ? CACHEKIT_FORKED : CACHEKIT_INVALID_HANDLE;
    return ck_acquire(handle, type, ref) ? CACHEKIT_OK : CACHEKIT_INVALID_HANDLE;
}

/* Ends it. */
static inline CachekitError ck_leave(ck_ref ref, int code)
{
    ck_release(ref);
    return (CachekitError)code;
}

/* Ends one with a library-allocated result. */
static inline CachekitError ck_leave_with(ck_ref ref, int code, uint8_t *out, size_t len)
{
    if (out != NULL)
        ck_buffer_use(out, len);
    return ck_leave(ref, code);
}

/* Copies what fits of a result behind the caller's struct_size, which stays. */
#define CK_FILL_STRUCT(to, from)                                                                   \
    do {                                                                                           \
        size_t ck_size = (to)->struct_size;                                                        \
        if (ck_size > sizeof *(to))                                                                \
            ck_size = sizeof *(to);                                                                \
        if (ck_size > sizeof(size_t))                                                              \
            memcpy((char *)(to) + sizeof(size_t), (const char *)(from) + sizeof(size_t),           \
                ck_size - sizeof(size_t));                                                         \
    } while (0)

/* Begins a function with a struct that the caller has sized: checks it, and
 * fills it with the zeros of all, a local one. */
#define CK_ENTER_STRUCT(p, all)                                                                    \
    do {                                                                                           \
        if ((p) == NULL)                                                                           \
            return ck_no_pointer();                                                                \
        CK_FILL_STRUCT(p, all);                                                                    \
        if (ck_forked())                                                                           \
            return CACHEKIT_FORKED;                                                                \
        if ((p)->struct_size == 0)                                                                 \
            return CACHEKIT_INVALID_INPUT;                                                         \
    } while (0)

#endif
