/* The slots of handles at the end of their numbers. A test would take 2^30 objects to
 * get there, so this program has the table itself and puts a slot there. */
#include "check.h"

#include "../../capi/handle.c"

_Thread_local uint32_t ck_thread;
static int destroyed;

void ck_detail_is(const char *constant) { (void)constant; }

void ck_wipe(void *memory, size_t len) { memset(memory, 0, len); }

bool ck_probe_objects(void) { return true; }

void ckgo_destroy(uint32_t slot, void *object)
{
    (void)slot, (void)object;
    destroyed++;
}

static void *take(ck_ref *ref)
{
    CHECK(ck_slot_take(ref));
    return ck_slot_publish(*ref, CK_KEYRING);
}

/* How many of the slot's counters take the handle for a valid one. */
static int holds(void *handle)
{
    int n = 0;
    for (ck_thread = 0; ck_thread < CK_COUNTERS; ck_thread++) {
        ck_ref ref;
        if (ck_acquire(handle, CK_KEYRING, &ref)) {
            ck_release(ref);
            n++;
        }
    }
    return n;
}

TEST(a_slot_is_never_used_again_after_its_last_serial_number)
{
    ck_ref used, next;
    void *before = take(&used);
    ck_handle_free(before, CK_KEYRING);
    for (int i = 0; i < CK_COUNTERS; i++)
        atomic_store(&used.slot->counter[i].word, 0 - 2 * SERIAL_STEP);

    for (int left = 2; left > 0; left--) {
        CASE("%d numbers are left", left);
        void *handle = take(&next);
        CHECK_NUMBER(used.index, next.index);
        CHECK_NUMBER(CK_COUNTERS, holds(handle));
        CHECK_NUMBER(0, holds(before));
        ck_handle_free(handle, CK_KEYRING);
        CHECK_NUMBER(0, holds(handle));
    }
    CASE("no number is left");
    for (int i = 0; i < 3; i++) {
        void *handle = take(&next);
        CHECK(next.index != used.index);
        CHECK_NUMBER(CK_COUNTERS, holds(handle));
        CHECK_NUMBER(0, holds(before)); /* which had the first number */
        ck_handle_free(handle, CK_KEYRING);
    }
    CHECK_NUMBER(6, destroyed);
}
