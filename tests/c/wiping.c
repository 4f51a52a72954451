/* What is left of keys and payloads in the memory of the process, when a caller has
 * wiped what is his own. Each search has a process of its own. */
#include "fixture.h"

#include <inttypes.h>
#include <sched.h>
#include <sys/syscall.h>

/* ---- Searching ---- */

typedef size_t counter(const uint8_t *at, size_t n, const void *what);

/* Where the memory that a counter is given was read from: its address, and the line
 * of /proc/self/maps. */
static struct source {
    uintptr_t address;
    const char *mapping;
} source;

/* What a counter finds in the memory of the process: in all that can be written to
 * and was ever used. */
static size_t search(counter *count, const void *what)
{
    enum { PAGES = 256, LARGEST = 64 << 10, ACROSS = 31 };
    static uint8_t chunk[PAGES * LARGEST + ACROSS];
    uint64_t entries[PAGES];
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, to;
    static char line[512];
    char mode[8];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int mem = open("/proc/self/mem", O_RDONLY), pagemap = open("/proc/self/pagemap", O_RDONLY);
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, mode) != 3 ||
            strncmp(mode, "rw", 2) != 0)
            continue;
        for (uintptr_t at = from; at < to; at += PAGES * page) {
            size_t pages = (to - at) / page < PAGES ? (to - at) / page : PAGES, first = 0;
            if (pread(pagemap, entries, pages * 8, (off_t)(at / page * 8)) != (ssize_t)pages * 8)
                memset(entries, 0xff, sizeof entries);
            for (size_t i = 0; i <= pages; i++) {
                if (i < pages && entries[i] >> 62 != 0) /* in memory or swapped out */
                    continue;
                uintptr_t start = at + first * page;
                size_t n = (i - first) * page;
                first = i + 1;
                if (n > 0 && i == PAGES && at + i * page < to)
                    n += ACROSS;
                if (n == 0 ||
                    (start < (uintptr_t)chunk + sizeof chunk && start + n > (uintptr_t)chunk))
                    continue; /* nothing, or the chunk itself */
                source = (struct source){start, line};
                ssize_t got = pread(mem, chunk, n, (off_t)start);
                if (got > 0)
                    found += count(chunk, (size_t)got, what);
            }
        }
    }
    cachekit_wipe(chunk, sizeof chunk);
    if (maps != NULL)
        fclose(maps);
    close(mem);
    close(pagemap);
    return found;
}

struct call {
    void (*f)(void *);
    void *argument;
};

/* Calls f from far down the stack, which what runs at the thread's end does not
 * overwrite. */
static void *call_deep(void *argument)
{
    const struct call *call = argument;
    volatile uint8_t above[64 << 10];
    above[0] = 0;
    call->f(call->argument);
    return above[0] == 0 ? NULL : argument;
}

/* Runs f on a stack that nobody uses afterwards: what it leaves there stays. */
static void apart(void (*f)(void *), void *argument)
{
    enum { STACK = 1 << 20 };
    static uint8_t *stack;
    struct call call = {f, argument};
    pthread_attr_t attributes;
    pthread_t thread;
    if (stack == NULL)
        stack = reserve(STACK);
    pthread_attr_init(&attributes);
    CHECK_NUMBER(0, pthread_attr_setstack(&attributes, stack, STACK));
    CHECK_NUMBER(0, pthread_create(&thread, &attributes, call_deep, &call));
    CHECK_NUMBER(0, pthread_join(thread, NULL));
    pthread_attr_destroy(&attributes);
}

/* ---- Keys ---- */

/* A key that is looked for must not lie in memory in the clear. */
typedef struct hidden {
    uint8_t masked[32];
} hidden;

static hidden hide(uint8_t *secret)
{
    hidden h;
    for (int i = 0; i < 32; i++)
        h.masked[i] = secret[i] ^ 0x5c;
    cachekit_wipe(secret, 32);
    return h;
}

static size_t count_hidden(const uint8_t *at, size_t n, const void *what)
{
    const hidden *h = what;
    size_t found = 0;
    const uint8_t *end = at + n;
    uint8_t first = h->masked[0] ^ 0x5c;
    while (at + 32 <= end && (at = memchr(at, first, (size_t)(end - at) - 31)) != NULL) {
        int i = 1;
        while (i < 32 && at[i] == (uint8_t)(h->masked[i] ^ 0x5c))
            i++;
        found += i == 32;
        at++;
    }
    return found;
}

static size_t copies_of(const hidden *h) { return search(count_hidden, h); }

