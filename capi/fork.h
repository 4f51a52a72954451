/* Tells whether this process was forked after the library was loaded. */
#ifndef CK_FORK_H
#define CK_FORK_H

#include <stdbool.h>

/* Points to a byte that is 1, and reads as 0 in every forked child. */
extern const volatile unsigned char *ck_fork_canary;

/* Go's threads exist only in the process that loaded the library. In a forked
 * child a call may work and then hang, so every call asks first. */
static inline bool ck_forked(void) { return *ck_fork_canary == 0; }

#endif
