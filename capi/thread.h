/* What a thread of the program gets before its first call into Go. */
#ifndef CK_THREAD_H
#define CK_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* The number of this thread, which says which of a handle's counters it uses; 0
 * before its first call. The model is the one that needs no call to find the
 * variable; on Windows gcc makes a call all the same. */
extern _Thread_local uint32_t ck_thread __attribute__((tls_model("initial-exec")));

/* Once, before any thread is prepared; false without memory. */
bool ck_thread_init(void);

/* Numbers this thread and gives it a stack for signal handlers. */
void ck_thread_prepare(void);

#endif
