/* What system_posix.h includes on Linux. */
#ifndef SYSTEM_LINUX_H
#define SYSTEM_LINUX_H

#define CHECK_COARSE_CLOCK false

static inline bool check_program(char *path, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", path, size - 1);
    if (len > 0)
        path[len] = '\0';
    return len > 0;
}

static inline bool peek(const void *at, void *copy, size_t n)
{
    int fd = open("/proc/self/mem", O_RDONLY);
    bool there = fd >= 0 && pread(fd, copy, n, (off_t)(uintptr_t)at) == (ssize_t)n;
    if (fd >= 0)
        close(fd);
    return there;
}

/* /proc/self/status counts in KiB. */
static inline size_t memory_status(const char *field)
{
    char line[256];
    size_t kib = 0, len = strlen(field);
    FILE *f = fopen("/proc/self/status", "r");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, len) == 0 && line[len] == ':')
            kib = strtoul(line + len + 1, NULL, 10);
    fclose(f);
    return kib << 10;
}

static inline size_t allocated(void) { return memory_status("VmRSS"); }

#endif
