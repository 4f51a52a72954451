/* platform.h on Windows. <windows.h> stays in platform_windows.c, since it defines
 * short names as macros. */
#ifndef CK_PLATFORM_WINDOWS_H
#define CK_PLATFORM_WINDOWS_H

#include <stdint.h>

typedef struct ck_lock {
    void *word; /* of an SRWLOCK */
} ck_lock;
#define CK_LOCK_INIT {NULL}
void ck_lock_take(ck_lock *lock);
void ck_lock_give(ck_lock *lock);

typedef struct ck_once {
    void *word; /* of an INIT_ONCE */
} ck_once;
#define CK_ONCE_INIT {NULL}
void ck_once_do(ck_once *once, void (*what)(void));

typedef uint32_t ck_at_end; /* an index of thread local storage */
bool ck_at_end_new(ck_at_end *key, void (*what)(void *));
void ck_at_end_drop(ck_at_end key);
bool ck_at_end_set(ck_at_end key, void *with);

void *ck_aligned_new(size_t alignment, size_t size);

void *ck_pages_new(size_t size);
void *ck_pages_resize(void *pages, size_t old_size, size_t size);
void ck_pages_free(void *pages, size_t size);

bool ck_variable(const char *name, const char **value);
void ck_variable_end(const char *value);

#endif
