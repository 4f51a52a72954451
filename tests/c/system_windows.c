#include "system.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line ends with one character, as on Linux. */
void check_begin(void)
{
    _setmode(_fileno(stdout), _O_BINARY);
    _fmode = _O_BINARY;
}

static DWORD WINAPI check_end_after(void *seconds)
{
    Sleep((DWORD)(uintptr_t)seconds * 1000);
    TerminateProcess(GetCurrentProcess(), 1);
    return 0;
}

void check_deadline(unsigned seconds)
{
    CloseHandle(CreateThread(NULL, 0, check_end_after, (void *)(uintptr_t)seconds, 0, NULL));
}

const char *check_name(const char *program)
{
    const char *slash = strrchr(program, '\\');
    return slash != NULL ? slash + 1 : program;
}

int check_spawn(const char *child)
{
    char program[MAX_PATH], line[MAX_PATH + 100];
    STARTUPINFOA how = {.cb = sizeof how};
    PROCESS_INFORMATION process;
    DWORD status = 1;
    DWORD len = GetModuleFileNameA(NULL, program, sizeof program);
    if (len == 0 || len == sizeof program)
        return -1;
    (void)snprintf(line, sizeof line, "\"%s\" --child %s", program, child);
    if (!CreateProcessA(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &how, &process))
        return -1;
    if (WaitForSingleObject(process.hProcess, CHECK_CHILD_SECONDS * 1000) != WAIT_OBJECT_0)
        TerminateProcess(process.hProcess, 1);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &status);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return (int)status;
}

bool check_exited(int status, int code) { return status == code; }

uint8_t *reserve(size_t n)
{
    return VirtualAlloc(NULL, n, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void release(void *p, size_t n)
{
    (void)n;
    VirtualFree(p, 0, MEM_RELEASE);
}

bool forbid(void *p, size_t n)
{
    DWORD before;
    return VirtualProtect(p, n, PAGE_NOACCESS, &before);
}

bool freeze(void *p, size_t n)
{
    DWORD before;
    return VirtualProtect(p, n, PAGE_READONLY, &before);
}

size_t page_size(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}

bool peek(const void *at, void *copy, size_t n)
{
    SIZE_T got = 0;
    return ReadProcessMemory(GetCurrentProcess(), at, copy, n, &got) && got == n;
}

size_t memory_status(const char *field)
{
    PROCESS_MEMORY_COUNTERS counters;
    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters))
        return 0;
    return strcmp(field, "VmRSS") == 0    ? counters.WorkingSetSize
           : strcmp(field, "VmHWM") == 0  ? counters.PeakWorkingSetSize
           : strcmp(field, "VmSize") == 0 ? counters.PagefileUsage
           : strcmp(field, "VmPeak") == 0 ? counters.PeakPagefileUsage
                                          : 0;
}

size_t allocated(void)
{
    HANDLE heaps[64];
    DWORD count = GetProcessHeaps(64, heaps);
    size_t sum = 0;
    for (DWORD i = 0; i < count && i < 64; i++) {
        PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
        HeapLock(heaps[i]);
        while (HeapWalk(heaps[i], &entry))
            if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0)
                sum += entry.cbData;
        HeapUnlock(heaps[i]);
    }
    return sum;
}

int setenv(const char *name, const char *value, int replace)
{
    if (!replace && GetEnvironmentVariableA(name, NULL, 0) != 0)
        return 0;
    return SetEnvironmentVariableA(name, value) ? 0 : -1;
}

int unsetenv(const char *name)
{
    SetEnvironmentVariableA(name, NULL);
    return 0;
}

void *memmem(const void *in, size_t in_len, const void *what, size_t len)
{
    const char *from = in;
    for (size_t i = 0; i + len <= in_len; i++)
        if (memcmp(from + i, what, len) == 0)
            return (void *)(uintptr_t)(from + i);
    return NULL;
}
