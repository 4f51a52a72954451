//go:build !windows

#include "detail.h"

#include "ckgo.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* One text serves all threads of a process. It needs no memory from malloc, whose lock
 * may be held for ever in a child of clone(). */
static char forked[CACHEKIT_MAX_DETAIL_SIZE + 1];

void ck_detail_forked(long started_by)
{
    /* The process for which the text was written; negative while that is being done.
     * A child inherits it, with the text of its parent. */
    static _Atomic long written_for;
    long here = getpid(), seen = atomic_load(&written_for);
    ck_detail_is("forked after the library had started: call it in the children only");
    if (seen != here && seen != -here &&
        atomic_compare_exchange_strong(&written_for, &seen, -here)) {
        snprintf(forked, sizeof forked,
            "process %ld was forked from %ld, where the library had started: call it in the "
            "children only, after the fork",
            here, started_by);
        atomic_store(&written_for, here);
        seen = here;
    }
    if (seen == here)
        ck_detail_is(forked);
}