/* Ends a child by saying how many copies there are. */
static void say_copies(const hidden *h)
{
    size_t n = copies_of(h);
    exit(check_failures > 0 ? 125 : n < 100 ? (int)n : 100);
}

enum { MANY = 50 };

/* Makes MANY keyrings with one key, and uses each. */
static hidden make_keyrings(CachekitKeyring *keyrings[MANY], hidden *master_hidden)
{
    uint8_t current[32], derived[32], out[64], back[64];
    for (int i = 0; i < 32; i++)
        current[i] = (uint8_t)(i * 57 + 23);
    CHECK_OK(cachekit_derive_key(current, 32, TENANT, BYTES("encryption"), derived));
    for (int i = 0; i < MANY; i++) {
        uint8_t *sealed = NULL, *opened = NULL;
        size_t len = sizeof out, back_len = sizeof back;
        CHECK_OK(cachekit_keyring_new(current, 32, NULL, NULL, 0, TENANT, &keyrings[i]));
        CHECK_OK(cachekit_keyring_encrypt(keyrings[i], NULL, 0, HELLO, out, &len));
        CHECK_OK(cachekit_keyring_decrypt(keyrings[i], NULL, 0, out, len, back, &back_len, NULL));
        CHECK_OK(cachekit_keyring_seal(keyrings[i], NULL, BYTES("k"), HELLO, &sealed, &len));
        CHECK_OK(cachekit_keyring_open(
            keyrings[i], NULL, BYTES("k"), sealed, len, &opened, &back_len, NULL));
        cachekit_free_buffer(sealed);
        cachekit_free_buffer(opened);
    }
    *master_hidden = hide(current);
    return hide(derived);
}

CHILD(master_of_a_keyring)
{
    CachekitKeyring *keyrings[MANY];
    hidden master_hidden, key_hidden = make_keyrings(keyrings, &master_hidden);
    CHECK(copies_of(&key_hidden) >= MANY); /* the search does find keys */
    say_copies(&master_hidden);
}

static void keyring_from_env_once(void *to)
{
    CachekitKeyring **keyring = to;
    CHECK_OK(cachekit_keyring_from_env(TENANT, keyring));
}

static void parse_once(void *to)
{
    size_t len = CACHEKIT_KEY_SIZE;
    CHECK_OK(cachekit_parse_master_key(getenv("CACHEKIT_MASTER_KEY"), to, &len));
}

/* A key that is read as text: the text lies in the environment and nowhere else, and
 * of the bytes nothing is left. */
CHILD(master_of_the_environment)
{
    uint8_t secret[32], parsed[32];
    char digits[65];
    CachekitKeyring *keyring = NULL;
    for (int i = 0; i < 32; i++) {
        secret[i] = (uint8_t)(i * 37 + 129);
        (void)snprintf(digits + 2 * i, 3, "%02x", secret[i]);
    }
    setenv("CACHEKIT_MASTER_KEY", digits, 1);
    setenv("CACHEKIT_PREVIOUS_MASTER_KEYS", MASTER_HEX, 1);
    hidden bytes = hide(secret), text = hide((uint8_t *)digits);
    cachekit_wipe(digits, sizeof digits);
    for (int i = 0; i < MANY; i++) {
        apart(keyring_from_env_once, &keyring);
        cachekit_keyring_free(keyring);
        apart(parse_once, parsed);
    }
    CHECK_NUMBER(1, copies_of(&text));
    CHECK_NUMBER(1, copies_of(&bytes)); /* the search does find it */
    cachekit_wipe(parsed, sizeof parsed);
    say_copies(&bytes);
}

static void generate_once(void *to) { CHECK_OK(cachekit_generate_key(to)); }

CHILD(key_generated)
{
    uint8_t generated[32];
    for (int i = 0; i < MANY; i++)
        apart(generate_once, generated);
    hidden h = hide(generated);
    say_copies(&h);
}

CHILD(keys_of_a_freed_keyring)
{
    CachekitKeyring *keyrings[MANY];
    hidden master_hidden, key_hidden = make_keyrings(keyrings, &master_hidden);
    for (int i = 0; i < MANY; i++)
        cachekit_keyring_free(keyrings[i]);
    say_copies(&key_hidden);
}

static void *encrypt_until_freed(void *keyring)
{
    size_t n = 64 << 10, len;
    uint8_t *buffer = calloc(1, n + 28);
    do
        len = n + 28;
    while (cachekit_keyring_encrypt(keyring, NULL, 0, buffer + 12, n, buffer, &len) == CACHEKIT_OK);
    free(buffer);
    return NULL;
}

