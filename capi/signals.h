/* Keeps the program's signals away from Go's threads. */
#ifndef CK_SIGNALS_H
#define CK_SIGNALS_H

#include <signal.h>

/* Blocks in this thread what Go's threads shall block: they keep for ever the
 * mask that the first of them inherits. Called before Go starts. */
void ck_signals_block(sigset_t *before);

#endif
