/* bcryptprimitives.dll, which Go takes random bytes from and wine 8 does not have. */
#include <windows.h>

#include <ntsecapi.h> /* RtlGenRandom, whose other name is SystemFunction036 */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len)
{
    return RtlGenRandom(data, (ULONG)len);
}