/* Keys are wiped by whoever uses the handle last: here often a call that was under
 * way when the handle was freed. */
CHILD(keys_of_a_keyring_that_is_freed_amid_calls)
{
    CachekitKeyring *keyrings[MANY];
    hidden master_hidden, key_hidden = make_keyrings(keyrings, &master_hidden);
    for (int round = 0; round < MANY; round++) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            CHECK_NUMBER(
                0, pthread_create(&threads[i], NULL, encrypt_until_freed, keyrings[round]));
        while (cachekit_keyring_get_counter(keyrings[round]) < 8)
            sched_yield();
        cachekit_keyring_free(keyrings[round]);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
    say_copies(&key_hidden);
}

CHILD(keys_of_a_freed_encryptor)
{
    uint8_t secret[32], out[44], back[16];
    CachekitEncryptor *encryptors[MANY];
    for (int i = 0; i < 32; i++)
        secret[i] = (uint8_t)(i * 73 + 19);
    for (int i = 0; i < MANY; i++) {
        encryptors[i] = new_encryptor();
        for (int j = 0; j < 3; j++) {
            size_t len = sizeof out, back_len = sizeof back;
            CHECK_OK(cachekit_encrypt(encryptors[i], secret, 32, NULL, 0, HELLO, out, &len));
            CHECK_OK(
                cachekit_decrypt(encryptors[i], secret, 32, NULL, 0, out, len, back, &back_len));
        }
    }
    hidden h = hide(secret);
    for (int i = 0; i < MANY; i++)
        cachekit_encryptor_free(encryptors[i]);
    say_copies(&h);
}

static const uint8_t derive_master[32] = "a master key that is looked for";

static void derive_key_once(void *to)
{
    CHECK_OK(cachekit_derive_key(derive_master, 32, TENANT, BYTES("domain"), to));
}

static void derive_tenant_keys_once(void *keys)
{
    CHECK_OK(cachekit_derive_tenant_keys(derive_master, 32, TENANT, keys));
}

/* Counts what is left of a derived key, apart from the caller's own copy. */
CHILD(keys_derived)
{
    uint8_t derived[32];
    for (int i = 0; i < MANY; i++)
        apart(derive_key_once, derived);
    hidden h = hide(derived);
    say_copies(&h);
}

CHILD(tenant_keys_derived)
{
    CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;
    for (int i = 0; i < MANY; i++)
        apart(derive_tenant_keys_once, &keys);
    hidden h = hide(keys.cache_keys);
    cachekit_wipe(&keys, sizeof keys);
    say_copies(&h);
}

CHILD(master_derived_from)
{
    CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;
    uint8_t secret[32], out[32];
    for (int i = 0; i < 32; i++)
        secret[i] = (uint8_t)(i * 91 + 5);
    for (int i = 0; i < MANY; i++) {
        CHECK_OK(cachekit_derive_key(secret, 32, TENANT, BYTES("domain"), out));
        CHECK_OK(cachekit_derive_tenant_keys(secret, 32, TENANT, &keys));
    }
    hidden h = hide(secret);
    say_copies(&h);
}

/* ---- Payloads ---- */

/* Any two words of a payload, wherever they lie, can be told by the number that it
 * was made with: the upper half of a word depends on the lower one. */
static uint32_t upper(uint32_t lower, uint32_t number)
{
    return lower * 0x9e3779b1u ^ (number + 1) * 0x85ebca6bu;
}

static uint64_t next_word(uint64_t *state, uint32_t number)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint32_t lower = (uint32_t)(*state >> 32);
    return (uint64_t)upper(lower, number) << 32 | lower;
}

static void fill_payload(uint8_t *to, size_t n, uint32_t number)
{
    uint64_t state = number;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = next_word(&state, number);
        memcpy(to + i, &word, n - i < 8 ? n - i : 8);
    }
}

enum { LARGEST_PAYLOAD = 34 * MIB };

static bool is_of_payload(uint64_t word, uint32_t number)
{
    uint64_t state = number;
    for (size_t i = 0; i < LARGEST_PAYLOAD; i += 8)
        if (next_word(&state, number) == word)
            return true;
    return false;
}

/* Counts pairs of words. Two words that are alike say no more than one, and one in 2^32
 * looks like those of a payload by chance. Of such pairs memory holds thousands, such as
 * the pointers of an empty list to itself; so the payload itself decides about them. */
