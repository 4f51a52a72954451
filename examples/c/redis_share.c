/*
 * redis_share - cache entries shared with a Python program.
 *
 * A program that uses the Python package cachekit keeps the results of
 *
 *     @cache(interop="get_user", namespace="users", backend=RedisBackend(), ttl=600)
 *     def get_user(user_id): ...
 *
 * in Redis. "redis_share get 42" prints what get_user(42) returned, and
 * "redis_share put '{"name": "alice"}' 42" makes get_user(42) return that
 * without being run. With --encrypted they share the entries of @cache.secure.
 *
 * Five functions of the library do that: cachekit_interop_key makes the key,
 * cachekit_interop_value and cachekit_msgpack_check write and read a plain value,
 * cachekit_keyring_seal_interop and cachekit_keyring_open_interop an encrypted one.
 *
 * Built by "make build/redis_share"; needs hiredis.
 */
#include <cachekit.h>

#include <getopt.h>
#include <hiredis/hiredis.h>

#include "json_msgpack.h"

enum { DONE = 0, NO_ENTRY = 1, FAILED = 2 }; /* exit status */

struct options {
    const char *host, *name_space, *operation, *tenant;
    int port, ttl;
    bool encrypted, hex;
};

static const char help[] =
    "usage: redis_share [option]... get [argument]...\n"
    "       redis_share [option]... put value [argument]...\n"
    "       redis_share [option]... key [argument]...\n"
    "\n"
    "Reads or writes the cache entry of a call of a Python function decorated with\n"
    "@cache(interop=..., namespace=...); \"key\" only prints its key.\n"
    "\n"
    "Value and arguments are JSON, so text has quotes of its own: '\"alice\"'. Bytes\n"
    "are 0x and hexadecimal digits. The arguments are all parameters of the function\n"
    "in the order of its declaration, defaults too; *args is one array, **kwargs one\n"
    "map.\n"
    "\n"
    "  --host NAME         of Redis (127.0.0.1)\n"
    "  --port N            of Redis (6379)\n"
    "  --namespace NAME    as in the decorator (users)\n"
    "  --operation NAME    the decorator's interop= (get_user)\n"
    "  --ttl SECONDS       life of an entry that is put; 0: for ever (600)\n"
    "  --encrypted         entries of @cache.secure, never plain ones\n"
    "  --tenant NAME       the Python side's deployment_uuid, if it has one (default)\n"
    "  --hex               print the value as MessagePack in hexadecimal digits\n"
    "  --help\n"
    "\n"
    "With --encrypted, CACHEKIT_MASTER_KEY holds the key, 64 hexadecimal digits and\n"
    "nothing else, and CACHEKIT_PREVIOUS_MASTER_KEYS up to three earlier ones that may\n"
    "still open an entry, separated by commas.\n"
    "\n"
    "Exit status: 0 done, 1 there is no such entry, 2 anything else.\n"
    "\n"
    "examples:\n"
    "  redis_share put '{\"name\": \"alice\", \"age\": 30}' 42\n"
    "  redis_share get 42\n"
    "  redis_share --namespace shop --operation search get '\"tea\"' '[]' 10 '{\"bio\": true}'\n"
    "  redis-cli del $(redis_share key 42)\n"
    "  CACHEKIT_MASTER_KEY=$(openssl rand -hex 32) redis_share --encrypted put true 42\n";

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "redis_share: %s: %s\n", what, why);
    return FAILED;
}

/* What the code is, and what else the library says of it. */
static int complain_code(const char *what, CachekitError err)
{
    const char *detail = cachekit_last_error_detail();
    fprintf(stderr, "redis_share: %s: %s (%s)%s%s\n", what, cachekit_error_string(err),
        cachekit_error_name(err), *detail ? ": " : "", detail);
    return FAILED;
}

/* Overwrites memory that held a value, then frees it. */
static void wipe_and_free(uint8_t *memory, size_t len)
{
    cachekit_wipe(memory, len);
    free(memory);
}

static int keyring_from_environment(const char *tenant, CachekitKeyring **keyring)
{
    CachekitError err = cachekit_keyring_from_env((const uint8_t *)tenant, strlen(tenant), keyring);
    return err ? complain_code("the master keys in the environment", err) : DONE;
}

/* ---- Redis ---- */

