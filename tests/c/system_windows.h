/* system.h on Windows. <windows.h> stays in system_windows.c, since it defines short
 * names as macros. */
#ifndef SYSTEM_WINDOWS_H
#define SYSTEM_WINDOWS_H

/* What printf of mingw-w64 understands, where _GNU_SOURCE is defined. */
#define CHECK_FORMAT gnu_printf

/* At each call of a thread of C, Go asks Windows for several things, and wine takes
 * 30 microseconds or more to answer. */
#define CHECK_COSTLY_CALLS true

/* Of the functions to be called before main, the last in a file comes first. */
#define CHECK_LAST_FIRST true

/* The clock ticks every 100 ns, and a call may take less. */
#define CHECK_COARSE_CLOCK true

void check_begin(void);
void check_deadline(unsigned seconds);
const char *check_name(const char *program);
int check_spawn(const char *child);
bool check_exited(int status, int code);
uint8_t *reserve(size_t n);
void release(void *p, size_t n);
bool forbid(void *p, size_t n);
bool freeze(void *p, size_t n);
size_t page_size(void);
bool peek(const void *at, void *copy, size_t n);
size_t memory_status(const char *field);
size_t allocated(void);

/* What mingw-w64 lacks. The variables are those of the process, not of one of its C
 * libraries. */
int setenv(const char *name, const char *value, int replace);
int unsetenv(const char *name);
void *memmem(const void *in, size_t in_len, const void *what, size_t len);

#endif