static size_t count_payload(const uint8_t *at, size_t n, const void *what)
{
    uint32_t number = *(const uint32_t *)what;
    size_t found = 0;
    for (size_t i = 0; i + 16 <= n; i++) {
        uint64_t words[2];
        memcpy(words, at + i, 16);
        if (words[0] == 0) /* most of memory */
            i += 7;
        else if (words[0] >> 32 == upper((uint32_t)words[0], number) &&
                 words[1] >> 32 == upper((uint32_t)words[1], number) &&
                 (words[0] != words[1] || is_of_payload(words[0], number)))
            found++, i += 7;
    }
    return found;
}

/* Prints where the first words of a payload are, and what is around them: that tells
 * a register that was saved from what lies in a list or a buffer. */
static size_t show_payload(const uint8_t *at, size_t n, const void *what)
{
    enum { BEFORE = 48, AROUND = 112 };
    size_t i = 0;
    while (i + 16 <= n && count_payload(at + i, 16, what) == 0)
        i++;
    if (i + 16 > n)
        return 0;
    printf("  at %#" PRIxPTR " in %s", source.address + i, source.mapping);
    size_t from = i < BEFORE ? i % 8 : i - BEFORE;
    for (size_t j = from; j + 8 <= n && j < from + AROUND; j += 8) {
        uint64_t word;
        memcpy(&word, at + j, 8);
        printf("  %c %016" PRIx64 "\n", j == i || j == i + 8 ? '>' : ' ', word);
    }
    return 1;
}

static uint32_t number; /* of the payload at hand; 0: none yet */

/* What a mapping holds when it is unmapped stays in the machine's memory, where no
 * search of the process finds it. So this munmap, which the library calls instead of
 * the C library's, looks before it unmaps. */
enum { MAPPED = 32 << 20 };
static size_t given_back;

#if !CHECK_SANITIZED
int munmap(void *mapping, size_t size)
{
    if (number != 0 && size >= MAPPED)
        given_back += count_payload(mapping, size, &number);
    return (int)syscall(SYS_munmap, mapping, size);
}
#endif

static CachekitByteStorage *storage;
static CachekitEncryptor *encryptor;
static CachekitKeyring *keyring, *other_keyring;
static const uint8_t other_key[32] = "another key, 32 bytes long......";
#define AAD BYTES("aad")
#define CACHE_KEY BYTES("k")

/* The caller's memory: data, which the library reads; given, what it made of that;
 * and out, where a later call writes. A search counts what a failed call has left in
 * out, too. */
static uint8_t *data, *given, *out;
static size_t room, n;

