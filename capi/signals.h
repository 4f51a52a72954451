/* Keeps the program's signals away from Go's threads. */
#ifndef CK_SIGNALS_H
#define CK_SIGNALS_H

#include <signal.h>

/* Blocks in this thread, which is about to start Go, what Go's threads are to
 * block: the first of them inherits this thread's mask, and all keep it. before
 * receives the mask as it was. */
void ck_signals_block(sigset_t *before);

#endif
