/* What the public functions share. Each has the same shape:
 *
 *  1. Clear the results: ck_clear, ck_capacity, ck_clear_index, ck_clear_struct.
 *  2. Enter, by ck_enter or, with a handle, ck_hold. They return what is wrong, in
 *     this order: CACHEKIT_FORKED, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE.
 *     A struct of the caller's is checked before, by ck_check_struct.
 *  3. Call the function's twin in Go, by CK_GO. It decides everything else.
 *  4. Leave, where a handle is held: ck_leave, ck_leave_with.
 *
 * Whoever finds that a call fails sets its detail (detail.h): the functions here and
 * below, and in Go, code.
 *
 * The two functions that derive keys clear their results at the end instead, since
 * the master key may lie there. */
#ifndef CK_SHIM_H
#define CK_SHIM_H

#include "buffer.h"
#include "ckgo.h"
#include "detail.h"
#include "fpmode.h"
#include "handle.h"
#include "start.h"

#include <string.h>

/* Every public function is declared in cachekit.h. Not in main.go's CFLAGS: the
 * C that cgo writes does not comply. */
#pragma GCC diagnostic error "-Wmissing-prototypes"

/* What is missing is named by a text, where a bool must not stand. */
#pragma GCC diagnostic error "-Wint-conversion"

/* The format of an entry whose caller names none: core.DefaultFormat. */
#define CK_DEFAULT_FORMAT "msgpack"

/* cgo knows no const. Go writes to no input all the same. */
#define IN(p) ((uint8_t *)(uintptr_t)(p))
#define TEXT(p) ((char *)(uintptr_t)(p))

static inline size_t ck_strlen(const char *s) { return s == NULL ? 0 : strlen(s); }

static inline const char *ck_format(const char *format)
{
    return format == NULL ? CK_DEFAULT_FORMAT : format;
}

/* Clears a result that the library will allocate. */
static inline void ck_clear(uint8_t **out, size_t *out_len)
{
    if (out != NULL)
        *out = NULL;
    if (out_len != NULL)
        *out_len = 0;
}

/* Reads the capacity of the caller's buffer and clears the length of its result. */
static inline size_t ck_capacity(size_t *out_len)
{
    if (out_len == NULL)
        return 0;
    size_t capacity = *out_len;
    *out_len = 0;
    return capacity;
}

/* Clears an index, and returns where to put it: in unwanted if the caller gave
 * NULL. */
static inline size_t *ck_clear_index(size_t *key_index, size_t *unwanted)
{
    size_t *index = key_index == NULL ? unwanted : key_index;
    *index = 0;
    return index;
}

/* How many bytes behind struct_size are the caller's, of a struct that has size
 * bytes here. The caller may have been compiled with a shorter or a longer one. */
static inline size_t ck_behind_size(const void *to, size_t size)
{
    size_t theirs = *(const size_t *)to;
    if (theirs >= size)
        return size - sizeof theirs;
    return theirs < sizeof theirs ? 0 : theirs - sizeof theirs;
}

/* Clears a struct of the caller's, but for its struct_size. */
static inline void ck_clear_struct(void *to, size_t size)
{
    if (to != NULL)
        memset((size_t *)to + 1, 0, ck_behind_size(to, size));
}

/* Copies a struct to the caller's, but for its struct_size. */
static inline void ck_fill_struct(void *to, const void *from, size_t size)
{
    memcpy((size_t *)to + 1, (const size_t *)from + 1, ck_behind_size(to, size));
}

/* Copies a struct of the caller's, as much as he has of it. */
static inline void ck_read_struct(void *to, const void *from, size_t size)
{
    *(size_t *)to = *(const size_t *)from;
    memcpy((size_t *)to + 1, (const size_t *)from + 1, ck_behind_size(from, size));
}

/* Whether an input is missing: NULL is one only of length 0. */
static inline bool ck_missing(const void *p, size_t len) { return p == NULL && len > 0; }

/* What is missing, in words, or NULL; and the first of up to eight such texts. */
#define CK_NULL(p) ((p) == NULL ? #p " is NULL" : NULL)
#define CK_MISSING(p, len) (ck_missing(p, len) ? #p " is NULL, and " #len " is not 0" : NULL)
#define CK_FIRST(...) CK_FIRST_OF(__VA_ARGS__, NULL, NULL, NULL, NULL, NULL, NULL)
#define CK_FIRST_OF(a, b, c, d, e, f, g, h, ...)                                                   \
    ((a) ?: (b) ?: (c) ?: (d) ?: (e) ?: (f) ?: (g) ?: (h))

/* The answer for a pointer that is missing. */
static inline CachekitError ck_no_pointer(const char *missing)
{
    if (ck_refuse_forked())
        return CACHEKIT_FORKED;
    ck_detail_is(missing);
    return CACHEKIT_NULL_POINTER;
}

/* Checks a struct of the caller's, of which the function needs so many bytes. */
static inline CachekitError ck_check_struct(const void *to, size_t needed)
{
    if (to == NULL)
        return ck_no_pointer("the struct is NULL");
    if (ck_refuse_forked())
        return CACHEKIT_FORKED;
    if (*(const size_t *)to >= needed)
        return CACHEKIT_OK;
    ck_detail_struct(*(const size_t *)to, needed);
    return CACHEKIT_INVALID_INPUT;
}

/* Begins a function without a handle, and starts Go if need be; missing says
 * which of its pointers is. */
static inline CachekitError ck_enter(const char *missing)
{
    return missing != NULL ? ck_no_pointer(missing) : ck_ready();
}

/* Whether a handle can be valid; before Go's start there is none. */
static inline bool ck_entered(void)
{
    return ck_running() && (ck_thread != 0 || ck_make_ready() == CACHEKIT_OK);
}

/* The answer for a handle that is not valid. */
static inline CachekitError ck_no_handle(const void *handle)
{
    if (ck_refuse_forked())
        return CACHEKIT_FORKED;
    ck_handle_invalid(handle);
    return CACHEKIT_INVALID_HANDLE;
}

/* Begins a function with a handle. With CACHEKIT_OK its object is held in ref,
 * until ck_leave. */
static inline CachekitError ck_hold(
    const char *missing, const void *handle, ck_type type, ck_ref *ref)
{
    if (missing != NULL)
        return ck_no_pointer(missing);
    if (ck_entered() && ck_acquire(handle, type, ref))
        return CACHEKIT_OK;
    return ck_no_handle(handle);
}

/* Lets go of the object; code is what the function came to. */
static inline CachekitError ck_leave(ck_ref ref, int code)
{
    ck_release(ref);
    return (CachekitError)code;
}

/* The same for a function with a library-allocated result, of which it notes how
 * many bytes are to be wiped. */
static inline CachekitError ck_leave_with(ck_ref ref, int code, uint8_t *out, size_t len)
{
    if (out != NULL)
        ck_buffer_use(out, len);
    return ck_leave(ref, code);
}

/* Ends a constructor: the handle of what Go has put into the slot. With any code
 * but CACHEKIT_OK that is nothing: NULL, and the slot is given back. */
static inline void *ck_made(ck_ref ref, ck_type type, int code)
{
    if (code == CACHEKIT_OK)
        return ck_slot_publish(ref, type);
    ck_slot_return(ref);
    return NULL;
}

/* The three functions that read the metrics of a handle, with the Go function
 * that fills them. */
CachekitError ck_get_metrics(const void *handle, ck_type type,
    int (*read)(uint32_t slot, CachekitMetrics *metrics), CachekitMetrics *metrics);

#endif