/* In large pages where there are such, since page faults take most of the time. */
static uint8_t *get(size_t size)
{
    uint8_t *memory = reserve(size);
    (void)madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static void forget(uint8_t *memory) { CHECK_NUMBER(0, madvise(memory, room, MADV_DONTNEED)); }

/* What is wrong with the input of a call. */
typedef enum fault { NONE, TAG, KEY, CHECKSUM, BLOCK, TOKEN, FORMAT, DOCUMENT } fault;

static CachekitError answer_to(fault what)
{
    switch (what) {
    case NONE: return CACHEKIT_OK;
    case TAG:
    case KEY: return CACHEKIT_DECRYPTION_FAILED;
    case CHECKSUM:
    case BLOCK: return CACHEKIT_CHECKSUM_MISMATCH;
    case TOKEN: return CACHEKIT_DECOMPRESSION_FAILED;
    default: return CACHEKIT_INVALID_INPUT;
    }
}

/* The envelope of data, in given. */
static size_t envelope(fault what)
{
    size_t len = room;
    CHECK_OK(cachekit_compress(data, n, given, &len));
    if (what == CHECKSUM) {
        /* The last byte of the checksum. Behind it are the size and the format. */
        given[len - sizeof "msgpack" - (n < 128 ? 1 : 5) - 1] ^= 1;
    } else if (what == BLOCK) {
        given[len / 2] ^= 1; /* a literal */
    } else if (what == TOKEN) {
        /* Fewer literals, and a match behind them that goes nowhere. */
        given[given[1] == 0xc4 ? 3 : 6] = 0xe0;
    } else if (what == FORMAT) {
        given[len - 1] ^= 1;
    }
    return len;
}

/* A library-allocated result, which there is if nothing is wrong. */
static void got(CachekitError err, fault what, const char *call, uint8_t *result)
{
    check_code(answer_to(what), err, call, __FILE__, __LINE__, "it");
    CHECK((result != NULL) == (what == NONE));
    cachekit_free_buffer(result);
}

/* A result in the caller's buffer. */
static void got_out(CachekitError err, fault what, const char *call)
{
    check_code(answer_to(what), err, call, __FILE__, __LINE__, "it");
    if (what == NONE)
        forget(out);
}

static void checksum(fault what)
{
    uint8_t sum[8];
    CHECK_OK(cachekit_checksum(data, n, sum));
    sum[7] ^= what == CHECKSUM;
    CHECK_CODE(answer_to(what), cachekit_verify_checksum(data, n, sum));
}

static void compress(fault what)
{
    size_t len = room;
    got_out(cachekit_compress(data, n, out, &len), what, "cachekit_compress");
}

static void compress_tight(fault what)
{
    size_t len = n / 2, fits;
    CHECK_CODE(CACHEKIT_BUFFER_TOO_SMALL, cachekit_compress(data, n, out, &len));
    fits = len;
    got_out(cachekit_compress(data, n, out, &fits), what, "cachekit_compress");
}

static void store(fault what)
{
    uint8_t *made = NULL;
    size_t len;
    CachekitError err = cachekit_byte_storage_store(storage, data, n, NULL, &made, &len);
    got(err, what, "cachekit_byte_storage_store", made);
}

static void estimate(fault what)
{
    double ratio;
    CHECK_CODE(
        answer_to(what), cachekit_byte_storage_estimate_compression(storage, data, n, &ratio));
}

static void retrieve(fault what)
{
    uint8_t *made = NULL;
    size_t len = envelope(what), made_len;
    CachekitError err = cachekit_byte_storage_retrieve(storage, given, len, &made, &made_len);
    got(err, what, "cachekit_byte_storage_retrieve", made);
}

static void validate(fault what)
{
    size_t len = envelope(what);
    CHECK_CODE(answer_to(what), cachekit_byte_storage_validate(storage, given, len));
}

static void decompress(fault what)
{
    size_t len = envelope(what), out_len = room;
    got_out(cachekit_decompress(given, len, out, &out_len), what, "cachekit_decompress");
}

static void encryptor_encrypt(fault what)
{
    size_t len = room;
    (void)what;
    CHECK_OK(cachekit_encrypt(encryptor, key, 32, AAD, data, n, given, &len));
}

static void encryptor_encrypt_in_place(fault what)
{
    size_t len = room;
    (void)what;
    memcpy(out + 12, data, n);
    CHECK_OK(cachekit_encrypt(encryptor, key, 32, AAD, out + 12, n, out, &len));
}

static void encryptor_decrypt(fault what)
{
    size_t len = room;
    encryptor_encrypt(NONE);
    given[n + 27] ^= what == TAG;
    got_out(cachekit_decrypt(
                encryptor, what == KEY ? other_key : key, 32, AAD, given, n + 28, out, &len),
        what, "cachekit_decrypt");
}

static void encryptor_decrypt_in_place(fault what)
{
    size_t len = room - 12;
    encryptor_encrypt_in_place(NONE);
    out[n + 27] ^= what == TAG;
    got_out(cachekit_decrypt(
                encryptor, what == KEY ? other_key : key, 32, AAD, out, n + 28, out + 12, &len),
        what, "cachekit_decrypt");
}

static void keyring_decrypt(fault what)
{
    size_t len = room;
    CHECK_OK(cachekit_keyring_encrypt(keyring, AAD, data, n, given, &len));
    given[n + 27] ^= what == TAG;
    len = room;
    got_out(cachekit_keyring_decrypt(
                what == KEY ? other_keyring : keyring, AAD, given, n + 28, out, &len, NULL),
        what, "cachekit_keyring_decrypt");
}

static void keyring_decrypt_in_place(fault what)
{
    size_t len = room;
    CHECK_OK(cachekit_keyring_encrypt(keyring, AAD, data, n, out, &len));
    out[n + 27] ^= what == TAG;
    len = room - 12;
    got_out(cachekit_keyring_decrypt_at(
                what == KEY ? other_keyring : keyring, 0, AAD, out, n + 28, out + 12, &len),
        what, "cachekit_keyring_decrypt_at");
}

static void seal_and_open(fault what)
{
    uint8_t *sealed = NULL, *made = NULL;
    size_t len, made_len;
    CHECK_OK(cachekit_keyring_seal(keyring, NULL, CACHE_KEY, data, n, &sealed, &len));
    if (sealed == NULL)
        return;
    sealed[len - 1] ^= what == TAG;
    CachekitError err = cachekit_keyring_open(what == KEY ? other_keyring : keyring, NULL,
        CACHE_KEY, sealed, len, &made, &made_len, NULL);
    got(err, what, "cachekit_keyring_open", made);
    cachekit_free_buffer(sealed);
}

static CachekitItem with_cache_key(CachekitItem item, const uint8_t *cache_key, size_t len)
{
    item.cache_key = cache_key, item.cache_key_len = len;
    return item;
}

/* The payload twice, and an entry in which something is wrong between them. */
static void seal_and_open_many(fault what)
{
    CachekitItem items[3];
    uint8_t *sealed = NULL, *made = NULL;
    memset(items, 0, sizeof items);
    for (int i = 0; i < 3; i++)
        items[i].in = data, items[i].in_len = n;
    CHECK_OK(cachekit_keyring_seal_many(keyring, NULL, items, 3, sizeof *items, &sealed));
    if (sealed == NULL)
        return;
    items[1].out[items[1].out_len - 1] ^= what == TAG;
    for (int i = 0; i < 3; i++)
        items[i].in = items[i].out, items[i].in_len = items[i].out_len;
    CachekitError err = cachekit_keyring_open_many(
        what == KEY ? other_keyring : keyring, NULL, items, 3, sizeof *items, &made);
    check_code(answer_to(what), err, "cachekit_keyring_open_many", __FILE__, __LINE__, "of three");
    CHECK((made == NULL) == (what == KEY));
    cachekit_free_buffer(made);
    cachekit_free_buffer(sealed);
}

static void store_and_retrieve_many(fault what)
{
    size_t len = envelope(what);
    CachekitItem items[2];
    uint8_t *stored = NULL, *made = NULL;
    memset(items, 0, sizeof items);
    items[0].in = data, items[0].in_len = n;
    CHECK_OK(cachekit_byte_storage_store_many(storage, NULL, items, 1, sizeof *items, &stored));
    items[0].in = items[0].out, items[0].in_len = items[0].out_len;
    items[1].in = given, items[1].in_len = len;
    CachekitError err =
        cachekit_byte_storage_retrieve_many(storage, items, 2, sizeof *items, &made);
    check_code(
        answer_to(what), err, "cachekit_byte_storage_retrieve_many", __FILE__, __LINE__, "of two");
    cachekit_free_buffer(made);
    cachekit_free_buffer(stored);
}

/* Entries that are authentic, of an envelope in which something is wrong. */
static void open_envelopes(fault what)
{
    CachekitItem items[2];
    uint8_t *made = NULL, aad[64];
    size_t len = envelope(what), sealed_len = room, aad_len = sizeof aad;
    memset(items, 0, sizeof items);
    CHECK_OK(cachekit_aad(TENANT, CACHE_KEY, "msgpack", true, NULL, aad, &aad_len));
    CHECK_OK(cachekit_keyring_encrypt(keyring, aad, aad_len, given, len, out, &sealed_len));
    for (int i = 0; i < 2; i++) {
        CachekitItem item = {.in = out, .in_len = sealed_len};
        items[i] = with_cache_key(item, CACHE_KEY);
    }
    CachekitError err = cachekit_keyring_open_many(keyring, NULL, items, 2, sizeof *items, &made);
    got(err, what, "cachekit_keyring_open_many", made);
}

/* An entry that is authentic, of an envelope in which something is wrong. */
static void open_envelope(fault what)
{
    uint8_t *made = NULL, aad[64];
    size_t len = envelope(what), sealed_len = room, aad_len = sizeof aad, made_len;
    CHECK_OK(cachekit_aad(TENANT, CACHE_KEY, "msgpack", true, NULL, aad, &aad_len));
    CHECK_OK(cachekit_keyring_encrypt(keyring, aad, aad_len, given, len, out, &sealed_len));
    CachekitError err =
        cachekit_keyring_open(keyring, NULL, CACHE_KEY, out, sealed_len, &made, &made_len, NULL);
    got(err, what, "cachekit_keyring_open", made);
}

/* [{"b": data, "a": 1}], which is not canonical, in given; with "b" twice it is
 * refused. */
static size_t document(fault what)
{
    uint8_t head[] = {0x91, 0x82, 0xa1, 'b', 0xc6, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
        (uint8_t)(n >> 8), (uint8_t)n};
    uint8_t tail[] = {0xa1, what == DOCUMENT ? 'b' : 'a', 1};
    memcpy(given, head, sizeof head);
    memcpy(given + sizeof head, data, n);
    memcpy(given + sizeof head + n, tail, sizeof tail);
    return sizeof head + n + sizeof tail;
}

static void interop_key(fault what)
{
    char text[CACHEKIT_INTEROP_KEY_BUFFER_SIZE];
    size_t len = document(what), text_len = sizeof text;
    CHECK_OK(cachekit_msgpack_check(given, len));
    CHECK_CODE(answer_to(what), cachekit_interop_key("u", "g", given, len, text, &text_len));
}

static void interop_value(fault what)
{
    size_t len = document(what), out_len = room;
    got_out(cachekit_interop_value(given, len, out, &out_len), what, "cachekit_interop_value");
}

static void interop_entry(fault what)
{
    uint8_t aad[64];
    size_t len = document(NONE), aad_len = sizeof aad, sealed_len = room, out_len = room;
    if (what == DOCUMENT) { /* what was encrypted is no document */
        CHECK_OK(cachekit_aad(TENANT, BYTES("u:g:1"), "msgpack", false, NULL, aad, &aad_len));
        CHECK_OK(cachekit_keyring_encrypt(keyring, aad, aad_len, data, n, given, &sealed_len));
    } else {
        memmove(out, given, len);
        CHECK_OK(cachekit_keyring_seal_interop(keyring, "u:g:1", out, len, given, &sealed_len));
        forget(out);
    }
    given[sealed_len - 1] ^= what == TAG;
    got_out(cachekit_keyring_open_interop(what == KEY ? other_keyring : keyring, "u:g:1", given,
                sealed_len, out, &out_len, NULL),
        what, "cachekit_keyring_open_interop");
}

static void key_fingerprint(fault what)
{
    uint8_t fingerprint[16];
    CHECK_CODE(answer_to(what), cachekit_key_fingerprint(data, n, fingerprint));
}

static void derive_key(fault what)
{
    uint8_t derived[32];
    CHECK_CODE(answer_to(what), cachekit_derive_key(data, n, TENANT, BYTES("domain"), derived));
}

static void keyring_new(fault what)
{
    CachekitKeyring *made = NULL;
    CHECK_CODE(answer_to(what), cachekit_keyring_new(data, n, NULL, NULL, 0, TENANT, &made));
    cachekit_keyring_free(made);
}

static const struct operation {
    const char *name;
    void (*run)(fault);
    bool takes;      /* memory for payloads, which for large ones is a mapping */
    fault faults[5]; /* ends with NONE */
} operations[] = {
#define ROW(function) #function, function
    {ROW(checksum), false, {CHECKSUM}},
    {ROW(compress), false, {NONE}},
    {ROW(compress_tight), true, {NONE}},
    {ROW(store), true, {NONE}},
    {ROW(estimate), true, {NONE}},
    {ROW(retrieve), true, {CHECKSUM, BLOCK, TOKEN}},
    {ROW(validate), true, {CHECKSUM, BLOCK, TOKEN}},
    {ROW(decompress), false, {CHECKSUM, BLOCK, TOKEN}},
    {ROW(encryptor_encrypt), false, {NONE}},
    {ROW(encryptor_encrypt_in_place), false, {NONE}},
    {ROW(encryptor_decrypt), false, {TAG, KEY}},
    {ROW(encryptor_decrypt_in_place), false, {TAG, KEY}},
    {ROW(keyring_decrypt), false, {TAG, KEY}},
    {ROW(keyring_decrypt_in_place), false, {TAG, KEY}},
    {ROW(seal_and_open), true, {TAG, KEY}},
    {ROW(open_envelope), true, {CHECKSUM, BLOCK, TOKEN, FORMAT}},
    {ROW(store_and_retrieve_many), true, {CHECKSUM, BLOCK, TOKEN}},
    {ROW(seal_and_open_many), true, {TAG, KEY}},
    {ROW(open_envelopes), true, {CHECKSUM, BLOCK, TOKEN, FORMAT}},
    {ROW(interop_key), false, {DOCUMENT}},
    {ROW(interop_value), false, {DOCUMENT}},
    {ROW(interop_entry), false, {TAG, KEY, DOCUMENT}},
    {ROW(key_fingerprint), false, {NONE}},
    {ROW(derive_key), false, {NONE}},
    {ROW(keyring_new), false, {NONE}},
#undef ROW
};

struct case_of {
    const struct operation *operation;
    fault what;
};

static void run(void *argument)
{
    const struct case_of *c = argument;
    c->operation->run(c->what);
}

static void look_behind(const struct operation *o, fault what)
{
    fill_payload(data, n, ++number);
    apart(run, &(struct case_of){o, what});
    forget(data);
    forget(given);
    CASE("%s of %zu bytes, fault %d", o->name, n, what);
    if (!CHECK_NUMBER(0, search(count_payload, &number)) && check_failures <= CHECK_SHOWN)
        search(show_payload, &number);
    CHECK_NUMBER(0, given_back);
    CASE("%s", "");
    forget(out);
}

static void put_twice(uint64_t word)
{
    memcpy(out, &word, 8);
    memcpy(out + 8, &word, 8);
}

/* The search does find payloads, and nothing else. */
static void check_search(void)
{
    put_twice((uint64_t)upper(0, number) << 32);
    CHECK_NUMBER(0, search(count_payload, &number));
    uint64_t state = number;
    put_twice(next_word(&state, number));
    CHECK(search(count_payload, &number) > 0);
    fill_payload(data, n, number);
    CHECK(search(count_payload, &number) >= n / 8 - 1);
}

static void look_behind_all(size_t size)
{
    n = size;
    room = n + n / 64 + 4096;
    data = get(room), given = get(room), out = get(room);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const struct operation *o = &operations[i];
        if (!o->takes && size >= MAPPED)
            continue;
        look_behind(o, NONE);
        for (const fault *what = o->faults; *what != NONE; what++)
            look_behind(o, *what);
    }
    check_search();
    given_back = 0;
    munmap(data, room), munmap(given, room), munmap(out, room);
    CHECK((given_back != 0) == (room >= MAPPED));
    given_back = 0;
}

