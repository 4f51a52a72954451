#include "probe.h"

#include "detail.h"

#include <stddef.h>
#include <stdlib.h>

bool ck_probe_malloc(void)
{
    void *volatile p = malloc(1);
    free(p);
    if (p == NULL)
        ck_detail_is("no memory for another handle");
    return p != NULL;
}
