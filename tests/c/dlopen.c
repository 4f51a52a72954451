/* A program that is not linked with the library: opens the one that its argument
 * names and passes calls, from a thread with the stack that the C library gives
 * it. Exits with 3 and the loader's message if the library cannot be opened. */
#include <cachekit.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEN = 1 << 20 };

static void *library;

static void *find(const char *name)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        printf("%s\n", dlerror());
        exit(1);
    }
    return symbol;
}

/* ISO C has no way from dlsym's pointer to a function, POSIX has. */
#define FIND(name) (*(__typeof__(&name) *)&(void *){find(#name)})

static void *seal_and_open(void *arg)
{
    static uint8_t data[LEN];
    static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";
    const uint8_t *name = (const uint8_t *)"k";
    uint8_t *sealed = NULL, *back = NULL;
    size_t sealed_len = 0, back_len = 0;
    CachekitKeyring *keyring = NULL;
    for (size_t i = 0; i < LEN; i++)
        data[i] = (uint8_t)(i * i >> 8);
    bool good =
        FIND(cachekit_keyring_new)(key, 32, NULL, NULL, 0, name, 1, &keyring) == CACHEKIT_OK &&
        FIND(cachekit_keyring_seal)(keyring, NULL, name, 1, data, LEN, &sealed, &sealed_len) ==
            CACHEKIT_OK &&
        FIND(cachekit_keyring_open)(
            keyring, NULL, name, 1, sealed, sealed_len, &back, &back_len, NULL) == CACHEKIT_OK &&
        back_len == LEN && memcmp(back, data, LEN) == 0;
    FIND(cachekit_free_buffer)(sealed);
    FIND(cachekit_free_buffer)(back);
    FIND(cachekit_keyring_free)(keyring);
    return good ? NULL : arg;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *failed = argv;
    alarm(60);
    if (argc != 2)
        return 2;
    library = dlopen(argv[1], RTLD_NOW);
    if (library == NULL) {
        printf("%s\n", dlerror());
        return 3;
    }
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread, NULL, seal_and_open, argv) != 0 ||
            pthread_join(thread, &failed) != 0 || failed != NULL) {
            printf("a call failed\n");
            return 1;
        }
    printf("works\n");
    return 0;
}
