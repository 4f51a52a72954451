/*
 * cachekit.h - compresses, checks and encrypts payloads for a cache.
 *
 * Bytes in, bytes out: the library turns a payload into an entry for Redis,
 * Memcached or a file, and the entry back into the payload.
 *
 *   A keyring seals and opens entries: compressed, encrypted, and bound to their
 *   cache key. Most programs need nothing else. It belongs to one tenant, and it
 *   also opens what earlier master keys encrypted.
 *   A storage only compresses. It wraps an LZ4 block and an XXH3-64 checksum in an
 *   envelope.
 *   An encryptor only encrypts, with AES-256-GCM and nonces from a counter.
 *   Keys are derived from a master key, for each tenant, with HKDF-SHA256.
 *   The interop functions share entries with programs in other languages.
 *
 * The bytes are compatible with the Rust crate cachekit-core: each library reads
 * what the other writes. Interop entries are shared with the cachekit libraries
 * for Python, Rust and TypeScript (https://github.com/cachekit-io).
 * docs/wire-format.md and docs/interop.md, in the repository of this library,
 * describe the bytes.
 *
 * A complete program, which is examples/c/quickstart.c:
 *
 *     #include <cachekit.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         const uint8_t tenant[] = "acme", cache_key[] = "users:all";
 *         const uint8_t value[] = "[{\"id\":1,\"name\":\"Ada\",\"role\":\"reader\"},"
 *                                 "{\"id\":2,\"name\":\"Grace\",\"role\":\"reader\"},"
 *                                 "{\"id\":3,\"name\":\"Radia\",\"role\":\"reader\"},"
 *                                 "{\"id\":4,\"name\":\"Barbara\",\"role\":\"reader\"}]";
 *         uint8_t master[CACHEKIT_KEY_SIZE], *sealed = NULL, *opened = NULL;
 *         size_t sealed_len = 0, opened_len = 0;
 *         CachekitKeyring *keyring = NULL;
 *
 *         CachekitError err = cachekit_generate_key(master);
 *         if (err == CACHEKIT_OK)
 *             err = cachekit_keyring_new(master, sizeof master, NULL, NULL, 0,
 *                 tenant, sizeof tenant - 1, &keyring);
 *         cachekit_wipe(master, sizeof master);
 *         if (err == CACHEKIT_OK)
 *             err = cachekit_keyring_seal(keyring, "json", cache_key,
 *                 sizeof cache_key - 1, value, sizeof value - 1, &sealed, &sealed_len);
 *         if (CACHEKIT_SUCCEEDED(err))
 *             err = cachekit_keyring_open(keyring, "json", cache_key,
 *                 sizeof cache_key - 1, sealed, sealed_len, &opened, &opened_len, NULL);
 *         if (err == CACHEKIT_OK)
 *             printf("%zu bytes, %zu sealed, %zu opened\n%.*s\n", sizeof value - 1,
 *                 sealed_len, opened_len, (int)opened_len, (const char *)opened);
 *         else
 *             fprintf(stderr, "cachekit: %s: %s\n", cachekit_error_string(err),
 *                 cachekit_last_error_detail());
 *
 *         cachekit_free_buffer(opened);
 *         cachekit_free_buffer(sealed);
 *         cachekit_keyring_free(keyring);
 *         return err != CACHEKIT_OK;
 *     }
 *
 *     cc program.c $(pkg-config --cflags --libs cachekit_core) -o program
 *
 * RULES THAT HOLD FOR EVERY FUNCTION
 *
 * Threads. Every function may be called from any thread at any time; two threads
 * may use one handle. A handle may be freed while another thread uses it: the
 * calls that have begun finish, later ones return CACHEKIT_INVALID_HANDLE. At
 * most 1,048,576 handles exist at a time. A thread of yours may be cancelled: no
 * call is a cancellation point.
 *
 * What is not allowed. No function may be called from a signal handler. A call
 * must not be left by longjmp, nor by the cancellation of a thread with
 * PTHREAD_CANCEL_ASYNCHRONOUS: the behaviour is undefined. A main that ends by
 * pthread_exit leaves a process that does not end, because the library's threads
 * do not: return from main, or call exit.
 *
 * Inputs and outputs. Inputs are never written to, and no pointer to them is kept
 * after the call. Until a call returns, its inputs and outputs must be private to
 * it: no other thread, and no other process that shares the memory, may write to
 * an input, or read or write an output. If an input changes during the call, the
 * result can be wrong although its tag or checksum is right; and until the call
 * returns, an output can hold plaintext that is not authenticated yet, or not
 * encrypted yet. Copy what lies in shared memory first.
 *
 * NULL with length 0 is an empty input. NULL with a length above 0 gives
 * CACHEKIT_NULL_POINTER, and so does NULL where a result is to be stored. All
 * lengths and sizes are in bytes.
 *
 * Handles. For a handle that is NULL, that was freed, or that is of another type,
 * functions that return a code return CACHEKIT_INVALID_HANDLE, and functions that
 * return a number return 0. Such a handle never reaches another object. A handle
 * belongs to the copy of the library that made it, if a process has loaded two.
 *
 * Results are returned in one of two ways.
 *   Allocated by the library (uint8_t **out, size_t *out_len): free the result
 *   with cachekit_free_buffer, which wipes it first. On success the pointer is
 *   never NULL, even for an empty result. It is aligned to 64 bytes.
 *   In the caller's buffer (uint8_t *out, size_t *out_len): set *out_len to the
 *   size of the buffer; the call sets it to the length of the result. If the
 *   buffer is too small, the call returns CACHEKIT_BUFFER_TOO_SMALL with the size
 *   needed in *out_len and has done nothing else: no nonce is used up. To ask for
 *   the size, pass any pointer and a length of 0. A buffer of the bound that each
 *   function states is always large enough.
 * On any other error *out_len is 0, and a pointer that the library would have
 * allocated is NULL. The caller's buffer holds no plaintext of a message that was
 * not authentic; beyond that its content is not specified.
 *
 * Misses. If a function that reads an entry returns CACHEKIT_DECRYPTION_FAILED,
 * CACHEKIT_CHECKSUM_MISMATCH, CACHEKIT_DECOMPRESSION_FAILED,
 * CACHEKIT_DECOMPRESSION_BOMB or CACHEKIT_SIZE_VALIDATION_FAILED, treat the entry
 * as if it were not in the cache; CACHEKIT_INVALID_INPUT and
 * CACHEKIT_INPUT_TOO_LARGE too, if your own arguments are right.
 *
 * Input and output must not overlap, except where a function says "In place".
 * Encryption and decryption return CACHEKIT_INTERNAL for an overlap that would
 * spoil the result; the other functions do not check.
 *
 * Start. Loading the library does nothing. It starts when the first function that
 * needs it is called, or cachekit_start; from then on it has threads of its own.
 * Before that, a process may fork, become a daemon, change its user, close its
 * descriptors, block signals and set environment variables, and both parent and
 * children can use the library. If it cannot start for want of address space,
 * memory or threads, that first call returns CACHEKIT_OUT_OF_MEMORY, whichever
 * function it is, and a later call tries again.
 *
 * Windows. The library starts when it is loaded, which ends the process where memory
 * is short, and FreeLibrary leaves it loaded.
 * CACHEKIT_AES and the other variables that it reads at its start must be set before that.
 * Call nothing from DllMain: a call there may wait for ever. What is said here
 * about fork, signals and cancellation does not concern Windows.
 *
 * fork. In a process that was forked after the start, every function that returns
 * a code returns CACHEKIT_FORKED, and constructors return NULL. The _free
 * functions stay safe to call. fork followed by exec is fine. On platforms other
 * than Linux the library starts when it is loaded, and so does what go build makes
 * without the Makefile.
 *
 * Limits. A payload has at most CACHEKIT_MAX_PAYLOAD_SIZE bytes, or as many as
 * cachekit_byte_storage_set_max_payload or cachekit_keyring_set_max_payload said. What an envelope
 * claims is checked against the limits before any memory is allocated for it. A
 * format, cache key or interop key that is longer than its limit gives
 * CACHEKIT_INPUT_TOO_LARGE. Two things have no such limit: the arguments of
 * cachekit_aad, and the format of an envelope that is read without naming one.
 *
 * ABI. A symbol or a number is never changed or reused. Structs begin with
 * struct_size, so that they can grow: set it to sizeof the struct, or begin with
 * CACHEKIT_METRICS_INIT and its like, which are zeros but for that. A value of 0
 * gives CACHEKIT_INVALID_INPUT, and nothing is written beyond struct_size bytes.
 *
 * Signals. The Go runtime inside handles SIGSEGV, SIGBUS, SIGFPE and SIGURG and
 * passes on those that are not its own. All other signals are yours, blocked or
 * not. A handler that you install after the start needs SA_ONSTACK. A thread that
 * calls the library gets a stack of 256 KiB for signal handlers, unless it has one
 * already.
 *
 * Wear. Two things wear out.
 *   An encryptor or keyring counts its encryptions. After 2^31 it warns with
 *   CACHEKIT_ROTATION_NEEDED, after 2^32 it refuses. Make a new one with the same
 *   keys in its place.
 *   A key wears out with everything that is encrypted under it, by all encryptors
 *   and keyrings in all processes together. Replace the master key before one
 *   tenant's key, or a key that you pass to cachekit_encrypt, has encrypted 2^48
 *   blocks of 16 bytes (4 PiB), and before it has served 92,000 process starts
 *   with one encryptor or keyring each, or 2,000 with a thousand each. That keeps
 *   two chances below 2^-32, the bound of NIST SP 800-38D, section 8: that an
 *   attacker finds a pattern (blocks^2 / 2^129), and that a nonce repeats.
 */