static void look_behind_all_up_to(size_t most)
{
    static const size_t sizes[] = {64, 100 << 10, 2 * MIB, LARGEST_PAYLOAD};
    storage = cachekit_byte_storage_new(NULL);
    encryptor = new_encryptor();
    keyring = new_keyring();
    CHECK_OK(cachekit_keyring_new(other_key, 32, NULL, NULL, 0, TENANT, &other_keyring));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && sizes[i] <= most; i++)
        look_behind_all(sizes[i]);
}

CHILD(payloads) { look_behind_all_up_to(2 * MIB); }

/* The largest are opened in place. */
CHILD(payloads_and_large_ones) { look_behind_all_up_to(SIZE_MAX); }

/* ---- On every path ---- */

static const struct path {
    const char *aes, *lz4;
} paths[] = {{"", ""}, {"avx2", ""}, {"stdlib", "portable"}};
enum { PATHS = sizeof paths / sizeof paths[0] };

/* Runs a child with variables set. It binds all functions when it is loaded, since to
 * bind one at its first call saves the vector registers on the stack. */
static int spawn_with(const char *child, const struct path *p)
{
    CHECK_NUMBER(0, setenv("CACHEKIT_AES", p->aes, 1));
    CHECK_NUMBER(0, setenv("CACHEKIT_LZ4", p->lz4, 1));
    CHECK_NUMBER(0, setenv("LD_BIND_NOW", "1", 1));
    fflush(stdout);
    int status = check_spawn(child);
    unsetenv("CACHEKIT_AES"), unsetenv("CACHEKIT_LZ4"), unsetenv("LD_BIND_NOW");
    return status;
}

