/* A program that is not linked with the library: loads it, uses it in threads that end,
 * and lets it go, after which it must still be there. Exits with 0 if all was well. */
#include <cachekit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static HMODULE library;

static FARPROC find(const char *name)
{
    FARPROC function = GetProcAddress(library, name);
    if (function == NULL) {
        printf("there is no %s\n", name);
        exit(1);
    }
    return function;
}

#define FIND(name) ((__typeof__(&name))(void (*)(void))find(#name))

static DWORD WINAPI seal_and_open(void *unused)
{
    static const uint8_t master[32] = "0123456789abcdef0123456789abcdef", data[] = "some data";
    uint8_t *sealed = NULL, *back = NULL;
    size_t sealed_len = 0, back_len = 0;
    CachekitKeyring *keyring = NULL;
    (void)unused;
    bool good =
        FIND(cachekit_keyring_new)(master, 32, NULL, NULL, 0, master, 4, &keyring) == CACHEKIT_OK &&
        FIND(cachekit_keyring_seal)(
            keyring, NULL, data, 4, data, sizeof data, &sealed, &sealed_len) == CACHEKIT_OK &&
        FIND(cachekit_keyring_open)(
            keyring, NULL, data, 4, sealed, sealed_len, &back, &back_len, NULL) == CACHEKIT_OK &&
        back_len == sizeof data && memcmp(back, data, sizeof data) == 0;
    /* A text of its own, which is freed when the thread ends. */
    sealed[sealed_len - 1] ^= 1;
    good &= FIND(cachekit_keyring_open)(keyring, NULL, data, 4, sealed, 10, &back, &back_len,
                NULL) == CACHEKIT_INVALID_INPUT &&
            strlen(FIND(cachekit_last_error_detail)()) > 0;
    FIND(cachekit_free_buffer)(back);
    FIND(cachekit_free_buffer)(sealed);
    FIND(cachekit_keyring_free)(keyring);
    return good ? 0 : 1;
}

static bool in_a_thread(void)
{
    DWORD code = 1;
    HANDLE thread = CreateThread(NULL, 0, seal_and_open, NULL, 0, NULL);
    if (thread != NULL && WaitForSingleObject(thread, 60000) == WAIT_OBJECT_0)
        GetExitCodeThread(thread, &code);
    return code == 0;
}

int main(void)
{
    const char *name = "libcachekit_core.dll";
    library = LoadLibraryA(name);
    if (library == NULL || !in_a_thread()) {
        printf("it cannot be loaded or used, error %lu\n", GetLastError());
        return 1;
    }
    for (int i = 0; i < 3; i++)
        FreeLibrary(library);
    if (GetModuleHandleA(name) != library || !in_a_thread()) {
        printf("it is gone after FreeLibrary\n");
        return 1;
    }
    printf("loading: it can be loaded, used and let go\n");
    return 0;
}
