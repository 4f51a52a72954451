/* What the tests need of the operating system. Each has these functions in a file of
 * its own:
 *
 *  CHECK_FORMAT, CHECK_COSTLY_CALLS, CHECK_LAST_FIRST, CHECK_COARSE_CLOCK
 *  check_begin     once, at the start of main
 *  check_deadline  ends this process after so many seconds
 *  check_name      the file name of a program, without its folders
 *  check_spawn     runs a CHILD of this program anew and returns its status: 0 if all its
 *                  checks held. What it leaves behind is ended.
 *  check_exited    whether that is the status of a process that ended with this exit code
 *  reserve         address space that costs no memory until it is written to, or NULL
 *  release         gives it back, all of it
 *  forbid          makes pages of it such that nobody can read them
 *  freeze          makes pages of it such that nobody can write to them
 *  page_size
 *  peek            reads memory that may have gone; false if it has
 *  memory_status   how much memory this process has, in bytes: VmRSS and VmHWM are what
 *                  is in memory now and was at most, VmSize and VmPeak what it has asked for
 *  allocated       how much malloc has given out, or where nobody counts that VmRSS
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHECK_CHILD_SECONDS = 300, CHECK_SECONDS = 900 }; /* nothing hangs for ever */

#ifdef _WIN32
#include "system_windows.h"
#else
#include "system_posix.h"
#endif

#endif
