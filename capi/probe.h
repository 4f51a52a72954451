/* Whether Go could start: if it fails amid its start it ends the process. */
#ifndef CK_PROBE_H
#define CK_PROBE_H

#include <stdbool.h>

/* Takes for a moment what Go takes at its start: address space, memory and
 * threads. False if something is not to be had. */
bool ck_probe(void);

#endif
