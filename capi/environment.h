/* The arguments, environment and auxiliary vector that Go sees. */
#ifndef CK_ENVIRONMENT_H
#define CK_ENVIRONMENT_H

/* An argv of one element, and behind it what the kernel puts behind that of a
 * program: the environment as it is now, and the auxiliary vector. NULL if there is
 * no memory. Go keeps pointers into it, so it is never freed. */
char **ck_environment(void);

#endif
