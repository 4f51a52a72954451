/* Takes a file through the whole pipeline: derives the keys of a tenant, compresses,
 * encrypts, decrypts, decompresses, compares. --help says how to use it. */
#define _POSIX_C_SOURCE 200809L

#include <cachekit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DEFAULT_FILE "examples/data/orders.json"

static const char help[] =
    "usage: pipeline [--tenant NAME] [FILE]\n"
    "\n"
    "Compresses and encrypts FILE in memory, brings it back, compares, and prints\n"
    "sizes and times. Nothing is written. The master key is random, for this run.\n"
    "\n"
    "  --tenant NAME  whose keys to derive, 1 to 1024 bytes (default: acme)\n"
    "  FILE           1 byte to 512 MiB (default: " DEFAULT_FILE ",\n"
    "                 found from the repository's folder)\n"
    "\n"
    "examples:\n"
    "  build/pipeline\n"
    "  build/pipeline README.md\n"
    "  build/pipeline --tenant globex /var/log/syslog\n"
    "\n"
    "exit code: 0 if the file came back whole, 1 if not, 2 for a wrong command line\n";

/* What to do about a code. A library that is newer than this program may return
 * others. */
static const char *advice(CachekitError err)
{
    switch (err) {
    case CACHEKIT_OK: return "nothing to do";
    case CACHEKIT_INVALID_INPUT:
        return "the bytes are not what this call reads, or a name is empty or not UTF-8";
    case CACHEKIT_CHECKSUM_MISMATCH:
    case CACHEKIT_DECOMPRESSION_FAILED:
    case CACHEKIT_SIZE_VALIDATION_FAILED:
        return "the entry is damaged; treat it as a miss and compute the value again";
    case CACHEKIT_DECOMPRESSION_BOMB:
        return "no honest writer makes such an entry; treat it as a miss, delete it and find out "
               "who wrote it";
    case CACHEKIT_DECRYPTION_FAILED:
        return "another key, tenant or cache key wrote this entry, or it was changed; "
               "treat it as a miss";
    case CACHEKIT_ROTATION_NEEDED: return "the call succeeded; replace the encryptor soon";
    case CACHEKIT_COUNTER_EXHAUSTED:
        return "replace the encryptor; this one will not encrypt again";
    case CACHEKIT_INVALID_KEY_LENGTH: return "encryption keys are 32 bytes, master keys 16 or more";
    case CACHEKIT_BUFFER_TOO_SMALL: return "call again with a buffer of the length that came back";
    case CACHEKIT_INPUT_TOO_LARGE: return "split the data; one payload holds at most 512 MiB";
    case CACHEKIT_RNG_FAILURE: return "the operating system gave no random bytes; try again later";
    case CACHEKIT_DOMAIN_TOO_LONG: return "a domain is at most 255 bytes";
    case CACHEKIT_SALT_TOO_LONG:
        return "a tenant's name is at most 1024 bytes; use a shorter one, or its hash";
    case CACHEKIT_OUT_OF_MEMORY: return "free memory and try again; nothing else has happened";
    case CACHEKIT_FORKED: return "use the library after the fork, in each worker";
    case CACHEKIT_NULL_POINTER:
    case CACHEKIT_INVALID_HANDLE:
        return "a mistake in this program: a missing argument, or a handle used after its free";
    case CACHEKIT_INTERNAL: return "a defect in the library; please report it";
    default: return "this program does not know the code; cachekit.h says what it means";
    }
}

/* Reports a call that did not do its work, and tells whether it did. */
static bool succeeded(const char *step, CachekitError err)
{
    if (CACHEKIT_SUCCEEDED(err))
        return true;
    fprintf(stderr, "pipeline: %s: %s (%s)\n  %s\n  %s\n", step, cachekit_error_string(err),
        cachekit_error_name(err), cachekit_last_error_detail(), advice(err));
    return false;
}

/* Reads a whole file into memory that the caller frees. NULL after a message. */
static uint8_t *read_file(const char *path, size_t *len)
{
    struct stat info;
    uint8_t *data = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &info) != 0) {
        fprintf(stderr, "pipeline: cannot open %s: %s\n", path, strerror(errno));
        if (strcmp(path, DEFAULT_FILE) == 0)
            fputs("  it is found from the repository's folder; go there or name a file\n", stderr);
    } else if (S_ISDIR(info.st_mode)) {
        fprintf(stderr, "pipeline: %s is a directory; name a file\n", path);
    } else if (!S_ISREG(info.st_mode)) {
        fprintf(stderr, "pipeline: %s is not a regular file\n", path);
    } else if (info.st_size == 0) {
        fprintf(stderr, "pipeline: %s is empty; name a file with something in it\n", path);
    } else if (info.st_size > CACHEKIT_MAX_PAYLOAD_SIZE) {
        fprintf(stderr, "pipeline: %s is larger than %d bytes (512 MiB), the most in one payload\n",
            path, CACHEKIT_MAX_PAYLOAD_SIZE);
    } else if ((data = malloc((size_t)info.st_size)) == NULL) {
        fprintf(stderr, "pipeline: no memory to read %s\n", path);
    } else {
        errno = 0;
        *len = fread(data, 1, (size_t)info.st_size, file);
        if (*len != (size_t)info.st_size) {
            fprintf(stderr, "pipeline: cannot read %s: %s\n", path,
                errno != 0 ? strerror(errno) : "it became shorter");
            free(data);
            data = NULL;
        }
    }
    if (file != NULL)
        fclose(file);
    return data;
}

/* Encrypts, and replaces the encryptor when it asks for that. A new one counts
 * from 0 under an instance id of its own, so no nonce repeats, and what the old
 * one wrote stays readable. A program with threads puts a lock around the swap. */