static redisContext *connect_to(const struct options *o)
{
    const struct timeval patience = {.tv_sec = 5};
    redisContext *redis = redisConnectWithTimeout(o->host, o->port, patience);
    if (!redis || redis->err) {
        fprintf(stderr, "redis_share: Redis at %s:%d: %s\n", o->host, o->port,
            redis ? redis->errstr : "out of memory");
        if (redis)
            redisFree(redis);
        return NULL;
    }
    redisSetTimeout(redis, patience);
    return redis;
}

/* True if reply is of the wanted type, or nil; complains otherwise. */
static bool expect(const redisContext *redis, const redisReply *reply, int type)
{
    if (!reply)
        complain("Redis", redis->errstr);
    else if (reply->type == REDIS_REPLY_ERROR)
        complain("Redis", reply->str);
    else if (reply->type == type || reply->type == REDIS_REPLY_NIL)
        return true;
    else
        complain("Redis", "unexpected type of reply");
    return false;
}

/* ---- commands ---- */

static int print_value(const struct options *o, const uint8_t *value, size_t len)
{
    if (o->hex)
        print_hex(stdout, value, len);
    else
        print_msgpack(stdout, value);
    putchar('\n');
    return fflush(stdout) == 0 ? DONE : complain("output", strerror(errno));
}

/* An entry that should be encrypted is opened, or the answer is an error: it is
 * never read as a plain one. */
static int show_sealed(const struct options *o, const CachekitKeyring *keyring, const char *key,
    const redisReply *entry)
{
    size_t len = entry->len, key_index;
    uint8_t *value = malloc(len + 1);
    if (!value)
        return complain("entry", "out of memory");
    CachekitError err = cachekit_keyring_open_interop(
        keyring, key, (const uint8_t *)entry->str, entry->len, value, &len, &key_index);
    int status;
    if (err) {
        status = complain_code("opening the entry", err);
    } else {
        status = print_value(o, value, len);
        fprintf(stderr, "redis_share: opened with key %zu of %zu%s\n", key_index,
            cachekit_keyring_key_count(keyring), key_index == 0 ? ", the current one" : "");
    }
    wipe_and_free(value, entry->len + 1);
    return status;
}

static int show_plain(const struct options *o, const redisReply *entry)
{
    const uint8_t *value = (const uint8_t *)entry->str;
    CachekitError err = cachekit_msgpack_check(value, entry->len);
    if (err == CACHEKIT_OK)
        return print_value(o, value, entry->len);
    if (entry->len >= 3 && memcmp(value, "CK\3", 3) == 0)
        return complain("entry", "written by @cache without interop=, for Python alone");
    return complain_code("entry is not one MessagePack document", err);
}

static int get(
    const struct options *o, redisContext *redis, const CachekitKeyring *keyring, const char *key)
{
    redisReply *reply = redisCommand(redis, "GET %s", key);
    int status = FAILED;
    if (expect(redis, reply, REDIS_REPLY_STRING)) {
        if (reply->type == REDIS_REPLY_NIL) {
            fprintf(stderr, "redis_share: no entry %s\n", key);
            status = NO_ENTRY;
        } else {
            status = o->encrypted ? show_sealed(o, keyring, key, reply) : show_plain(o, reply);
        }
    }
    freeReplyObject(reply);
    return status;
}

static int put(const struct options *o, redisContext *redis, CachekitKeyring *keyring,
    const char *key, const char *json)
{
    size_t room = strlen(json) * JSON_TO_MSGPACK_GROWTH;
    size_t bound = 2 * room + CACHEKIT_CIPHERTEXT_OVERHEAD;
    uint8_t *wide = malloc(room + 1), *value = malloc(bound), *sealed = malloc(bound);
    int status = FAILED;
    redisReply *reply = NULL;

    if (!wide || !value || !sealed) {
        complain("value", "out of memory");
        goto out;
    }
    size_t wide_len = json_to_msgpack(json, wide);
    if (wide_len == 0) {
        complain(json, "not JSON");
        goto out;
    }
    size_t len = bound, sealed_len = bound;
    CachekitError err = cachekit_interop_value(wide, wide_len, value, &len);
    if (err) {
        complain_code("value", err);
        goto out;
    }
    const uint8_t *entry = value;
    if (o->encrypted) {
        err = cachekit_keyring_seal_interop(keyring, key, value, len, sealed, &sealed_len);
        if (!CACHEKIT_SUCCEEDED(err)) {
            complain_code("sealing the value", err);
            goto out;
        }
        entry = sealed;
        len = sealed_len;
    }
    reply = o->ttl > 0 ? redisCommand(redis, "SET %s %b EX %d", key, entry, len, o->ttl)
                       : redisCommand(redis, "SET %s %b", key, entry, len);
    if (expect(redis, reply, REDIS_REPLY_STATUS))
        status = DONE;
out:
    freeReplyObject(reply);
    if (wide)
        wipe_and_free(wide, room + 1);
    if (value)
        wipe_and_free(value, bound);
    free(sealed);
    return status;
}

