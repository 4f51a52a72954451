#define _GNU_SOURCE
#include "buffer.h"

#include "detail.h"
#include "platform.h"

#include <stdlib.h>
#include <string.h>

/* What stands in front of each buffer. */
typedef struct prefix {
    uint64_t magic;
    uint64_t check;  /* mixes the address and the fields below */
    size_t used;     /* bytes to wipe */
    size_t mapped;   /* size of the mapping, or 0 for malloc's memory */
    uintptr_t start; /* of the mapping or of malloc's memory */
    uint64_t unused[3];
} prefix;

enum { ALIGNMENT = 64, PAGE = 4096 };
_Static_assert(sizeof(prefix) == ALIGNMENT, "the prefix keeps the buffer aligned");

#define ALIVE UINT64_C(0x6b63616368656b69)
#define FREED UINT64_C(0x6b63616368656b00)

static uint64_t check_of(const prefix *p)
{
    uint64_t h = (uint64_t)(uintptr_t)p ^ p->magic;
    h = (h ^ p->used) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ p->mapped) * UINT64_C(0xff51afd7ed558ccd);
    return (h ^ p->start) * UINT64_C(0x9e3779b97f4a7c15);
}

/* The prefix of a buffer that is alive, or NULL. A buffer is aligned and never at
 * the start of a page. So whatever a pointer with these two properties points to,
 * the 64 bytes in front of it are on its own page and can be read. */
static prefix *prefix_of(void *buffer)
{
    uintptr_t address = (uintptr_t)buffer;
    if (address == 0 || address % ALIGNMENT != 0 || address % PAGE == 0)
        return NULL;
    prefix *p = (prefix *)buffer - 1;
    return p->magic == ALIVE && p->check == check_of(p) ? p : NULL;
}

static uint8_t *place(uintptr_t start, size_t mapped)
{
    uintptr_t address = (start + sizeof(prefix) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (address % PAGE == 0)
        address += ALIGNMENT;
    prefix *p = (prefix *)address - 1;
    *p = (prefix){.magic = ALIVE, .mapped = mapped, .start = start};
    p->check = check_of(p);
    return (uint8_t *)address;
}

/* The memory that a buffer of size bytes takes: prefix, alignment, and the step
 * away from the start of a page. Aligning here costs less than posix_memalign,
 * which takes more and gives the rest back. */
static size_t with_prefix(size_t size) { return size + sizeof(prefix) + 2 * ALIGNMENT; }

static size_t whole_pages(size_t size) { return (size + PAGE - 1) / PAGE * PAGE; }

static uint8_t *no_memory(size_t size)
{
    ck_detail_memory(size);
    return NULL;
}

uint8_t *ck_buffer_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        return no_memory(size);
    if (size >= CK_MAPPED_FROM) {
        size_t mapped = whole_pages(with_prefix(size));
        void *start = ck_pages_new(mapped);
        return start == NULL ? no_memory(size) : place((uintptr_t)start, mapped);
    }
    void *start = malloc(with_prefix(size));
    return start == NULL ? no_memory(size) : place((uintptr_t)start, 0);
}

uint8_t *ck_buffer_grow(uint8_t *buffer, size_t size)
{
    prefix *p = prefix_of(buffer);
    if (p == NULL || p->mapped == 0 || size > SIZE_MAX / 2)
        return NULL;
    size_t used = p->used, mapped = whole_pages(with_prefix(size));
    void *start = ck_pages_resize((void *)p->start, p->mapped, mapped);
    if (start == NULL)
        return NULL;
    buffer = place((uintptr_t)start, mapped);
    ck_buffer_use(buffer, used);
    return buffer;
}

void ck_buffer_use(uint8_t *buffer, size_t used)
{
    prefix *p = (prefix *)buffer - 1;
    p->used = used;
    p->check = check_of(p);
}

void ck_buffer_free(uint8_t *buffer)
{
    prefix *p = prefix_of(buffer);
    if (p == NULL)
        return;
    size_t mapped = p->mapped;
    void *start = (void *)p->start;
    ck_wipe(buffer, p->used);
    p->magic = FREED;
    p->check = 0;
    if (mapped != 0)
        ck_pages_free(start, mapped);
    else
        free(start);
}

void ck_wipe(void *memory, size_t len)
{
    if (memory == NULL || len == 0)
        return;
    memset(memory, 0, len);
    /* Tells the compiler that the memory may be read after this, so that it does
     * not leave out the call above. */
    __asm__ __volatile__("" : : "r"(memory) : "memory");
}
