/* A library that uses this one in its constructor or destructor. */
#include <cachekit.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int early_library(void);
int early_library(void) { return 1; }

static void use(const char *when)
{
    const char *wanted = getenv("CHECK_EARLY");
    CachekitEncryptor *encryptor;
    if (wanted == NULL || strcmp(wanted, when) != 0)
        return;
    encryptor = cachekit_encryptor_new(NULL);
    if (encryptor == NULL)
        _exit(9);
    cachekit_encryptor_free(encryptor);
}

__attribute__((constructor)) static void begin(void) { use("constructor"); }
__attribute__((destructor)) static void end(void) { use("destructor"); }