TEST(keys_are_wiped)
{
    static const char *const children[] = {"master_of_a_keyring", "keys_of_a_freed_keyring",
        "keys_of_a_freed_encryptor", "keys_derived", "tenant_keys_derived", "master_derived_from",
        "master_of_the_environment", "key_generated"};
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer keeps copies");
    for (size_t i = 0; i < PATHS * sizeof children / sizeof children[0]; i++) {
        const char *child = children[i / PATHS];
        const struct path *p = &paths[i % PATHS];
        /* Registers that were saved when a thread was stopped may hold a key. So a
         * key that is left in some attempts is no defect, and one in all of them is. */
        int fewest = 1000;
        for (int attempt = 0; attempt < 5 && fewest > 0; attempt++) {
            int status = spawn_with(child, p);
            int left = WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
            fewest = left < fewest ? left : fewest;
        }
        CASE("copies left by %s, CACHEKIT_AES=%s", child, p->aes);
        CHECK_NUMBER(0, fewest);
    }
    /* Here threads are stopped all the time; a key that is not wiped is left
     * MANY times. */
    for (size_t i = 0; i < PATHS; i++) {
        CASE("copies left amid calls, CACHEKIT_AES=%s", paths[i].aes);
        int status = spawn_with("keys_of_a_keyring_that_is_freed_amid_calls", &paths[i]);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) <= 10);
    }
}

TEST(payloads_are_wiped)
{
    if (CHECK_SANITIZED || check_slow())
        SKIP("the sanitizer keeps copies");
    for (size_t i = 0; i < PATHS; i++) {
        CASE("CACHEKIT_AES=%s CACHEKIT_LZ4=%s", paths[i].aes, paths[i].lz4);
        CHECK_NUMBER(0, spawn_with(i == 0 ? "payloads_and_large_ones" : "payloads", &paths[i]));
    }
}
