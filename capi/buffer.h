/* Memory that the library gives out, and the wiping of memory. */
#ifndef CK_BUFFER_H
#define CK_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* From this size on a buffer is its own mapping, which can grow without a
 * copy. It is where glibc's allocator would map it anyway
 * (DEFAULT_MMAP_THRESHOLD_MAX in mallopt(3)). */
#define CK_MAPPED_FROM ((size_t)32 << 20)

/* A buffer for size bytes, aligned to 64, or NULL without memory. Its used
 * length is 0. Never NULL for size 0. */
uint8_t *ck_buffer_new(size_t size);

/* The same buffer, possibly moved, with room for size bytes and its first
 * bytes kept; NULL, and the buffer as it was, if that cannot be done without
 * copying. */
uint8_t *ck_buffer_grow(uint8_t *buffer, size_t size);

/* Sets how many bytes are in use; freeing wipes those and no more, since
 * wiping the rest would touch pages that were never used. */
void ck_buffer_use(uint8_t *buffer, size_t used);

/* Wipes and frees. Ignores NULL and what it can tell is no buffer. */
void ck_buffer_free(uint8_t *buffer);

void ck_wipe(void *memory, size_t len);

#endif
