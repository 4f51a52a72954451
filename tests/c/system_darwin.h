/* What system_posix.h includes on macOS. */
#ifndef SYSTEM_DARWIN_H
#define SYSTEM_DARWIN_H

#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <malloc/malloc.h>

/* On arm64 the clock ticks every 42 ns, and a call may take less. */
#define CHECK_COARSE_CLOCK true

static inline bool check_program(char *path, size_t size)
{
    uint32_t room = (uint32_t)size;
    return _NSGetExecutablePath(path, &room) == 0;
}

static inline bool peek(const void *at, void *copy, size_t n)
{
    vm_size_t got = 0;
    return vm_read_overwrite(mach_task_self(), (vm_address_t)(uintptr_t)at, n,
               (vm_address_t)(uintptr_t)copy, &got) == KERN_SUCCESS &&
           got == n;
}

/* Of the address space macOS does not say how large it was at most. The system takes and
 * gives back parts of it, so a test that compares its size with that of before sees more than
 * what the library did; what is in memory says enough. */
static inline size_t memory_status(const char *field)
{
    mach_task_basic_info_data_t info;
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
    if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &count) !=
        KERN_SUCCESS)
        return 0;
    bool most = strcmp(field, "VmHWM") == 0 || strcmp(field, "VmPeak") == 0;
    return most ? info.resident_size_max : info.resident_size;
}

static inline size_t allocated(void)
{
    malloc_statistics_t all;
    malloc_zone_statistics(NULL, &all);
    return all.size_in_use;
}

#endif