#ifndef CACHEKIT_H
#define CACHEKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------ */
/* Version                                                                  */
/* ------------------------------------------------------------------------ */

/* The version of this header: see cachekit_version_number for that of the library. */
#define CACHEKIT_VERSION_MAJOR 0
#define CACHEKIT_VERSION_MINOR 1
#define CACHEKIT_VERSION_PATCH 0
#define CACHEKIT_VERSION_STRING "0.1.0"
#define CACHEKIT_VERSION_NUMBER                                                                    \
    (CACHEKIT_VERSION_MAJOR * 10000 + CACHEKIT_VERSION_MINOR * 100 + CACHEKIT_VERSION_PATCH)

/* ------------------------------------------------------------------------ */
/* Limits and sizes, in bytes unless said otherwise                         */
/* ------------------------------------------------------------------------ */

#define CACHEKIT_MAX_PAYLOAD_SIZE 536870912  /* 512 MiB: data of one envelope, or plaintext */
#define CACHEKIT_MAX_ENVELOPE_SIZE 536870912 /* 512 MiB: an envelope, written or read */
#define CACHEKIT_MAX_FORMAT_SIZE 1048576     /* 1 MiB: a format that is written or asked for */
#define CACHEKIT_MAX_CACHE_KEY_SIZE 1048576  /* 1 MiB: a cache key that an entry is bound to */
#define CACHEKIT_CHECKSUM_SIZE 8             /* XXH3-64 */
#define CACHEKIT_KEY_SIZE 32                 /* an AES-256 key, and every derived key */
#define CACHEKIT_FINGERPRINT_SIZE 16         /* of a key */
#define CACHEKIT_NONCE_SIZE 12               /* of AES-256-GCM */
#define CACHEKIT_TAG_SIZE 16                 /* of AES-256-GCM */
#define CACHEKIT_CIPHERTEXT_OVERHEAD 28      /* nonce + tag: ciphertext length - plaintext length */
#define CACHEKIT_MIN_MASTER_KEY_SIZE 16      /* 32 is strongly advised */
#define CACHEKIT_MAX_DOMAIN_SIZE 255         /* and at least 1 */
#define CACHEKIT_MAX_SALT_SIZE 1024          /* a tenant salt or tenant id; at least 1 */
#define CACHEKIT_MAX_DECRYPT_ONLY_KEYS 3     /* keys */
#define CACHEKIT_INTEROP_KEY_BUFFER_SIZE 195 /* the longest interop key, with its NUL */
#define CACHEKIT_MAX_DETAIL_SIZE 319 /* what cachekit_last_error_detail says, without its NUL */
#define CACHEKIT_MAX_METRICS_NAME_SIZE 1024     /* a name in metrics as text */
#define CACHEKIT_METRICS_TEXT_BUFFER_SIZE 65536 /* for every name */
#define CACHEKIT_DEFAULT_LEVEL 1                /* of compression; also the lowest */
#define CACHEKIT_MAX_LEVEL 9                    /* of compression */

/* ------------------------------------------------------------------------ */
/* Results                                                                  */
/* ------------------------------------------------------------------------ */

/* Before every function whose result must be used. A program may define it before it
 * includes this header, as nothing or as what its compiler has. */
#ifndef CACHEKIT_NODISCARD
#if defined(__cplusplus) && __cplusplus >= 201703L
#define CACHEKIT_NODISCARD [[nodiscard]]
#elif defined(__GNUC__) || defined(__clang__)
#define CACHEKIT_NODISCARD __attribute__((warn_unused_result))
#else
#define CACHEKIT_NODISCARD
#endif
#endif

