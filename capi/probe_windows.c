#include "probe.h"

#include "platform.h"

/* What Go's heap takes to grow, and what the objects of a chunk of slots take: see
 * probe_posix.c. Memory that is committed counts, even if nothing is written to it. */
#define GROWTH ((size_t)96 << 20)

bool ck_probe_objects(void)
{
    void *pages = ck_pages_new(GROWTH);
    if (pages != NULL)
        ck_pages_free(pages, GROWTH);
    return pages != NULL;
}