/* The key of a call with these arguments, each of them JSON. */
static int make_key(const struct options *o, char **arguments, size_t count,
    char key[CACHEKIT_INTEROP_KEY_BUFFER_SIZE])
{
    size_t room = 5;
    for (size_t i = 0; i < count; i++)
        room += strlen(arguments[i]) * JSON_TO_MSGPACK_GROWTH;
    uint8_t *array = malloc(room), *end = array;
    if (!array)
        return complain("arguments", "out of memory");
    put_number(&end, 0xdd, count, 4);

    int status = DONE;
    for (size_t i = 0; i < count && status == DONE; i++) {
        size_t len = json_to_msgpack(arguments[i], end);
        if (len == 0)
            status = complain(arguments[i], "not JSON; text has quotes of its own: '\"alice\"'");
        end += len;
    }
    if (status == DONE) {
        size_t key_len = CACHEKIT_INTEROP_KEY_BUFFER_SIZE;
        CachekitError err = cachekit_interop_key(
            o->name_space, o->operation, array, (size_t)(end - array), key, &key_len);
        if (err)
            status = complain_code("namespace, operation or arguments", err);
    }
    wipe_and_free(array, room);
    return status;
}

/* ---- command line ---- */

static bool parse_int(const char *text, int low, int high, int *number)
{
    char *end;
    errno = 0;
    long parsed = strtol(text, &end, 10);
    if (errno || end == text || *end || parsed < low || parsed > high)
        return false;
    *number = (int)parsed;
    return true;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"namespace", required_argument, NULL, 'n'},
        {"operation", required_argument, NULL, 'o'},
        {"ttl", required_argument, NULL, 't'},
        {"encrypted", no_argument, NULL, 'e'},
        {"tenant", required_argument, NULL, 'i'},
        {"hex", no_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'H'},
        {0},
    };
    int option;
    /* "+": options end at the command, so that -5 can be an argument */
    while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1) {
        bool ok = true;
        switch (option) {
        case 'h': o->host = optarg; break;
        case 'p': ok = parse_int(optarg, 1, 65535, &o->port); break;
        case 'n': o->name_space = optarg; break;
        case 'o': o->operation = optarg; break;
        case 't': ok = parse_int(optarg, 0, 1 << 30, &o->ttl); break;
        case 'e': o->encrypted = true; break;
        case 'i': o->tenant = optarg; break;
        case 'x': o->hex = true; break;
        case 'H': fputs(help, stdout); exit(DONE);
        default: return false; /* getopt_long has said why */
        }
        if (!ok) {
            complain(optarg, "not a number in range");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {"127.0.0.1", "users", "get_user", "default", 6379, 600, false, false};

    if (!parse_options(argc, argv, &o) || optind == argc) {
        fputs("usage: redis_share [option]... get|put|key ...; see redis_share --help\n", stderr);
        return FAILED;
    }
    const char *command = argv[optind++], *json = NULL;
    bool putting = strcmp(command, "put") == 0;
    bool only_key = strcmp(command, "key") == 0;
    if (!putting && !only_key && strcmp(command, "get") != 0)
        return complain(command, "not a command; see redis_share --help");
    if (putting) {
        if (optind == argc)
            return complain("put", "the value is missing; see redis_share --help");
        json = argv[optind++];
    }

    char key[CACHEKIT_INTEROP_KEY_BUFFER_SIZE];
    int status = make_key(&o, argv + optind, (size_t)(argc - optind), key);
    if (status != DONE)
        return status;
    if (only_key) {
        puts(key);
        return DONE;
    }

    CachekitKeyring *keyring = NULL;
    if (o.encrypted)
        status = keyring_from_environment(o.tenant, &keyring);
    redisContext *redis = status == DONE ? connect_to(&o) : NULL;
    if (!redis) {
        status = FAILED;
    } else {
        status = putting ? put(&o, redis, keyring, key, json) : get(&o, redis, keyring, key);
        redisFree(redis);
    }
    cachekit_keyring_free(keyring);
    return status;
}
