/*
 * cachekit.h - make cache payloads small, checked and secret.
 *
 * Bytes in, bytes out. ByteStorage compresses a payload with LZ4, protects it
 * with an XXH3-64 checksum and wraps both in an envelope. Encryption is
 * AES-256-GCM with nonces that cannot repeat. Keys are derived per tenant with
 * HKDF-SHA256, and a keyring lets a master key be replaced without losing what
 * the old one wrote. The cachekit libraries of Python, Rust and TypeScript
 * read and write the same bytes.
 *
 * A complete program (examples/c/quickstart.c is a longer one):
 *
 *     #include <cachekit.h>
 *     #include <stdio.h>
 *     #include <string.h>
 *
 *     int main(void)
 *     {
 *         const char *text = "hello, hello, hello, cachekit!";
 *         uint8_t *envelope = NULL, *data = NULL;
 *         size_t envelope_len = 0, data_len = 0;
 *
 *         CachekitByteStorage *storage = cachekit_byte_storage_new(NULL);
 *         CachekitError err = cachekit_byte_storage_store(storage, (const uint8_t *)text,
 *                                 strlen(text), NULL, &envelope, &envelope_len);
 *         if (err == CACHEKIT_OK)
 *             err = cachekit_byte_storage_retrieve(storage, envelope, envelope_len,
 *                                 &data, &data_len);
 *         if (err == CACHEKIT_OK)
 *             printf("%zu bytes back\n", data_len);
 *         else
 *             fprintf(stderr, "cachekit: %s\n", cachekit_error_string(err));
 *
 *         cachekit_free_buffer(data);
 *         cachekit_free_buffer(envelope);
 *         cachekit_byte_storage_free(storage);
 *         return err != CACHEKIT_OK;
 *     }
 *
 *     cc program.c $(pkg-config --cflags --libs cachekit_core) -o program
 *
 * RULES THAT HOLD FOR EVERY FUNCTION
 *
 * Threads. Every function may be called from any thread at any time, two
 * threads on one handle included. A handle may be freed while another thread
 * uses it: the calls under way finish, later ones get CACHEKIT_INVALID_HANDLE.
 * At most 1,048,576 handles are valid at a time.
 *
 * Not from a signal handler: no function is async-signal-safe. To leave a call by
 * longjmp, and to cancel a thread amid one with PTHREAD_CANCEL_ASYNCHRONOUS, is
 * undefined. A main that ends by pthread_exit leaves a process that does not
 * end, since the library's threads do not: return from main, or call exit.
 *
 * Inputs are never written to and never kept. Inputs and outputs must be private
 * to the call: until it returns, nobody may write to its inputs, or read or write
 * its outputs, no other thread and no other process that shares the memory. What
 * changes an input after its tag or checksum was computed comes out as if it had
 * been vouched for; and an output may hold a plaintext that is not authentic yet,
 * or one that is not encrypted yet, until the call is over. Memory that others can
 * write to has to be copied first.
 *
 * NULL with length 0 is an empty input; NULL with a length above 0 is
 * CACHEKIT_NULL_POINTER, and so is a NULL place for a result. All lengths and
 * sizes are in bytes.
 *
 * Handles. A NULL handle, one that was freed, and one of another type are all
 * CACHEKIT_INVALID_HANDLE, always, never another object's data. Functions that
 * return a number return 0 for them.
 *
 * Results come in two styles.
 *   Library-allocated (uint8_t **out, size_t *out_len): the library allocates,
 *   you free with cachekit_free_buffer, which wipes first. A success is never
 *   NULL, an empty result neither. The pointer is aligned to 64 bytes.
 *   Caller's buffer (uint8_t *out, size_t *out_len): *out_len is the capacity
 *   going in and the length coming out. If it is too small the answer is
 *   CACHEKIT_BUFFER_TOO_SMALL with the size needed in *out_len, and nothing
 *   else has happened: no nonce is used up. The bound stated at each function
 *   always suffices.
 * On any other error the pointer is NULL and the length 0, and the caller's
 * buffer holds no plaintext of a message that was not authentic. Its content
 * is otherwise unspecified.
 *
 * Input and output must not overlap, except where a function says "in place".
 * Encryption and decryption answer CACHEKIT_INTERNAL where a result would be
 * lost that way; the other functions do not look.
 *
 * Start. Loading the library does nothing. It starts at its first call that
 * needs it, or at cachekit_start: it then has threads of its own. Before that a
 * process may fork, become a daemon or another user, close its descriptors, block
 * its signals and set variables; parent and children all work. Where it cannot
 * start (address space, memory, threads) the first call answers
 * CACHEKIT_OUT_OF_MEMORY, any function, and a later call tries again.
 *
 * fork. In a process that was forked after the start, every function that
 * returns a code answers CACHEKIT_FORKED, constructors return NULL, and every
 * _free function stays safe to call. fork followed by exec is fine. On platforms
 * other than Linux, and in a static archive, the start is when it is loaded.
 *
 * Limits. A payload is at most CACHEKIT_MAX_PAYLOAD_SIZE bytes. What an
 * envelope claims is checked against the limits before memory is taken. Names are
 * short: a format, a cache key and an interop key above their limits are
 * CACHEKIT_INPUT_TOO_LARGE, but for cachekit_aad and for the format inside an
 * envelope that is only read.
 *
 * ABI. A symbol or a number is never changed or reused. Structs begin with
 * struct_size, which the caller sets to sizeof the struct, so that they can
 * grow: 0 is CACHEKIT_INVALID_INPUT, and nothing is written beyond it.
 *
 * Signals. The Go runtime inside handles SIGSEGV, SIGBUS, SIGFPE and SIGURG and
 * passes on those that are not its own; all others are yours, blocked or not. A
 * handler that you install after the start needs SA_ONSTACK. A thread that
 * calls the library gets a stack of 256 KiB for handlers, unless it has one.
 *
 * Threads of yours may be cancelled: no call is a cancellation point.
 *
 * Wear. Two things wear out. An encryptor or keyring counts its encryptions: after
 * 2^31 it warns with CACHEKIT_ROTATION_NEEDED, after 2^32 it ends. A new one, with
 * the same keys, takes its place. A key wears out with what is encrypted under it
 * by all instances in all processes together: replace the master key before one
 * tenant's key, or a key given to cachekit_encrypt, has encrypted 2^48 blocks of 16
 * bytes (4 PiB), or has served 92,000 process starts with one encryptor or keyring
 * each, or 2,000 with a thousand each, whichever comes first. That keeps both the
 * advantage of an attacker who looks for patterns (blocks^2 / 2^129) and the chance
 * of a nonce that repeats below 2^-32, the bound of NIST SP 800-38D, section 8.
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
#define CACHEKIT_MAX_FORMAT_SIZE 1048576     /* 1 MiB: a format that is written */
#define CACHEKIT_MAX_CACHE_KEY_SIZE 1048576  /* 1 MiB: a cache key that an entry is bound to */
#define CACHEKIT_CHECKSUM_SIZE 8
#define CACHEKIT_KEY_SIZE 32 /* an AES-256 key, and every derived key */
#define CACHEKIT_FINGERPRINT_SIZE 16
#define CACHEKIT_NONCE_SIZE 12
#define CACHEKIT_TAG_SIZE 16
#define CACHEKIT_CIPHERTEXT_OVERHEAD 28      /* nonce + tag: ciphertext length - plaintext length */
#define CACHEKIT_MIN_MASTER_KEY_SIZE 16      /* 32 is strongly advised */
#define CACHEKIT_MAX_DOMAIN_SIZE 255         /* and at least 1 */
#define CACHEKIT_MAX_SALT_SIZE 1024          /* a tenant salt or tenant id; at least 1 */
#define CACHEKIT_MAX_DECRYPT_ONLY_KEYS 3     /* keys */
#define CACHEKIT_INTEROP_KEY_BUFFER_SIZE 195 /* the longest interop key, with its NUL */

