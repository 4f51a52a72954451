/* Handles: what C holds instead of pointers to Go objects.
 *
 * A handle is generation << 32 | slot + 1. The generation is never used twice
 * for a slot and names the object's type in its lowest bits, so that a handle
 * that was freed, or is of another type, or is junk, matches no slot. It is
 * never dereferenced.
 *
 * A slot counts the calls that use it, so that an object is destroyed by
 * whoever leaves last: the free or a call under way. One counter would be
 * fought over by all threads that share a handle, so a slot has several, each
 * on its own cache line and with its own live bit; a thread uses the one that its
 * number says. A free takes the live bits away one by one, and a counter is drained
 * when its bit is gone and its count is 0. */
#ifndef CK_HANDLE_H
#define CK_HANDLE_H

#include "thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ck_type { CK_BYTE_STORAGE = 1, CK_ENCRYPTOR = 2, CK_KEYRING = 3 } ck_type;

enum {
    CK_TYPE_BITS = 2,
    CK_COUNTERS = 4,    /* a power of two */
    CK_CHUNK = 1024,    /* slots */
    CK_CHUNKS = 1 << 10 /* 1,048,576 slots, as the header says */
};

_Static_assert(sizeof(void *) == 8, "a handle needs 64 bits");

/* generation (32) | live (1) | calls under way (31) */
typedef _Atomic uint64_t ck_word;
#define CK_LIVE (UINT64_C(1) << 31)
#define CK_CALLS (CK_LIVE - 1)

typedef struct ck_slot {
    struct {
        _Alignas(64) ck_word word;
        /* Used in the first counter only: how many counters are drained, the slot's
         * index, in a free slot the index of the next free one + 1, or 0, and the
         * pointer by which Go owns the object. */
        _Atomic uint32_t drained;
        uint32_t index, next_free;
        void *object;
    } counter[CK_COUNTERS];
} ck_slot;

extern _Atomic(ck_slot *) ck_chunks[CK_CHUNKS];

/* A call's hold on an object. */
typedef struct ck_ref {
    ck_slot *slot;
    uint32_t index; /* by which Go knows the object */
    uint32_t counter;
} ck_ref;

/* Takes an unused slot; false if there is none, or no memory for one, which is then the
 * detail of the call. */
bool ck_slot_take(ck_ref *ref);

/* Gives back a slot that was taken and not published. */
void ck_slot_return(ck_ref ref);

/* Where the constructor notes the pointer by which Go owns the slot's object. */
static inline void **ck_object(ck_ref ref) { return &ref.slot->counter[0].object; }

/* Makes the slot's handle valid and returns it. */
void *ck_slot_publish(ck_ref ref, ck_type type);

/* Makes a handle invalid; its object is destroyed when the last call that uses it
 * ends. Ignores what is no valid handle. */
void ck_handle_free(void *handle, ck_type type);

/* Sets as the detail of a call why a handle is not valid. */
void ck_handle_invalid(const void *handle);

/* Counts one more counter of the slot as drained. */
void ck_slot_drained(ck_slot *slot);

static inline ck_slot *ck_slot_of(const void *handle, ck_type type)
{
    uint64_t h = (uint64_t)(uintptr_t)handle;
    uint32_t index = (uint32_t)h - 1;
    if ((h >> 32 & ((1 << CK_TYPE_BITS) - 1)) != (uint64_t)type || index >= CK_CHUNK * CK_CHUNKS)
        return NULL;
    ck_slot *chunk = atomic_load_explicit(&ck_chunks[index / CK_CHUNK], memory_order_acquire);
    return chunk == NULL ? NULL : &chunk[index % CK_CHUNK];
}

/* Holds the object of a handle for one call; false if the handle is not valid. */
static inline bool ck_acquire(const void *handle, ck_type type, ck_ref *ref)
{
    ck_slot *slot = ck_slot_of(handle, type);
    if (slot == NULL)
        return false;
    uint32_t counter = ck_thread % CK_COUNTERS;
    ck_word *word = &slot->counter[counter].word;
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    do {
        if (seen >> 32 != (uint64_t)(uintptr_t)handle >> 32 || (seen & CK_LIVE) == 0)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        word, &seen, seen + 1, memory_order_acquire, memory_order_relaxed));
    *ref = (ck_ref){slot, (uint32_t)(uintptr_t)handle - 1, counter};
    return true;
}

static inline void ck_release(ck_ref ref)
{
    uint64_t before =
        atomic_fetch_sub_explicit(&ref.slot->counter[ref.counter].word, 1, memory_order_acq_rel);
    if ((before & (CK_LIVE | CK_CALLS)) == 1)
        ck_slot_drained(ref.slot);
}

#endif
