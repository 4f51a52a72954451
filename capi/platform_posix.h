/* platform.h on Linux and its like. */
#ifndef CK_PLATFORM_POSIX_H
#define CK_PLATFORM_POSIX_H

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

typedef pthread_mutex_t ck_lock;
#define CK_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
static inline void ck_lock_take(ck_lock *lock) { pthread_mutex_lock(lock); }
static inline void ck_lock_give(ck_lock *lock) { pthread_mutex_unlock(lock); }

typedef pthread_once_t ck_once;
#define CK_ONCE_INIT PTHREAD_ONCE_INIT
static inline void ck_once_do(ck_once *once, void (*what)(void)) { pthread_once(once, what); }

typedef pthread_key_t ck_at_end;
static inline bool ck_at_end_new(ck_at_end *key, void (*what)(void *))
{
    return pthread_key_create(key, what) == 0;
}
static inline void ck_at_end_drop(ck_at_end key) { pthread_key_delete(key); }
static inline bool ck_at_end_set(ck_at_end key, void *with)
{
    return pthread_setspecific(key, with) == 0;
}

static inline void *ck_aligned_new(size_t alignment, size_t size)
{
    void *memory = NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static inline void *ck_pages_new(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static inline void *ck_pages_resize(void *pages, size_t old_size, size_t size)
{
#ifdef MREMAP_MAYMOVE /* for which a file must define _GNU_SOURCE */
    void *moved = mremap(pages, old_size, size, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
#else
    (void)pages, (void)old_size, (void)size;
    return NULL;
#endif
}

static inline void ck_pages_free(void *pages, size_t size) { munmap(pages, size); }

static inline bool ck_variable(const char *name, const char **value)
{
    *value = getenv(name);
    return true;
}
static inline void ck_variable_end(const char *value) { (void)value; }

#endif
