/* Memory that the library gives out, and the wiping of memory. */
#ifndef CK_BUFFER_H
#define CK_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* From this size on a buffer is a mapping of its own, which can grow without a
 * copy. glibc's malloc would make one anyway (DEFAULT_MMAP_THRESHOLD_MAX in
 * mallopt(3)). */
#define CK_MAPPED_FROM ((size_t)32 << 20)

/* A buffer for size bytes, aligned to 64 bytes, of which none are in use; size 0
 * gives one like any other. NULL if there is no memory, which is then the detail of the
 * call. */
uint8_t *ck_buffer_new(size_t size);

/* Gives a buffer room for size bytes, its content kept, and returns where it is
 * now. Where that would take a copy, it returns NULL and leaves the buffer as it
 * was. */
uint8_t *ck_buffer_grow(uint8_t *buffer, size_t size);

/* Sets how many bytes of a buffer are in use. Freeing wipes those and no more,
 * since wiping the rest would touch pages that were never used. */
void ck_buffer_use(uint8_t *buffer, size_t used);

/* Wipes and frees a buffer. Ignores NULL, and other pointers that it can tell are
 * no buffer. */
void ck_buffer_free(uint8_t *buffer);

void ck_wipe(void *memory, size_t len);

#endif