static CachekitError encrypt(CachekitEncryptor **encryptor, const uint8_t key[CACHEKIT_KEY_SIZE],
    const char *aad, const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
    CachekitError err = cachekit_encrypt(*encryptor, key, CACHEKIT_KEY_SIZE, (const uint8_t *)aad,
        strlen(aad), in, in_len, out, out_len);
    if (err == CACHEKIT_ROTATION_NEEDED) {
        CachekitEncryptor *successor = cachekit_encryptor_new(NULL);
        if (successor != NULL) { /* if not, the old one lasts for 2^31 more: try next time */
            cachekit_encryptor_free(*encryptor);
            *encryptor = successor;
        }
    }
    return err;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_time(const char *step, double seconds, size_t bytes)
{
    printf("%-12s %10.1f us", step, seconds * 1e6);
    if (bytes > 0 && seconds > 0)
        printf(" %9.0f MB/s", (double)bytes / seconds / 1e6);
    putchar('\n');
}

/* Takes data through the pipeline and back. */
static bool run(const char *tenant, const char *path, const uint8_t *data, size_t len)
{
    CachekitByteStorage *storage = cachekit_byte_storage_new("json");
    CachekitEncryptor *encryptor = NULL;
    CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;
    uint8_t master[CACHEKIT_KEY_SIZE];
    uint8_t *envelope = NULL, *sealed = NULL, *opened = NULL, *back = NULL;
    size_t envelope_len = 0, sealed_len = 0, opened_len = 0, back_len = 0;
    double start, derive, compress, seal, open, decompress;
    bool ok = false;
    CachekitError err;

    /* A service takes its master key from where it keeps secrets. */
    err = cachekit_generate_key(master);
    if (!succeeded("master key", err))
        goto done;
    start = now();
    err = cachekit_derive_tenant_keys(
        master, sizeof master, (const uint8_t *)tenant, strlen(tenant), &keys);
    derive = now() - start;
    cachekit_wipe(master, sizeof master);
    if (!succeeded("derive keys", err))
        goto done;

    encryptor = cachekit_encryptor_new(&err);
    if (!succeeded("new encryptor", err))
        goto done;

    start = now();
    err = cachekit_byte_storage_store(storage, data, len, NULL, &envelope, &envelope_len);
    compress = now() - start;
    if (!succeeded("compress", err))
        goto done;

    /* The path stands for the cache key: it is authenticated, not stored. */
    sealed_len = envelope_len + CACHEKIT_CIPHERTEXT_OVERHEAD;
    if ((sealed = malloc(sealed_len)) == NULL) {
        succeeded("encrypt", CACHEKIT_OUT_OF_MEMORY);
        goto done;
    }
    start = now();
    err = encrypt(&encryptor, keys.encryption, path, envelope, envelope_len, sealed, &sealed_len);
    seal = now() - start;
    if (!succeeded("encrypt", err))
        goto done;

    /* In place: the envelope comes out behind the nonce, in the same memory. */
    opened = sealed + CACHEKIT_NONCE_SIZE;
    opened_len = sealed_len - CACHEKIT_CIPHERTEXT_OVERHEAD;
    start = now();
    err = cachekit_decrypt(encryptor, keys.encryption, sizeof keys.encryption,
        (const uint8_t *)path, strlen(path), sealed, sealed_len, opened, &opened_len);
    open = now() - start;
    if (!succeeded("decrypt", err))
        goto done;

    start = now();
    err = cachekit_byte_storage_retrieve(storage, opened, opened_len, &back, &back_len);
    decompress = now() - start;
    if (!succeeded("decompress", err))
        goto done;

    if (back_len != len || memcmp(back, data, len) != 0) {
        fputs("pipeline: what came back differs from the file\n", stderr);
        goto done;
    }
    ok = true;

    printf("library      %s, %s\n", cachekit_version_string(), cachekit_build_info());
    printf("file         %s\n", path);
    printf("tenant       %s\n", tenant);
    printf("original     %10zu bytes\n", len);
    printf(
        "envelope     %10zu bytes, ratio %.2f\n", envelope_len, (double)len / (double)envelope_len);
    printf("encrypted    %10zu bytes, with nonce and tag\n", sealed_len);
    print_time("derive keys", derive, 0);
    print_time("compress", compress, len);
    print_time("encrypt", seal, envelope_len);
    print_time("decrypt", open, envelope_len);
    print_time("decompress", decompress, len);
    printf("One call each, the first in this process; timing a loop tells more.\n");
    printf("The same %zu bytes came back.\n", back_len);

done:
    cachekit_wipe(&keys, sizeof keys);
    cachekit_free_buffer(back);
    if (sealed != NULL)
        cachekit_wipe(sealed, sealed_len);
    free(sealed);
    cachekit_free_buffer(envelope);
    cachekit_encryptor_free(encryptor);
    cachekit_byte_storage_free(storage);
    return ok;
}

/* True if everything that was printed was written, which fails on a full disk. */
static bool printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "pipeline: cannot write: %s\n", strerror(errno));
    return false;
}

int main(int argc, char **argv)
{
    const char *tenant = "acme", *path = DEFAULT_FILE;
    bool path_given = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return printed() ? 0 : 1;
        }
        if (strcmp(argv[i], "--tenant") == 0 && i + 1 < argc) {
            tenant = argv[++i];
        } else if (argv[i][0] != '-' && !path_given) {
            path = argv[i];
            path_given = true;
        } else {
            fprintf(stderr, "pipeline: cannot use \"%s\"\n%s", argv[i], help);
            return 2;
        }
    }

    size_t len = 0;
    uint8_t *data = read_file(path, &len);
    if (data == NULL)
        return 1;
    bool ok = run(tenant, path, data, len);
    free(data);
    return ok && printed() ? 0 : 1;
}
