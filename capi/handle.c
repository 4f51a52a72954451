#include "handle.h"

#include "ckgo.h"
#include "detail.h"
#include "fpmode.h"
#include "platform.h"
#include "probe.h"

#include <string.h>

_Atomic(ck_slot *) ck_chunks[CK_CHUNKS];

static ck_lock lock = CK_LOCK_INIT; /* of the two below */
static uint32_t first_free;         /* slot + 1, or 0 */
static uint32_t slots;              /* ever used */

/* The serial number is the generation without the type. */
#define SERIAL_STEP (UINT64_C(1) << (32 + CK_TYPE_BITS))

bool ck_slot_take(ck_ref *ref)
{
    bool taken = false;
    const char *why = "no memory for another handle";
    ck_lock_take(&lock);
    if (first_free != 0) {
        uint32_t index = first_free - 1;
        *ref = (ck_ref){&ck_chunks[index / CK_CHUNK][index % CK_CHUNK], index, 0};
        first_free = ref->slot->counter[0].next_free;
        taken = true;
    } else if (slots < CK_CHUNK * CK_CHUNKS) {
        uint32_t index = slots;
        ck_slot *chunk = ck_chunks[index / CK_CHUNK];
        if (chunk == NULL && ck_probe_objects()) {
            void *memory = ck_aligned_new(_Alignof(ck_slot), CK_CHUNK * sizeof(ck_slot));
            if (memory != NULL) {
                chunk = memset(memory, 0, CK_CHUNK * sizeof(ck_slot));
                atomic_store_explicit(&ck_chunks[index / CK_CHUNK], chunk, memory_order_release);
            }
        }
        if (chunk != NULL) {
            slots++;
            *ref = (ck_ref){&chunk[index % CK_CHUNK], index, 0};
            ref->slot->counter[0].index = index;
            taken = true;
        }
    } else {
        why = "all 1048576 handles are in use";
    }
    ck_lock_give(&lock);
    if (!taken)
        ck_detail_is(why);
    return taken;
}

void ck_slot_return(ck_ref ref)
{
    ck_lock_take(&lock);
    ref.slot->counter[0].next_free = first_free;
    first_free = ref.index + 1;
    ck_lock_give(&lock);
}

void *ck_slot_publish(ck_ref ref, ck_type type)
{
    uint64_t word = atomic_load_explicit(&ref.slot->counter[0].word, memory_order_relaxed);
    word = (word & ~(SERIAL_STEP - 1)) | (uint64_t)type << 32;
    atomic_store_explicit(&ref.slot->counter[0].drained, 0, memory_order_relaxed);
    for (int i = 0; i < CK_COUNTERS; i++)
        atomic_store_explicit(&ref.slot->counter[i].word, word | CK_LIVE, memory_order_release);
    return (void *)(uintptr_t)(word | (ref.index + 1));
}

/* Whether there is an object behind a handle now. */
static bool is_live(const void *handle, ck_type type)
{
    ck_slot *slot = ck_slot_of(handle, type);
    uint64_t seen = slot == NULL ? 0 : atomic_load(&slot->counter[0].word);
    return (seen & CK_LIVE) != 0 && seen >> 32 == (uint64_t)(uintptr_t)handle >> 32;
}

void ck_handle_invalid(const void *handle)
{
    ck_detail_is(handle == NULL                     ? "the handle is NULL"
                 : is_live(handle, CK_BYTE_STORAGE) ? "the handle is that of a storage"
                 : is_live(handle, CK_ENCRYPTOR)    ? "the handle is that of an encryptor"
                 : is_live(handle, CK_KEYRING)      ? "the handle is that of a keyring"
                                                    : "the handle was freed, or never was one");
}

void ck_handle_free(void *handle, ck_type type)
{
    ck_slot *slot = ck_slot_of(handle, type);
    if (slot == NULL)
        return;
    /* Several threads may free at once. Each goes over all live bits and takes
     * those that are still there, so that when any of them returns the handle is
     * invalid. The object may be gone before that, and another one be in its slot:
     * that has another generation, and keeps its bits. */
    for (int i = 0; i < CK_COUNTERS; i++) {
        ck_word *word = &slot->counter[i].word;
        uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
        while (seen >> 32 == (uint64_t)(uintptr_t)handle >> 32 && (seen & CK_LIVE) != 0)
            if (atomic_compare_exchange_weak_explicit(
                    word, &seen, seen & ~CK_LIVE, memory_order_acq_rel, memory_order_relaxed)) {
                if ((seen & CK_CALLS) == 0)
                    ck_slot_drained(slot);
                break;
            }
    }
}

void ck_slot_drained(ck_slot *slot)
{
    if (atomic_fetch_add_explicit(&slot->counter[0].drained, 1, memory_order_acq_rel) + 1 <
        CK_COUNTERS)
        return;
    uint32_t index = slot->counter[0].index;
    uint64_t word = atomic_load_explicit(&slot->counter[0].word, memory_order_relaxed);
    CK_GO((ckgo_destroy(index, slot->counter[0].object), 0));

    uint64_t next = (word & ~(SERIAL_STEP - 1)) + SERIAL_STEP;
    for (int i = 0; i < CK_COUNTERS; i++)
        atomic_store_explicit(&slot->counter[i].word, next, memory_order_relaxed);
    /* After the last serial number the slot is never used again. */
    if (next != 0)
        ck_slot_return((ck_ref){slot, index, 0});
}