/* ------------------------------------------------------------------------ */
/* Results                                                                  */
/* ------------------------------------------------------------------------ */

#if defined(__cplusplus) && __cplusplus >= 201703L
#define CACHEKIT_NODISCARD [[nodiscard]]
#elif defined(__GNUC__) || defined(__clang__)
#define CACHEKIT_NODISCARD __attribute__((warn_unused_result))
#else
#define CACHEKIT_NODISCARD
#endif

/* What a call came to. The numbers never change. */
typedef enum CachekitError {
    /* Written by make generate from internal/codes/codes.go. */
    CACHEKIT_OK = 0,

    /* The input is not what the function reads: it is not an envelope, it is a
     * ciphertext shorter than 28 bytes, text that is not UTF-8, an empty name, a
     * struct_size of 0. */
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
     * least 16. */
    CACHEKIT_INVALID_KEY_LENGTH = 7,

    /* The caller's buffer is too small; the size needed is in *out_len. */
    CACHEKIT_BUFFER_TOO_SMALL = 8,

    /* A pointer that must not be NULL is NULL. */
    CACHEKIT_NULL_POINTER = 9,

    /* More than 512 MiB, an envelope that claims more, or a name (format, cache
     * key, interop key) that is longer than its limit. */
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

/* What an envelope says of its payload. */
typedef struct CachekitEnvelopeInfo {
    size_t struct_size;                       /* set by the caller */
    size_t original_size;                     /* of the payload */
    size_t compressed_size;                   /* of the LZ4 block */
    uint8_t checksum[CACHEKIT_CHECKSUM_SIZE]; /* XXH3-64 of the payload, big-endian */
    const char *format; /* inside the caller's envelope: UTF-8, no NUL at the end */
    size_t format_len;
} CachekitEnvelopeInfo;

/* One kind of operation over the life of a handle. Counts are exact. A call
 * that ends before it looks at the data is not counted: a pointer that is NULL,
 * a buffer too small, no memory for the result. Time is taken for every payload
 * of 64 KiB and more and for one in 256 of the smaller ones, since reading the
 * clock costs more than they do. */
typedef struct CachekitOperationMetrics {
    uint64_t operations;       /* all that were counted, failed ones included */
    uint64_t errors;           /* those that failed */
    uint64_t bytes_in;         /* taken in by the calls that succeeded */
    uint64_t bytes_out;        /* given out by the calls that succeeded */
    uint64_t timed_operations; /* successful calls that were timed */
    uint64_t total_ns;         /* time of the timed calls together, nanoseconds */
    uint64_t last_ns;          /* time of the last timed call, nanoseconds */
} CachekitOperationMetrics;

/* What a handle has done since it was made. */
typedef struct CachekitMetrics {
    size_t struct_size; /* set by the caller */
    CachekitOperationMetrics store;
    CachekitOperationMetrics retrieve;
    CachekitOperationMetrics encrypt;
    CachekitOperationMetrics decrypt;
    double last_compression_ratio; /* payload / envelope of the last store; 0 before the first */
    bool hardware_accelerated;     /* encryption uses the CPU's AES instructions */
} CachekitMetrics;

/* The keys of one tenant. Wipe with cachekit_wipe when done. */
typedef struct CachekitTenantKeys {
    size_t struct_size; /* set by the caller */
    uint8_t encryption[CACHEKIT_KEY_SIZE];
    uint8_t authentication[CACHEKIT_KEY_SIZE];
    uint8_t cache_keys[CACHEKIT_KEY_SIZE];
} CachekitTenantKeys;

/* ------------------------------------------------------------------------ */
/* Library                                                                  */
/* ------------------------------------------------------------------------ */

/* The version of the library that runs, as CACHEKIT_VERSION_NUMBER is the one
 * of the header that was compiled against: major * 10000 + minor * 100 + patch. */
uint32_t cachekit_version_number(void);

/* The same as text, "0.1.0". Static; not to be freed. */
const char *cachekit_version_string(void);

/* Starts the library now instead of at its first call; it takes some 2 ms. May
 * be called again, by any thread. Returns
 *   CACHEKIT_OK             the library has started
 *   CACHEKIT_FORKED         the process was forked after it had
 *   CACHEKIT_OUT_OF_MEMORY  no memory, address space or threads; try later */
CACHEKIT_NODISCARD CachekitError cachekit_start(void);

/* What the library was built with and which code runs on this CPU, for logs
 * and bug reports: "go1.27.4 linux/amd64 aes=avx512 lz4=amd64". A value of
 * CACHEKIT_AES or CACHEKIT_LZ4 that is unknown is named. Static; not to be freed;
 * its form may change. */
const char *cachekit_build_info(void);

/* The text of a code, "checksum mismatch". Static; never NULL: a number that
 * is no code gives "unknown error". */
const char *cachekit_error_string(CachekitError err);

/* The name of a code, "CACHEKIT_CHECKSUM_MISMATCH". Static; never NULL: a
 * number that is no code gives "CACHEKIT_UNKNOWN". */
const char *cachekit_error_name(CachekitError err);

/* True if encryption uses the CPU's AES instructions. */
bool cachekit_hardware_acceleration_enabled(void);

/* Wipes and frees a buffer that the library allocated. NULL is fine. As with
 * free, anything else is undefined: a pointer that the library did not give out,
 * one into the middle of a buffer, a buffer that was freed before or is freed by
 * two threads at once. */
void cachekit_free_buffer(void *buffer);

/* Overwrites len bytes with zeros, and is not optimised away. NULL is fine. */
void cachekit_wipe(void *memory, size_t len);

/* ------------------------------------------------------------------------ */
/* ByteStorage: LZ4 and XXH3-64 in an envelope                              */
/* ------------------------------------------------------------------------ */

/* Makes a storage that writes default_format (UTF-8; NULL: "msgpack") into its
 * envelopes. The format says what the payload is; the library only carries it.
 * One for a whole program will do.
 *
 * Returns NULL if default_format is not UTF-8 or above
 * CACHEKIT_MAX_FORMAT_SIZE, without memory, or after a fork. Free with
 * cachekit_byte_storage_free. */
CachekitByteStorage *cachekit_byte_storage_new(const char *default_format);

/* Frees a storage. NULL, and one freed before, are fine. */
void cachekit_byte_storage_free(CachekitByteStorage *storage);

/* Compresses data into an envelope. format NULL: the storage's default. The
 * result is library-allocated, with room for the worst case.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INPUT_TOO_LARGE  data, or its envelope, above 512 MiB, or format
 *                             above CACHEKIT_MAX_FORMAT_SIZE
 *   CACHEKIT_INVALID_INPUT    format is not UTF-8
 *   CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_store(const CachekitByteStorage *storage,
    const uint8_t *data, size_t data_len, const char *format, uint8_t **envelope,
    size_t *envelope_len);

/* Checks an envelope and gives back its payload, library-allocated.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT           not one envelope, or bytes behind it
 *   CACHEKIT_INPUT_TOO_LARGE         it is, or claims, more than 512 MiB
 *   CACHEKIT_DECOMPRESSION_BOMB      it claims too much for its size
 *   CACHEKIT_DECOMPRESSION_FAILED, CACHEKIT_CHECKSUM_MISMATCH,
 *   CACHEKIT_SIZE_VALIDATION_FAILED  its content is damaged
 *   CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_retrieve(const CachekitByteStorage *storage,
    const uint8_t *envelope, size_t envelope_len, uint8_t **data, size_t *data_len);

/* Answers exactly what cachekit_byte_storage_retrieve would, without giving
 * out the payload. It decompresses it to do so, and does not count in the
 * metrics. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_validate(
    const CachekitByteStorage *storage, const uint8_t *envelope, size_t envelope_len);

/* The compression ratio that store would reach on data: original size /
 * compressed size, 0 for no data. It compresses data to find out.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INPUT_TOO_LARGE (data above 512 MiB),
 * CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE,
 * CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_estimate_compression(
    const CachekitByteStorage *storage, const uint8_t *data, size_t data_len, double *ratio);

/* What the storage has done so far: store, retrieve and the last ratio; the
 * other operations are 0. Set metrics->struct_size first.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (struct_size is 0),
 * CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_byte_storage_get_metrics(
    const CachekitByteStorage *storage, CachekitMetrics *metrics);

/* Reads the header of an envelope without decompressing, at the same cost for
 * 64 bytes and for 512 MiB of what a writer makes. What readers accept besides
 * takes time in proportion to its size, a second or two for 512 MiB: a block that
 * is spelled as integers, and a map with unknown fields. Set info->struct_size
 * first; info->format points into the envelope. On error the rest of *info is zeros.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_INPUT       not one envelope, or struct_size is 0
 *   CACHEKIT_INPUT_TOO_LARGE     it is, or claims, more than 512 MiB
 *   CACHEKIT_DECOMPRESSION_BOMB  it claims too much for its size
 *   CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_envelope_inspect(
    const uint8_t *envelope, size_t envelope_len, CachekitEnvelopeInfo *info);

/* One-shot forms, into the caller's buffer. They need no handle and count in
 * no metrics. */

/* The envelope of in, with format "msgpack".
 * Bound: cachekit_compressed_bound(in_len). A smaller buffer is tried too, at
 * the price of a temporary one, and filled if the envelope fits.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INPUT_TOO_LARGE (above 512 MiB),
 * CACHEKIT_BUFFER_TOO_SMALL (exact size in *out_len), CACHEKIT_OUT_OF_MEMORY,
 * CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_compress(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len);

/* The payload of an envelope of any format.
 * Bound: original_size of cachekit_envelope_inspect; on
 * CACHEKIT_BUFFER_TOO_SMALL it is in *out_len.
 *
 * Returns what cachekit_byte_storage_retrieve does, without
 * CACHEKIT_INVALID_HANDLE, or CACHEKIT_BUFFER_TOO_SMALL. */
CACHEKIT_NODISCARD CachekitError cachekit_decompress(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len);

/* The largest envelope that cachekit_compress can make of in_len bytes:
 * in_len + in_len / 255 + 16 + 120, or SIZE_MAX where that does not fit. */
size_t cachekit_compressed_bound(size_t in_len);

/* XXH3-64 (seed 0) of data, big-endian, as an envelope carries it. It finds
 * accidents; it does not stop a forger.
 *
 * Returns CACHEKIT_OK, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_checksum(
    const uint8_t *data, size_t len, uint8_t out[CACHEKIT_CHECKSUM_SIZE]);

/* Compares the checksum of data.
 *
 * Returns CACHEKIT_OK if it is the expected one, CACHEKIT_CHECKSUM_MISMATCH,
 * CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_verify_checksum(
    const uint8_t *data, size_t len, const uint8_t expected[CACHEKIT_CHECKSUM_SIZE]);

/* ------------------------------------------------------------------------ */
/* Encryption: AES-256-GCM (NIST SP 800-38D) with counter nonces            */
/* ------------------------------------------------------------------------ */

/* A ciphertext is nonce (12) || encrypted bytes || tag (16): 28 bytes more
 * than the plaintext. The AAD is authenticated with it, not stored in it: the
 * reader must give the same. The nonce is the encryptor's random instance id
 * and its counter, so that no nonce repeats under any key. */

/* Makes an encryptor. One for a whole program will do; it is also the unit
 * whose 2^32 encryptions are counted. *error, if not NULL, receives
 * CACHEKIT_OK, CACHEKIT_RNG_FAILURE, CACHEKIT_OUT_OF_MEMORY, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL, or CACHEKIT_INVALID_INPUT where GODEBUG=fips140=only is set
 * and the CPU, or CACHEKIT_AES=stdlib, leaves only Go's AES, which then refuses.
 *
 * Returns NULL on error. Free with cachekit_encryptor_free. */
CachekitEncryptor *cachekit_encryptor_new(CachekitError *error);

/* Frees an encryptor and wipes the keys that it remembers. NULL, and one freed
 * before, are fine. */
void cachekit_encryptor_free(CachekitEncryptor *encryptor);

/* The number of encryptions made, 0 to 2^32; 0 for a handle that is not valid. */
uint64_t cachekit_encryptor_get_counter(const CachekitEncryptor *encryptor);

/* Encrypts plaintext under a 32-byte key.
 * Bound: plaintext_len + CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size. In place: plaintext may be out + CACHEKIT_NONCE_SIZE.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_ROTATION_NEEDED     done, see there
 *   CACHEKIT_COUNTER_EXHAUSTED   this encryptor encrypts no more
 *   CACHEKIT_INVALID_KEY_LENGTH  key_len is not 32
 *   CACHEKIT_INPUT_TOO_LARGE     plaintext above 512 MiB
 *   CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_encrypt(CachekitEncryptor *encryptor, const uint8_t *key,
    size_t key_len, const uint8_t *aad, size_t aad_len, const uint8_t *plaintext,
    size_t plaintext_len, uint8_t *out, size_t *out_len);

/* Decrypts what any encryptor made under the same key and AAD.
 * Bound: ciphertext_len - CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size. In place: out may be ciphertext + CACHEKIT_NONCE_SIZE.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_DECRYPTION_FAILED   not authentic; out holds zeros
 *   CACHEKIT_INVALID_INPUT       ciphertext shorter than 28 bytes
 *   CACHEKIT_INVALID_KEY_LENGTH  key_len is not 32
 *   CACHEKIT_INPUT_TOO_LARGE     plaintext above 512 MiB
 *   CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_decrypt(const CachekitEncryptor *encryptor,
    const uint8_t *key, size_t key_len, const uint8_t *aad, size_t aad_len,
    const uint8_t *ciphertext, size_t ciphertext_len, uint8_t *out, size_t *out_len);

/* What the encryptor has done so far: encrypt and decrypt; the other
 * operations are 0. Otherwise as cachekit_byte_storage_get_metrics. */
CACHEKIT_NODISCARD CachekitError cachekit_encryptor_get_metrics(
    const CachekitEncryptor *encryptor, CachekitMetrics *metrics);

/* Derives a 32-byte key from a master key with HKDF-SHA256 (RFC 5869), bound
 * to a salt (such as a tenant id) and a domain (what the key is for; UTF-8).
 * In place: out_key may be master.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_KEY_LENGTH  master shorter than 16 bytes
 *   CACHEKIT_INVALID_INPUT       salt or domain empty, domain not UTF-8
 *   CACHEKIT_DOMAIN_TOO_LONG     domain above 255 bytes
 *   CACHEKIT_SALT_TOO_LONG       salt above 1024 bytes
 *   CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL
 * On error out_key holds zeros. Wipe it when done. */
CACHEKIT_NODISCARD CachekitError cachekit_derive_key(const uint8_t *master, size_t master_len,
    const uint8_t *salt, size_t salt_len, const uint8_t *domain, size_t domain_len,
    uint8_t out_key[CACHEKIT_KEY_SIZE]);

/* Derives a tenant's three keys: domains "encryption", "authentication" and
 * "cache_keys", with the tenant id as salt. Set keys->struct_size first; wipe
 * the keys when done. On error they are zeros. In place: master may lie in *keys.
 *
 * Returns what cachekit_derive_key does, or CACHEKIT_INVALID_INPUT if
 * struct_size is too small for the three keys. */
CACHEKIT_NODISCARD CachekitError cachekit_derive_tenant_keys(const uint8_t *master,
    size_t master_len, const uint8_t *tenant_id, size_t tenant_id_len, CachekitTenantKeys *keys);

/* A name for a key that does not give it away: the first 16 bytes of
 * SHA-256("key_fingerprint_v1" || key). For logs and for telling keys apart.
 *
 * Returns CACHEKIT_OK, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_key_fingerprint(
    const uint8_t *key, size_t key_len, uint8_t out[CACHEKIT_FINGERPRINT_SIZE]);

/* ------------------------------------------------------------------------ */
/* Keyring: replacing a master key without losing what it wrote             */
/* ------------------------------------------------------------------------ */

/* A keyring holds one tenant's keys under the current master key, which
 * encrypts and decrypts, and under up to three earlier ones, which only
 * decrypt. To rotate, make a keyring with the new key as the current one and
 * the old one among the decrypt-only ones; drop the old one when
 * cachekit_keyring_decrypt no longer reports its index. */

/* Makes a keyring for one tenant. The master keys (16 bytes or more, 32
 * advised) are not kept; the tenant's encryption keys are derived and expanded
 * once. decrypt_only and decrypt_only_lens are arrays of decrypt_only_count
 * entries, NULL if that is 0.
 *
 * Returns
 *   CACHEKIT_OK
 *   CACHEKIT_INVALID_KEY_LENGTH  a master key shorter than 16 bytes
 *   CACHEKIT_INVALID_INPUT       over 3 decrypt-only keys, the current key
 *                                among them, tenant id empty; or as for
 *                                cachekit_encryptor_new
 *   CACHEKIT_SALT_TOO_LONG       tenant id above 1024 bytes
 *   CACHEKIT_RNG_FAILURE, CACHEKIT_OUT_OF_MEMORY, CACHEKIT_NULL_POINTER,
 *   CACHEKIT_FORKED, CACHEKIT_INTERNAL */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_new(const uint8_t *current, size_t current_len,
    const uint8_t *const *decrypt_only, const size_t *decrypt_only_lens, size_t decrypt_only_count,
    const uint8_t *tenant_id, size_t tenant_id_len, CachekitKeyring **out);

/* Frees a keyring and wipes its keys. NULL, and one freed before, are fine. */
void cachekit_keyring_free(CachekitKeyring *keyring);

/* The number of keys, 1 to 4; 0 for a handle that is not valid. */
size_t cachekit_keyring_key_count(const CachekitKeyring *keyring);

/* The fingerprint of the tenant key at index, 0 being the current one.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (no such index),
 * CACHEKIT_NULL_POINTER, CACHEKIT_INVALID_HANDLE, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_fingerprint(
    const CachekitKeyring *keyring, size_t index, uint8_t out[CACHEKIT_FINGERPRINT_SIZE]);

/* The number of encryptions made, seals included, 0 to 2^32; 0 for a handle
 * that is not valid. */
uint64_t cachekit_keyring_get_counter(const CachekitKeyring *keyring);

/* cachekit_encrypt with the keyring's current key; bound, in place and returns
 * as there, without CACHEKIT_INVALID_KEY_LENGTH. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_encrypt(CachekitKeyring *keyring,
    const uint8_t *aad, size_t aad_len, const uint8_t *plaintext, size_t plaintext_len,
    uint8_t *out, size_t *out_len);

/* cachekit_decrypt with the current key, then the others in order;
 * *key_index, if key_index is not NULL, receives the index of the key that
 * opened it (0 on error). Bound and returns as there, without
 * CACHEKIT_INVALID_KEY_LENGTH. Not in place: a key that fails must leave the
 * ciphertext for the next. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_decrypt(const CachekitKeyring *keyring,
    const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext, size_t ciphertext_len,
    uint8_t *out, size_t *out_len, size_t *key_index);

/* The same with the key at index and no other, for callers that store a
 * fingerprint beside the ciphertext. Also CACHEKIT_INVALID_INPUT for an index
 * that does not exist. In place: out may be ciphertext + CACHEKIT_NONCE_SIZE. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_decrypt_at(const CachekitKeyring *keyring,
    size_t index, const uint8_t *aad, size_t aad_len, const uint8_t *ciphertext,
    size_t ciphertext_len, uint8_t *out, size_t *out_len);

/* What the keyring has done so far: encrypt and decrypt, seals and opens
 * included, whose store and retrieve count too. An open that has no memory for its
 * payload counts as a decryption all the same. Otherwise as
 * cachekit_byte_storage_get_metrics. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_get_metrics(
    const CachekitKeyring *keyring, CachekitMetrics *metrics);

/* ------------------------------------------------------------------------ */
/* Entries: compress, encrypt and bind to the cache key in one call         */
/* ------------------------------------------------------------------------ */

/* Seals data for one place in the cache: the envelope of data, encrypted under
 * an AAD of tenant, cache key and format, so that an entry copied to another
 * key does not open. format NULL: "msgpack". The result is library-allocated,
 * with room for the worst case.
 *
 * Returns what cachekit_byte_storage_store and cachekit_keyring_encrypt do;
 * CACHEKIT_INPUT_TOO_LARGE also for a cache key above CACHEKIT_MAX_CACHE_KEY_SIZE.
 * CACHEKIT_ROTATION_NEEDED comes with a complete result. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_seal(CachekitKeyring *keyring, const char *format,
    const uint8_t *cache_key, size_t cache_key_len, const uint8_t *data, size_t data_len,
    uint8_t **sealed, size_t *sealed_len);

/* Opens what cachekit_keyring_seal made, under the same format and cache key;
 * *key_index as in cachekit_keyring_decrypt. The result is library-allocated.
 *
 * Returns what cachekit_keyring_decrypt and cachekit_byte_storage_retrieve do;
 * CACHEKIT_INPUT_TOO_LARGE as cachekit_keyring_seal; CACHEKIT_INVALID_INPUT also
 * if the envelope inside is of another format. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_open(const CachekitKeyring *keyring,
    const char *format, const uint8_t *cache_key, size_t cache_key_len, const uint8_t *sealed,
    size_t sealed_len, uint8_t **data, size_t *data_len, size_t *key_index);

/* The AAD (version 3) that binds an entry to its place, for callers who
 * encrypt themselves: 03, then each of tenant id, cache key, format, "True" or
 * "False" (compressed?), and original_type unless NULL, behind its length.
 * Bound: 26 + tenant_id_len + cache_key_len + strlen(format) +
 * strlen(original_type), or what CACHEKIT_BUFFER_TOO_SMALL says.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (text that is not UTF-8),
 * CACHEKIT_INPUT_TOO_LARGE, CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER
 * (format too), CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_aad(const uint8_t *tenant_id, size_t tenant_id_len,
    const uint8_t *cache_key, size_t cache_key_len, const char *format, bool compressed,
    const char *original_type, uint8_t *out, size_t *out_len);

/* ------------------------------------------------------------------------ */
/* Interop mode: entries shared with other languages                        */
/* ------------------------------------------------------------------------ */

/* With these a C program reads and writes the very entries that
 * @cache(interop="get_user", namespace="users") of the Python package cachekit
 * keeps in Redis: the key by cachekit_interop_key, the value as plain
 * MessagePack, or sealed. A reader that expects encrypted values must never
 * fall back to reading them as plain. */

/* Checks that in is exactly one well-formed MessagePack document: nested at
 * most 100 deep, no length beyond its end, nothing behind it. Do this before
 * handing bytes from a cache to a MessagePack parser.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT, CACHEKIT_INPUT_TOO_LARGE,
 * CACHEKIT_NULL_POINTER, CACHEKIT_FORKED, CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_msgpack_check(const uint8_t *in, size_t in_len);

/* The cache key of a call: name_space:operation:hash of its arguments, NUL
 * included in *out_len. args is one MessagePack array, in any widths and map
 * order. Both names match [a-z0-9][a-z0-9._-]{0,63} without "..".
 * Bound: CACHEKIT_INTEROP_KEY_BUFFER_SIZE.
 *
 * Returns CACHEKIT_OK, CACHEKIT_INVALID_INPUT (a bad name; arguments that are
 * not an array or have no canonical form: NaN, infinities, extension types,
 * duplicate map keys, text that is not UTF-8), CACHEKIT_INPUT_TOO_LARGE,
 * CACHEKIT_OUT_OF_MEMORY (8 bytes for each pair of all maps, if one is not in order),
 * CACHEKIT_BUFFER_TOO_SMALL, CACHEKIT_NULL_POINTER, CACHEKIT_FORKED,
 * CACHEKIT_INTERNAL. */
CACHEKIT_NODISCARD CachekitError cachekit_interop_key(const char *name_space, const char *operation,
    const uint8_t *args, size_t args_len, char *out, size_t *out_len);

/* The canonical form of a MessagePack document: shortest headers, sorted maps,
 * float64. Equal values give equal bytes.
 * Bound: 2 * in_len.
 *
 * Returns as cachekit_interop_key. */
CACHEKIT_NODISCARD CachekitError cachekit_interop_value(
    const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len);

/* Encrypts a value (one MessagePack document) for one interop key, which is one
 * that cachekit_interop_key made: above 194 bytes it is CACHEKIT_INPUT_TOO_LARGE.
 * Bound: value_len + CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size.
 *
 * Returns what cachekit_keyring_encrypt does; CACHEKIT_INVALID_INPUT also if
 * the value is not exactly one document. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_seal_interop(CachekitKeyring *keyring,
    const char *interop_key, const uint8_t *value, size_t value_len, uint8_t *out, size_t *out_len);

/* Decrypts such a value; *key_index as in cachekit_keyring_decrypt.
 * Bound: sealed_len - CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact
 * size.
 *
 * Returns what cachekit_keyring_decrypt does; CACHEKIT_INVALID_INPUT also if
 * the value is not exactly one document. */
CACHEKIT_NODISCARD CachekitError cachekit_keyring_open_interop(const CachekitKeyring *keyring,
    const char *interop_key, const uint8_t *sealed, size_t sealed_len, uint8_t *out,
    size_t *out_len, size_t *key_index);

#ifdef __cplusplus
}
#endif

#endif /* CACHEKIT_H */
