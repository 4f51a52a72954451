/* Whether Go can have what it is about to take. It ends the process if it cannot. */
#ifndef CK_PROBE_H
#define CK_PROBE_H

#include <stdbool.h>

/* Takes for a moment what Go takes at its start: address space, memory and
 * threads. NULL, or what is not to be had, in a constant. */
const char *ck_probe(void);

/* The same for what Go's heap takes to hold the objects of one more chunk of slots. */
bool ck_probe_objects(void);

/* Whether malloc has a few bytes, which the next call of this thread will get. */
bool ck_probe_malloc(void);

#endif
