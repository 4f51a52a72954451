#include "start.h"

#include <windows.h>

/* Go starts when the library is loaded, on a thread of its own, and a process cannot
 * fork: so Go can be called from the first instruction on. A call that comes
 * before Go is ready waits inside. */
static ck_byte running = CK_RUNNING;
_Atomic(ck_byte *) ck_canary = &running;

bool ck_refuse_forked(void) { return false; }

CachekitError ck_make_ready(void)
{
    ck_thread_prepare();
    return CACHEKIT_OK;
}

/* Go's threads never end: their code must stay where it is after FreeLibrary too. */
__attribute__((constructor)) static void stay(void)
{
    HMODULE library;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
        (LPCWSTR)(void *)&running, &library);
}
