/* What the C files need of the operating system: locks, memory, the end of a thread,
 * and variables of the environment. Each system has these functions in a file of
 * its own. What Windows does not need, such as the start of Go at the first call, is
 * in the files that begin with go:build !windows. */
#ifndef CK_PLATFORM_H
#define CK_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

/* Both have
 *
 *  ck_lock, CK_LOCK_INIT       a lock, of which no thread takes two
 *  ck_lock_take, ck_lock_give
 *  ck_once, CK_ONCE_INIT       whether something was done
 *  ck_once_do                  does it, unless it was
 *  ck_at_end                   a key: calls a function when a thread ends that has
 *                              set it
 *  ck_at_end_new               false if there is no key left
 *  ck_at_end_drop              of a key that no thread has set
 *  ck_at_end_set               sets what the function is called with; false without memory
 *  ck_aligned_new              memory that stays for ever; NULL if there is none
 *  ck_pages_new                pages of zeros, a multiple of 4 KiB; NULL if there are none
 *  ck_pages_resize             the same pages, perhaps elsewhere; NULL, and nothing has
 *                              changed, where that would take a copy
 *  ck_pages_free
 *  ck_variable                 sets value to that of a variable, or NULL; false without
 *                              memory
 *  ck_variable_end             after use, with what ck_variable set
 */
#ifdef _WIN32
#include "platform_windows.h"
#else
#include "platform_posix.h"
#endif

#endif
