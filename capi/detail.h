/* What cachekit_last_error_detail says: the reason for the last failed call of this
 * thread. Whoever fails sets it, with or without a text; who succeeds leaves it alone,
 * so that it costs a successful call nothing. */
#ifndef CK_DETAIL_H
#define CK_DETAIL_H

#include <stddef.h>

/* Sets a text that stays where it is for ever; "" for none. */
void ck_detail_is(const char *constant);

/* Sets a copy of a text. Without memory for it there is none. */
void ck_detail_copy(const char *text, size_t len);

/* Sets that a struct of the caller's says it has so many bytes, of which needed are. */
void ck_detail_struct(size_t said, size_t needed);

/* Sets that there is no memory for so many bytes. */
void ck_detail_memory(size_t wanted);

/* Sets that the process was forked from one that had started. */
void ck_detail_forked(long started_by);

#endif