/* The result of a call. The numbers never change. */
typedef enum CachekitError {
    /* Written by make generate from internal/codes/codes.go. */
    CACHEKIT_OK = 0,

    /* The input is not what the function reads: it is not an envelope, it is a
     * ciphertext shorter than 28 bytes, text that is not UTF-8, an empty name, a
     * level or a limit that there is not, a struct_size of 0. */
    CACHEKIT_INVALID_INPUT = 1,

    /* The payload is not the one that was stored. */
    CACHEKIT_CHECKSUM_MISMATCH = 2,

    /* The LZ4 block inside the envelope is damaged. */
    CACHEKIT_DECOMPRESSION_FAILED = 3,

    /* Another key, another AAD (tenant, cache key, format) or a changed
     * ciphertext: nobody can tell which. */
    CACHEKIT_DECRYPTION_FAILED = 4,

    /* A warning, not an error: the call did its work and its output is complete,
     * but this encryptor or keyring had made 2^31 encryptions or more before it.
     * Make a new one, which starts at 0, before this one reaches 2^32. It may have
     * the same keys; "Wear" above says how long those last. */
    CACHEKIT_ROTATION_NEEDED = 5,

    /* This encryptor or keyring has made 2^32 encryptions. It makes no more, so
     * that no nonce repeats. It still decrypts. */
    CACHEKIT_COUNTER_EXHAUSTED = 6,

    /* A key of the wrong length: an encryption key has 32 bytes, a master key at
     * least 16, or 64 digits as text. */
    CACHEKIT_INVALID_KEY_LENGTH = 7,

    /* The caller's buffer is too small; the size needed is in *out_len. */
    CACHEKIT_BUFFER_TOO_SMALL = 8,

    /* A pointer that must not be NULL is NULL. */
    CACHEKIT_NULL_POINTER = 9,

    /* More than 512 MiB or than the limit that was set, an envelope that claims
     * more, or a name (format, cache key, interop key) that is longer than its
     * limit. */
    CACHEKIT_INPUT_TOO_LARGE = 10,

    /* An envelope that claims more than 1000 payload bytes for each byte of its
     * compressed block. */
    CACHEKIT_DECOMPRESSION_BOMB = 11,

    /* The payload is shorter than its envelope says, although its checksum is
     * right. */
    CACHEKIT_SIZE_VALIDATION_FAILED = 12,

    /* The operating system gave no random bytes. */
    CACHEKIT_RNG_FAILURE = 13,

    /* A domain above 255 bytes. */
    CACHEKIT_DOMAIN_TOO_LONG = 14,

    /* A salt or tenant id above 1024 bytes. */
    CACHEKIT_SALT_TOO_LONG = 15,

    /* The handle is NULL, was freed, is of another type, or never was a handle. */
    CACHEKIT_INVALID_HANDLE = 16,

    /* There is no memory for the result, or no handle left, or too little for the
     * library to start. Nothing else has happened. */
    CACHEKIT_OUT_OF_MEMORY = 17,

    /* This process was forked after the library had started. */
    CACHEKIT_FORKED = 18,

    /* Input and output overlap as they must not. If they do not, it is a defect in
     * the library: please report it. */
    CACHEKIT_INTERNAL = 19
} CachekitError;

/* True if the call did its work: CACHEKIT_OK or CACHEKIT_ROTATION_NEEDED. */
#define CACHEKIT_SUCCEEDED(err) ((err) == CACHEKIT_OK || (err) == CACHEKIT_ROTATION_NEEDED)

/* ------------------------------------------------------------------------ */
/* Types                                                                    */
/* ------------------------------------------------------------------------ */

typedef struct CachekitByteStorage CachekitByteStorage; /* storage and its metrics */
typedef struct CachekitEncryptor CachekitEncryptor;     /* a nonce counter and its metrics */
typedef struct CachekitKeyring CachekitKeyring;         /* a tenant's keys, a counter, metrics */

/* What an envelope says about its payload. */
typedef struct CachekitEnvelopeInfo {
    size_t struct_size;                       /* set by the caller */
    size_t original_size;                     /* of the payload, in bytes */
    size_t compressed_size;                   /* of the LZ4 block, in bytes */
    uint8_t checksum[CACHEKIT_CHECKSUM_SIZE]; /* XXH3-64 of the payload, big-endian */
    const char *format; /* points into the envelope: UTF-8, without a NUL at the end */
    size_t format_len;
} CachekitEnvelopeInfo;

/* CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT; sets struct_size, and zeros. */
#define CACHEKIT_ENVELOPE_INFO_INIT {sizeof(CachekitEnvelopeInfo), 0, 0, {0}, NULL, 0}

/* One kind of operation over the life of a handle. Counts are exact. A call that
 * ends before it looks at the data is not counted: for a pointer that is NULL, a
 * buffer that is too small, or want of memory for the result. Calls are timed if
 * the payload has 64 KiB or more, and otherwise one in 256, because reading the
 * clock would cost more than the call. */
typedef struct CachekitOperationMetrics {
    uint64_t operations;       /* all that were counted, including failed ones */
    uint64_t errors;           /* those that failed */
    uint64_t bytes_in;         /* input of the calls that succeeded */
    uint64_t bytes_out;        /* output of the calls that succeeded */
    uint64_t timed_operations; /* successful calls that were timed */
    uint64_t total_ns;         /* sum over the timed calls, in nanoseconds */
    uint64_t last_ns;          /* of the last timed call, in nanoseconds */
} CachekitOperationMetrics;

/* What a handle has done since it was made. */
typedef struct CachekitMetrics {
    size_t struct_size; /* set by the caller */
    CachekitOperationMetrics store;
    CachekitOperationMetrics retrieve;
    CachekitOperationMetrics encrypt;
    CachekitOperationMetrics decrypt;
    double last_compression_ratio; /* payload / envelope of the last store; 0 before it */
    bool hardware_accelerated;     /* encryption uses the CPU's AES instructions */
} CachekitMetrics;

