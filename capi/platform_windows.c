#include "platform.h"

#include "buffer.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

_Static_assert(sizeof(ck_lock) == sizeof(SRWLOCK), "a lock is one word, of zeros at first");
_Static_assert(sizeof(ck_once) == sizeof(INIT_ONCE), "a once is one word, of zeros at first");

void ck_lock_take(ck_lock *lock) { AcquireSRWLockExclusive((SRWLOCK *)lock); }

void ck_lock_give(ck_lock *lock) { ReleaseSRWLockExclusive((SRWLOCK *)lock); }

void ck_once_do(ck_once *once, void (*what)(void))
{
    BOOL first = FALSE;
    if (InitOnceBeginInitialize((INIT_ONCE *)once, 0, &first, NULL) && first) {
        what();
        InitOnceComplete((INIT_ONCE *)once, 0, NULL);
    }
}

/* Windows has such a function for each fiber only, which may end in another thread than
 * the one that it began in. mingw-w64 has one for threads, for gcc's own use. */
int ___w64_mingwthr_add_key_dtor(DWORD key, void (*what)(void *));
int ___w64_mingwthr_remove_key_dtor(DWORD key);

bool ck_at_end_new(ck_at_end *key, void (*what)(void *))
{
    *key = TlsAlloc();
    if (*key == TLS_OUT_OF_INDEXES)
        return false;
    if (___w64_mingwthr_add_key_dtor(*key, what) == 0)
        return true;
    TlsFree(*key);
    return false;
}

void ck_at_end_drop(ck_at_end key)
{
    ___w64_mingwthr_remove_key_dtor(key);
    TlsFree(key);
}

bool ck_at_end_set(ck_at_end key, void *with) { return TlsSetValue(key, with); }

void *ck_aligned_new(size_t alignment, size_t size) { return _aligned_malloc(size, alignment); }

void *ck_pages_new(size_t size)
{
    return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

/* Windows cannot move pages. */
void *ck_pages_resize(void *pages, size_t old_size, size_t size)
{
    (void)pages, (void)old_size, (void)size;
    return NULL;
}

void ck_pages_free(void *pages, size_t size)
{
    (void)size;
    VirtualFree(pages, 0, MEM_RELEASE);
}

/* Not getenv, which reads a copy that belongs to one of the C libraries that a process
 * may have: what a program sets by the functions of another would not be in it. */
bool ck_variable(const char *name, const char **value)
{
    *value = NULL;
    DWORD size = GetEnvironmentVariableA(name, NULL, 0); /* with the NUL; 0 if it is not set */
    while (size != 0) {
        char *text = malloc(size);
        if (text == NULL)
            return false;
        DWORD len = GetEnvironmentVariableA(name, text, size);
        if (len < size) {
            text[len] = '\0';
            *value = text;
            return true;
        }
        /* Another thread has made it longer. */
        ck_wipe(text, size);
        free(text);
        size = len;
    }
    return true;
}

/* The value may be a key. */
void ck_variable_end(const char *value)
{
    char *text = (char *)(uintptr_t)value;
    if (text != NULL)
        ck_wipe(text, strlen(text));
    free(text);
}