/* CachekitMetrics metrics = CACHEKIT_METRICS_INIT; sets struct_size, and zeros. */
#define CACHEKIT_METRICS_INIT                                                                      \
    {sizeof(CachekitMetrics), {0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, \
        {0, 0, 0, 0, 0, 0, 0}, 0, false}

/* The keys of one tenant. Wipe them with cachekit_wipe when you are done. */
typedef struct CachekitTenantKeys {
    size_t struct_size; /* set by the caller */
    uint8_t encryption[CACHEKIT_KEY_SIZE];
    uint8_t authentication[CACHEKIT_KEY_SIZE];
    uint8_t cache_keys[CACHEKIT_KEY_SIZE];
} CachekitTenantKeys;

/* CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT; sets struct_size, and zeros. */
#define CACHEKIT_TENANT_KEYS_INIT {sizeof(CachekitTenantKeys), {0}, {0}, {0}}

/* One of the items of a call that takes many. You set the first four fields, the call
 * sets the others. For an item that failed, out is NULL and out_len and key_index are 0. */
typedef struct CachekitItem {
    const uint8_t *cache_key; /* what the entry is bound to; to seal and to open */
    size_t cache_key_len;
    const uint8_t *in; /* payload, envelope or entry: what the call for one takes */
    size_t in_len;
    uint8_t *out; /* the result, inside *results: do not free it */
    size_t out_len;
    size_t key_index;    /* which key opened the entry; 0 otherwise */
    CachekitError error; /* of this item: what the call for one would return */
} CachekitItem;

/* ------------------------------------------------------------------------ */
/* Library                                                                  */
/* ------------------------------------------------------------------------ */

/* The version of the library that is loaded: major * 10000 + minor * 100 + patch.
 * CACHEKIT_VERSION_NUMBER is that of the header which the program was compiled
 * with. */
uint32_t cachekit_version_number(void);

/* The same as text, such as "0.1.0". Static: do not free it. */
const char *cachekit_version_string(void);

/* Starts the library now instead of at the first call that needs it. The start
 * takes some 2 ms. It may be called again, and by any thread.
 *
 * Returns
 *   CACHEKIT_OK             the library has started
 *   CACHEKIT_FORKED         the process was forked after the library had started
 *   CACHEKIT_OUT_OF_MEMORY  too little memory or address space, or too few
 *                           threads; a later call tries again */
CACHEKIT_NODISCARD CachekitError cachekit_start(void);

/* What the library was built with and which code it runs on this CPU, for logs
 * and bug reports, such as "go1.27.4 linux/amd64 aes=avx512 lz4=amd64". If the
 * environment variable CACHEKIT_AES or CACHEKIT_LZ4 has a value that is unknown,
 * the text says so. Its form may change. Static: do not free it. */
const char *cachekit_build_info(void);

/* The text of a code, such as "checksum mismatch". Never NULL: a number that is
 * not a code gives "unknown error". Static: do not free it. */
const char *cachekit_error_string(CachekitError err);

/* The name of a code, such as "CACHEKIT_CHECKSUM_MISMATCH". Never NULL: a number
 * that is not a code gives "CACHEKIT_UNKNOWN". Static: do not free it. */
const char *cachekit_error_name(CachekitError err);

/* What the last call that failed in this thread found wrong: more than its code says,
 * such as "truncated at byte 37" or "previous key 2: 10 bytes, at least 16 needed". ""
 * if no call has failed, or if the failure has nothing to add to its code. Of a call for
 * many items it is that of the first one that failed, "items[3]: truncated at byte 37".
 *
 *     fprintf(stderr, "%s: %s\n", cachekit_error_string(err), cachekit_last_error_detail());
 *
 * A text of at most CACHEKIT_MAX_DETAIL_SIZE bytes for people and logs, whose words may
 * change. It consists of numbers and fixed words, and never of bytes of a key, a payload
 * or a cache key. Never NULL. It belongs to the library and to this thread: do not free
 * it, and do not pass it on. It stays as it is until another call of this thread fails;
 * calls that succeed, and this one, neither change nor clear it. Functions that return
 * NULL, or the 0 of a handle that is not valid, fail too. It does not start the library,
 * and works in a forked process. */
const char *cachekit_last_error_detail(void);

/* True if encryption uses the CPU's AES instructions. */
bool cachekit_hardware_acceleration_enabled(void);

/* Wipes and frees a buffer that the library allocated. NULL is fine. As with
 * free, the behaviour is undefined for a pointer that the library did not return,
 * for one into the middle of a buffer, and for a buffer that was freed before or
 * that two threads free at once. */
void cachekit_free_buffer(void *buffer);

/* Overwrites len bytes with zeros. The compiler does not remove the call, as it
 * may with memset. NULL is fine. */
void cachekit_wipe(void *memory, size_t len);

/* ------------------------------------------------------------------------ */
/* ByteStorage: LZ4 and XXH3-64 in an envelope                              */
/* ------------------------------------------------------------------------ */

/* Makes a storage. It writes default_format into its envelopes: text in UTF-8 that
 * says what the payload is, which the library carries but does not interpret. NULL
 * stands for "msgpack". One storage is enough for a whole program.
 *
 * Returns NULL if default_format is not UTF-8 or is longer than
 * CACHEKIT_MAX_FORMAT_SIZE, if there is no memory, or after a fork. Free it with
 * cachekit_byte_storage_free. */
CachekitByteStorage *cachekit_byte_storage_new(const char *default_format);

/* Frees a storage. NULL is fine, and so is one that was freed before. */
void cachekit_byte_storage_free(CachekitByteStorage *storage);

/* Chooses how hard the storage looks for repetitions: CACHEKIT_DEFAULT_LEVEL is the
 * fastest, CACHEKIT_MAX_LEVEL gives the smallest envelopes of nearly all data. Readers need not
 * know the level, and read all of them as fast. Calls that are under way keep the level that they
 * began with. It holds for cachekit_byte_storage_store, _store_many and _estimate_compression. From
 * level 2 on a call works in tables of some 600 KiB, which the library keeps for later calls. Of
 * little data, several levels make the same.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (another number),
 * CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_set_level(
    CachekitByteStorage *storage, int level);

/* Lowers the limit of a payload, CACHEKIT_MAX_PAYLOAD_SIZE, to so many bytes. All
 * functions of the storage then return CACHEKIT_INPUT_TOO_LARGE for data that are
 * longer and for an envelope that claims more, before they take memory for it. Calls
 * that are under way keep the limit that they began with.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (0, or more than
 * CACHEKIT_MAX_PAYLOAD_SIZE), CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_set_max_payload(
    CachekitByteStorage *storage, size_t bytes);

/* Compresses data into an envelope. If format is NULL, it is the default format of
 * the storage. The library allocates the result, with room for the worst case.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INPUT_TOO_LARGE  data is longer than the limit of the storage, its
 *                             envelope than 512 MiB, or format than
 *                             CACHEKIT_MAX_FORMAT_SIZE
 *   CACHEKIT_INVALID_INPUT    format is not UTF-8
 *   CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_store(const CachekitByteStorage *storage,
    const uint8_t *data, size_t data_len, const char *format, uint8_t **envelope,
    size_t *envelope_len);

/* Checks an envelope of any format and returns its payload. The library allocates
 * the result.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT           it is not an envelope, or bytes follow it
 *   CACHEKIT_INPUT_TOO_LARGE         it is more than 512 MiB, or claims more than
 *                                    the limit of the storage
 *   CACHEKIT_DECOMPRESSION_BOMB      it claims too much for its size
 *   CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
 *   CACHEKIT_SIZE_VALIDATION_FAILED  its content is damaged
 *   CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_retrieve(const CachekitByteStorage *storage,
    const uint8_t *envelope, size_t envelope_len, uint8_t **data, size_t *data_len);

/* cachekit_byte_storage_store in the caller's buffer.
 * Bound: cachekit_compressed_bound(data_len) + strlen(format).
 *
 * Returns what cachekit_byte_storage_store does, without CACHEKIT_OUT_OF_MEMORY, or
 * CACHEKIT_BUFFER_TOO_SMALL, with a size in *out_len that is enough for all data of
 * this length. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_store_into(
    const CachekitByteStorage *storage, const uint8_t *data, size_t data_len, const char *format,
    uint8_t *out, size_t *out_len);

/* cachekit_byte_storage_retrieve in the caller's buffer.
 * Bound: the original_size that cachekit_envelope_inspect finds, which is also the
 * exact size.
 *
 * Returns what cachekit_byte_storage_retrieve does, without CACHEKIT_OUT_OF_MEMORY, or
 * CACHEKIT_BUFFER_TOO_SMALL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_retrieve_into(
    const CachekitByteStorage *storage, const uint8_t *envelope, size_t envelope_len, uint8_t *out,
    size_t *out_len);

/* Returns exactly the code that cachekit_byte_storage_retrieve would, but no
 * payload. It decompresses the payload to find out. It is not counted in the
 * metrics. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_validate(
    const CachekitByteStorage *storage, const uint8_t *envelope, size_t envelope_len);

/* The compression ratio that cachekit_byte_storage_store would reach on data:
 * original size / compressed size, and 0 for empty data. It compresses the data to
 * find out.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INPUT_TOO_LARGE (data longer than the limit),
 * CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE,
 * CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_estimate_compression(
    const CachekitByteStorage *storage, const uint8_t *data, size_t data_len, double *ratio);

/* What the storage has done so far: store, retrieve and the last compression
 * ratio. The other operations are 0. Set metrics->struct_size first.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (struct_size is 0),
 * CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_get_metrics(
    const CachekitByteStorage *storage, CachekitMetrics *metrics);

/* Metrics as text for Prometheus, in its text-based format, version 0.0.4: lines such
 * as
 *     cachekit_operations_total{name="orders",operation="store"} 42
 * with the HELP and TYPE of each metric before them, and a NUL at the end, which
 * *out_len includes. Times are in seconds. name says whose metrics these are, if there
 * are several; without one, NULL or "", there is no such label. Of a struct with a
 * smaller struct_size it prints the fields that are whole in it.
 * Bound: 4096 + 60 * strlen(name); CACHEKIT_METRICS_TEXT_BUFFER_SIZE for every name.
 *
 * Two of these texts one behind the other are read by Prometheus, although the format
 * asks for the lines of a metric in one place. Stricter readers, such as Pushgateway,
 * get them one by one.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT    name is not UTF-8, or struct_size is 0
 *   CACHEKIT_INPUT_TOO_LARGE  name is longer than CACHEKIT_MAX_METRICS_NAME_SIZE
 *   CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER (metrics too), CACHEKIT_FORKED,
 *   CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_metrics_text(
    const CachekitMetrics *metrics, const char *name, char *out, size_t *out_len);

/* Reads the header of an envelope without decompressing it. For the form that
 * writers use this costs the same for 64 bytes and for 512 MiB. Two forms that only
 * readers know take time in proportion to their size, a second or two for 512 MiB:
 * a block that is spelled as integers, and a map with unknown fields. Set
 * info->struct_size first; info->format points into the envelope. On error the rest
 * of *info is zeros.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT       it is not an envelope, or struct_size is 0
 *   CACHEKIT_INPUT_TOO_LARGE     it is, or claims, more than 512 MiB
 *   CACHEKIT_DECOMPRESSION_BOMB  it claims too much for its size
 *   CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_envelope_inspect(
    const uint8_t *envelope, size_t envelope_len, CachekitEnvelopeInfo *info);

/* The same without a handle, in the caller's buffer. No metrics count these
 * calls. */

/* The envelope of in, with the format "msgpack".
 * Bound: cachekit_compressed_bound(in_len). With a smaller buffer the call
 * compresses into memory of its own first, and copies the envelope if it fits.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INPUT_TOO_LARGE (longer than 512 MiB),
 * CACHEKIT_BUFFER_TOO_SMALL (the exact size is in *out_len),
 * CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_compress(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len);

/* The payload of an envelope of any format.
 * Bound: the original_size that cachekit_envelope_inspect finds, which is also the
 * exact size.
 *
 * Returns what cachekit_byte_storage_retrieve does, without
 * CACHEKIT_INVALID_HANDLE, or CACHEKIT_BUFFER_TOO_SMALL. */
CACHEKIT_NODISCARD CachekitError cachekit_decompress(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len);

/* The size of the largest envelope that cachekit_compress can make of in_len bytes:
 * in_len + in_len / 255 + 16 + 120, or SIZE_MAX if that does not fit into a
 * size_t. */
size_t cachekit_compressed_bound(size_t in_len);

/* The XXH3-64 (seed 0) of data, big-endian, as an envelope carries it. It detects
 * accidents; it does not stop a forger.
 *
 * Returns CACHEKIT_OK, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_checksum(
    const uint8_t *data, size_t len, uint8_t out[CACHEKIT_CHECKSUM_SIZE]);

/* Compares the checksum of data with the expected one.
 *
 * Returns CACHEKIT_OK if they are equal, CACHEKIT_CHECKSUM_MISMATCH,
 * CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_verify_checksum(
    const uint8_t *data, size_t len, const uint8_t expected[CACHEKIT_CHECKSUM_SIZE]);

/* ------------------------------------------------------------------------ */
/* Encryption: AES-256-GCM (NIST SP 800-38D) with counter nonces            */
/* ------------------------------------------------------------------------ */

/* A ciphertext is the nonce (12 bytes), the encrypted bytes and the tag (16
 * bytes): 28 bytes more than the plaintext. The additional authenticated data
 * (AAD) is not part of it: the reader has to pass the same AAD as the writer. The
 * nonce is the instance id of the encryptor (8 bytes), which no other encryptor or
 * keyring of the process has, and its counter (4 bytes), so no nonce repeats in a
 * process. The first id of each process is random: "Wear" above says how many
 * processes may share a key. */

/* Makes an encryptor, which can make 2^32 encryptions. One is enough for a whole
 * program. If error is not NULL, *error receives CACHEKIT_OK,
 * CACHEKIT_RNG_FAILURE, CACHEKIT_OUT_OF_MEMORY, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL, or CACHEKIT_INVALID_INPUT: that is for a process with
 * GODEBUG=fips140=only in which AES is left to Go's own implementation, by the CPU
 * or by CACHEKIT_AES=stdlib, and which Go then forbids to encrypt.
 *
 * Returns NULL on error. Free it with cachekit_encryptor_free. */
CachekitEncryptor *cachekit_encryptor_new(CachekitError *error);

/* Frees an encryptor and wipes the keys that it remembers. NULL is fine, and so is
 * one that was freed before. */
void cachekit_encryptor_free(CachekitEncryptor *encryptor);

/* The number of encryptions made, 0 to 2^32, and 0 for a handle that is not valid. */
uint64_t cachekit_encryptor_get_counter(const CachekitEncryptor *encryptor);

/* Encrypts plaintext under a 32-byte key and authenticates it together with aad.
 * Only what you pass as aad binds the ciphertext to its place: pass the cache key,
 * or what cachekit_aad makes.
 * Bound: plaintext_len + CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size. In place: plaintext may be out + CACHEKIT_NONCE_SIZE.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_ROTATION_NEEDED     the output is complete; make a new encryptor soon
 *   CACHEKIT_COUNTER_EXHAUSTED   this encryptor encrypts no more
 *   CACHEKIT_INVALID_KEY_LENGTH  key_len is not 32
 *   CACHEKIT_INPUT_TOO_LARGE     plaintext is longer than 512 MiB
 *   CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_encrypt(CachekitEncryptor *encryptor, const uint8_t *key,
    size_t key_len, const uint8_t *aad, size_t aad_len, const uint8_t *plaintext,
    size_t plaintext_len, uint8_t *out, size_t *out_len);

/* Decrypts what any encryptor made with the same key and AAD.
 * Bound: ciphertext_len - CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size. In place: out may be ciphertext + CACHEKIT_NONCE_SIZE.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_DECRYPTION_FAILED   not authentic; out holds zeros
 *   CACHEKIT_INVALID_INPUT       ciphertext is shorter than 28 bytes
 *   CACHEKIT_INVALID_KEY_LENGTH  key_len is not 32
 *   CACHEKIT_INPUT_TOO_LARGE     the plaintext would be longer than 512 MiB
 *   CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_decrypt(const CachekitEncryptor *encryptor,
    const uint8_t *key, size_t key_len, const uint8_t *aad, size_t aad_len,
    const uint8_t *ciphertext, size_t ciphertext_len, uint8_t *out, size_t *out_len);

/* What the encryptor has done so far: encrypt and decrypt. The other operations are
 * 0. Otherwise like cachekit_byte_storage_get_metrics. */
CACHEKIT_NODISCARD CachekitError cachekit_encryptor_get_metrics(
    const CachekitEncryptor *encryptor, CachekitMetrics *metrics);

/* Derives a 32-byte key from a master key with HKDF-SHA256 (RFC 5869). Each salt
 * (such as a tenant id) and each domain (what the key is for, in UTF-8) gives
 * another key. In place: out_key may be master.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_KEY_LENGTH  master is shorter than 16 bytes
 *   CACHEKIT_INVALID_INPUT       salt or domain is empty, or domain is not UTF-8
 *   CACHEKIT_DOMAIN_TOO_LONG     domain is longer than 255 bytes
 *   CACHEKIT_SALT_TOO_LONG       salt is longer than 1024 bytes
 *   CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL
 * On error out_key holds zeros. Wipe the key when you are done. */
CACHEKIT_NODISCARD CachekitError cachekit_derive_key(const uint8_t *master, size_t master_len,
    const uint8_t *salt, size_t salt_len, const uint8_t *domain, size_t domain_len,
    uint8_t out_key[CACHEKIT_KEY_SIZE]);

/* Derives the three keys of a tenant, with the domains "encryption",
 * "authentication" and "cache_keys" and the tenant id as salt. Set
 * keys->struct_size first, and wipe the keys when you are done. On error they are
 * zeros. In place: master may lie in *keys.
 *
 * Returns what cachekit_derive_key does, and CACHEKIT_INVALID_INPUT also if
 * struct_size is too small for the three keys. */
CACHEKIT_NODISCARD CachekitError cachekit_derive_tenant_keys(const uint8_t *master,
    size_t master_len, const uint8_t *tenant_id, size_t tenant_id_len, CachekitTenantKeys *keys);

/* Fills out with 32 random bytes of the operating system: a new master key, or a key
 * for cachekit_encrypt. Keep a master key where you keep secrets, since without it no
 * entry opens, and wipe this copy.
 *
 * Returns CACHEKIT_OK, CACHEKIT_RNG_FAILURE, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. On error out holds zeros. */
CACHEKIT_NODISCARD CachekitError cachekit_generate_key(uint8_t out[CACHEKIT_KEY_SIZE]);

/* Decodes a master key from text: hexadecimal digits in both cases, an even number of
 * them, 64 or more, and nothing else: no white space, no quotes, no 0x. Wipe the key
 * when you are done.
 * Bound: strlen(hex) / 2, which is also the exact size.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT       it is not that
 *   CACHEKIT_INVALID_KEY_LENGTH  there are fewer than 64 digits
 *   CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 *   CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_parse_master_key(
    const char *hex, uint8_t *out, size_t *out_len);

/* A name for a key that does not reveal it, for logs and for telling keys apart: the
 * first 16 bytes of SHA-256("key_fingerprint_v1" || key).
 *
 * Returns CACHEKIT_OK, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_key_fingerprint(
    const uint8_t *key, size_t key_len, uint8_t out[CACHEKIT_FINGERPRINT_SIZE]);

/* ------------------------------------------------------------------------ */
/* Keyring: replacing a master key without losing what it wrote             */
/* ------------------------------------------------------------------------ */

/* A keyring holds the encryption keys that one tenant has under the current master
 * key and under up to three earlier ones. The current key encrypts and decrypts, the
 * earlier ones only decrypt. To replace a master key, make a keyring with the new
 * key as the current one and the old key among the decrypt-only ones. Drop the old
 * key when cachekit_keyring_decrypt and cachekit_keyring_open no longer report its
 * index. */

/* Makes a keyring for one tenant. The master keys have 16 bytes or more; 32 are
 * advised. They are not kept: the keys of the tenant are derived from them, once.
 * decrypt_only and decrypt_only_lens are arrays with decrypt_only_count elements,
 * and may be NULL if that is 0. Free the keyring with cachekit_keyring_free.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_KEY_LENGTH  a master key is shorter than 16 bytes
 *   CACHEKIT_INVALID_INPUT       there are more than 3 decrypt-only keys, the
 *                                current key is one of them, the tenant id is
 *                                empty, or as for cachekit_encryptor_new
 *   CACHEKIT_SALT_TOO_LONG       the tenant id is longer than 1024 bytes
 *   CACHEKIT_RNG_FAILURE, CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_new(const uint8_t *current, size_t current_len,
    const uint8_t *const *decrypt_only, const size_t *decrypt_only_lens, size_t decrypt_only_count,
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitKeyring **out);

/* The same, with the master keys that the environment of the process holds at the
 * moment of the call. All libraries of the cachekit family read these two variables.
 *   CACHEKIT_MASTER_KEY            the current key, as cachekit_parse_master_key
 *                                  takes it
 *   CACHEKIT_PREVIOUS_MASTER_KEYS  up to three decrypt-only keys of the same form,
 *                                  separated by commas; white space around a key and
 *                                  empty items do not count; it need not be set
 * The copies that the call makes of the keys are wiped; the environment keeps its own,
 * which the processes that you start inherit. Like getenv, this must not be called
 * while another thread changes the environment.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT       CACHEKIT_MASTER_KEY is not set or empty, a key is
 *                                not hexadecimal digits, or as for
 *                                cachekit_keyring_new
 *   CACHEKIT_INVALID_KEY_LENGTH  a key has fewer than 64 digits
 *   CACHEKIT_SALT_TOO_LONG       the tenant id is longer than 1024 bytes
 *   CACHEKIT_RNG_FAILURE, CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_from_env(
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitKeyring **out);

/* Frees a keyring and wipes its keys. NULL is fine, and so is one that was freed
 * before. */
void cachekit_keyring_free(CachekitKeyring *keyring);

/* Chooses how hard cachekit_keyring_seal and _seal_many compress: see
 * cachekit_byte_storage_set_level, whose codes it returns. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_set_level(CachekitKeyring *keyring, int level);

/* Lowers the limit of what the keyring seals, opens, encrypts and decrypts, interop
 * values too: see cachekit_byte_storage_set_max_payload, whose codes it returns. An
 * entry to open is also refused if it is more than twice as long as any that holds a
 * payload of so many bytes. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_set_max_payload(
    CachekitKeyring *keyring, size_t bytes);

/* The number of keys, 1 to 4, and 0 for a handle that is not valid. */
size_t cachekit_keyring_key_count(const CachekitKeyring *keyring);

/* The fingerprint of the tenant's encryption key at index. 0 is the current key.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (no such index),
 * CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_fingerprint(
    const CachekitKeyring *keyring, size_t index, uint8_t out[CACHEKIT_FINGERPRINT_SIZE]);

/* The number of encryptions made, including seals, 0 to 2^32, and 0 for a handle
 * that is not valid. */
uint64_t cachekit_keyring_get_counter(const CachekitKeyring *keyring);

/* Like cachekit_encrypt, with the current key of the keyring: the same bound, the
 * same in place, and the same codes without CACHEKIT_INVALID_KEY_LENGTH. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_encrypt(CachekitKeyring *keyring,
    const uint8_t *aad, size_t aad_len, const uint8_t *plaintext, size_t plaintext_len,
    uint8_t *out, size_t *out_len);

/* Like cachekit_decrypt, with the current key, then with the others in order. If
 * key_index is not NULL, *key_index receives the index of the key that succeeded,
 * and 0 on error. The same bound, and the same codes without
 * CACHEKIT_INVALID_KEY_LENGTH. Not in place: if one key fails, the next one needs
 * the ciphertext. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_decrypt(const CachekitKeyring *keyring,
    const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext, size_t ciphertext_len,
    uint8_t *out, size_t *out_len, size_t *key_index);

/* Like cachekit_keyring_decrypt, with the key at index and no other, for callers
 * that store a fingerprint beside the ciphertext. CACHEKIT_INVALID_INPUT also if
 * there is no such index. In place: out may be ciphertext + CACHEKIT_NONCE_SIZE. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_decrypt_at(const CachekitKeyring *keyring,
    size_t index, const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext,
    size_t ciphertext_len, uint8_t *out, size_t *out_len);

/* What the keyring has done so far. A seal counts as a store and as an encryption,
 * an open as a decryption and as a retrieval. An open for whose payload there is no
 * memory still counts as a decryption. Otherwise like
 * cachekit_byte_storage_get_metrics. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_get_metrics(
    const CachekitKeyring *keyring, CachekitMetrics *metrics);

/* ------------------------------------------------------------------------ */
/* Entries: compress, encrypt and bind to the cache key in one call         */
/* ------------------------------------------------------------------------ */

/* Seals data for one place in the cache: makes the envelope of data and encrypts it
 * with the current key, bound to the tenant, the cache key and the format. Copied to
 * another cache key, the entry does not open. The format says what data is; NULL
 * stands for "msgpack". The library allocates the result, with room for the worst
 * case.
 *
 * Returns what cachekit_byte_storage_store and cachekit_keyring_encrypt do, and
 * CACHEKIT_INPUT_TOO_LARGE also for a cache key longer than
 * CACHEKIT_MAX_CACHE_KEY_SIZE. With CACHEKIT_ROTATION_NEEDED the result is
 * complete. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_seal(CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *data, size_t data_len,
    uint8_t **sealed, size_t *sealed_len);

/* Opens what cachekit_keyring_seal made for the same tenant, format and cache key,
 * and returns the data. NULL stands for the format "msgpack"; *key_index is as in
 * cachekit_keyring_decrypt. The library allocates the result.
 *
 * Returns what cachekit_keyring_decrypt and cachekit_byte_storage_retrieve do,
 * CACHEKIT_INPUT_TOO_LARGE as cachekit_keyring_seal does, and
 * CACHEKIT_INVALID_INPUT also if the envelope inside has another format. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_open(const CachekitKeyring *keyring,
    const char *format, const uint8_t *cache_key, size_t cache_key_len, const uint8_t *sealed,
    size_t sealed_len, uint8_t **data, size_t *data_len, size_t *key_index);

/* cachekit_keyring_seal in the caller's buffer.
 * Bound: cachekit_compressed_bound(data_len) + strlen(format) +
 * CACHEKIT_CIPHERTEXT_OVERHEAD.
 *
 * Returns what cachekit_keyring_seal does, without CACHEKIT_OUT_OF_MEMORY, or
 * CACHEKIT_BUFFER_TOO_SMALL, with a size in *out_len that is enough for all data of
 * this length. Whatever the answer, the buffer holds no byte of data. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_seal_into(CachekitKeyring *keyring,
    const char *format, const uint8_t *cache_key, size_t cache_key_len, const uint8_t *data,
    size_t data_len, uint8_t *out, size_t *out_len);

/* cachekit_keyring_open in the caller's buffer. The size of the payload is known only
 * when the entry has been decrypted: with CACHEKIT_BUFFER_TOO_SMALL that has been done,
 * and counted, and a second call with the size in *out_len does it again.
 *
 * Returns what cachekit_keyring_open does, CACHEKIT_OUT_OF_MEMORY too, because the
 * envelope takes memory beside the buffer, or CACHEKIT_BUFFER_TOO_SMALL. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_open_into(const CachekitKeyring *keyring,
    const char *format, const uint8_t *cache_key, size_t cache_key_len, const uint8_t *sealed,
    size_t sealed_len, uint8_t *out, size_t *out_len, size_t *key_index);

/* The AAD (version 3) that binds an entry to its place, for callers who encrypt
 * with cachekit_encrypt or cachekit_keyring_encrypt. It is the byte 03, and then,
 * each behind its length in 4 bytes: the tenant id, the cache key, the format,
 * "True" if the plaintext is a compressed envelope or "False" if it is not, and
 * original_type, unless that is NULL.
 * Bound: 26 + tenant_id_len + cache_key_len + strlen(format), and
 * strlen(original_type) unless that is NULL.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (text that is not UTF-8),
 * CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER
 * (format too), CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_aad(const uint8_t *tenant_id, size_t tenant_id_len,
    const uint8_t *cache_key, size_t cache_key_len, const char *format, bool compressed,
    const char *original_type, uint8_t *out, size_t *out_len);

/* ------------------------------------------------------------------------ */
/* Many at once                                                             */
/* ------------------------------------------------------------------------ */

/* These four functions take an array of count items where their likes take one, as
 * for a hundred keys that an MGET has read. An item of 64 bytes costs about half as much
 * as a call of its own; the larger it is, the less there is to gain.
 *
 * item_size is sizeof(CachekitItem), or that of a struct of yours which begins with
 * one. Every item is tried, whatever becomes of the
 * others. *results is the memory of all results: free it once, with
 * cachekit_free_buffer, when you need none of them any more. It is NULL if no item
 * succeeded. Each result in it is aligned to 16 bytes.
 *
 * The results take memory as they do in the calls for one: room for the worst case to
 * store and to seal; to open, the envelopes of all entries beside the payloads. From 32
 * MiB of envelopes on there is nothing beside the payloads, unless one of the envelopes
 * is of the oldest form, whose block is spelled as integers. If entries come from others,
 * lower the limit of a payload: one may claim a thousand times its size.
 *
 * Returns
 *   CACHEKIT_OK                every item succeeded, or count is 0
 *   CACHEKIT_ROTATION_NEEDED   every item succeeded; one was sealed with that warning
 *   the error of the first item that failed; the others have their own
 * or, as the error of all items that have none of their own,
 *   CACHEKIT_OUT_OF_MEMORY     there is no memory for the results
 *   CACHEKIT_INVALID_INPUT     format is not UTF-8; or item_size is less than that of
 *                              a CachekitItem or does not keep it aligned
 *   CACHEKIT_INPUT_TOO_LARGE   format is longer than CACHEKIT_MAX_FORMAT_SIZE
 *   CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED,
 *   CACHEKIT_INTERNAL
 * With such an item_size the items are not written to. The metrics count each item like
 * a call of its own. Those of a store, a retrieval and a decryption are all timed, with
 * equal shares of the time of all. */

/* cachekit_byte_storage_store for many. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_store_many(
    const CachekitByteStorage *storage, const char *format, CachekitItem *items, size_t count,
    size_t item_size, uint8_t **results);

/* cachekit_byte_storage_retrieve for many. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_retrieve_many(
    const CachekitByteStorage *storage, CachekitItem *items, size_t count, size_t item_size,
    uint8_t **results);

/* cachekit_keyring_seal for many. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_seal_many(CachekitKeyring *keyring,
    const char *format, CachekitItem *items, size_t count, size_t item_size, uint8_t **results);

/* cachekit_keyring_open for many. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_open_many(const CachekitKeyring *keyring,
    const char *format, CachekitItem *items, size_t count, size_t item_size, uint8_t **results);

/* ------------------------------------------------------------------------ */
/* Interop mode: entries shared with other languages                        */
/* ------------------------------------------------------------------------ */

/* With these functions a C program reads and writes the entries that
 * @cache(interop="get_user", namespace="users") of the Python package cachekit
 * keeps in Redis. cachekit_interop_key makes the key; the value is plain
 * MessagePack, or that encrypted by cachekit_keyring_seal_interop. A reader that
 * expects encrypted values must never fall back to reading plain ones. */

/* Checks that in is exactly one well-formed MessagePack document: nested at most
 * 100 levels deep, without a length that points beyond its end, and with nothing
 * behind it. Do this before you pass bytes from a cache to a MessagePack parser.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE,
 * CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_msgpack_check(const uint8_t *in, size_t in_len);

/* The cache key of a call, as a string: name_space, operation and the hash of the
 * arguments, with colons between them. *out_len includes the NUL at its end. args is
 * one MessagePack array; the order of its maps and the widths of its numbers do not
 * matter. name_space and operation match [a-z0-9][a-z0-9._-]{0,63} and do not
 * contain ".."; the namespaces "ns" and "nsapi" are reserved.
 * Bound: CACHEKIT_INTEROP_KEY_BUFFER_SIZE.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (a bad name, or arguments that are
 * not an array or have no canonical form: NaN, infinities, extension types, map keys
 * that are no strings or come twice, text that is not UTF-8),
 * CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_OUT_OF_MEMORY (if a map is not in order, the
 * call needs 8 bytes for each pair of all maps), CACHEKIT_BUFFER_TOO_SMALL,
 * CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_interop_key(const char *name_space, const char *operation,
    const uint8_t *args, size_t args_len, char *out, size_t *out_len);

/* The canonical form of a MessagePack document: every header and integer in its
 * shortest form, maps sorted by key, floats as float64. Equal values give equal
 * bytes.
 * Bound: 2 * in_len.
 *
 * Returns what cachekit_interop_key does. */
CACHEKIT_NODISCARD CachekitError cachekit_interop_value(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len);

/* Encrypts a value, which is one MessagePack document, for the interop key that
 * cachekit_interop_key made.
 * Bound: value_len + CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size.
 *
 * Returns what cachekit_keyring_encrypt does, CACHEKIT_INVALID_INPUT also if the
 * value is not exactly one document, and CACHEKIT_INPUT_TOO_LARGE also if the
 * interop key is longer than 194 bytes. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_seal_interop(CachekitKeyring *keyring,
    const char *interop_key, const uint8_t *value, size_t value_len, uint8_t *out, size_t *out_len);

/* Decrypts such a value; *key_index is as in cachekit_keyring_decrypt.
 * Bound: sealed_len - CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size.
 *
 * Returns what cachekit_keyring_decrypt does, CACHEKIT_INVALID_INPUT also if what
 * was encrypted is not exactly one document, and CACHEKIT_INPUT_TOO_LARGE also if
 * the interop key is longer than 194 bytes. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_open_interop(const CachekitKeyring *keyring,
    const char *interop_key, const uint8_t *sealed, size_t sealed_len, uint8_t *out,
    size_t *out_len, size_t *key_index);

#ifdef __cplusplus
}
#endif

#endif /* CACHEKIT_H */
