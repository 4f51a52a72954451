/*
 * cache_aside - answers from the cache, and loads what is not there.
 *
 * A server on a Unix socket. A client sends a line of user ids and gets a line of JSON
 * for each. Users that Redis has are read from it, all of a request at once; the others
 * are loaded from where they really are, sealed at once and put into Redis.
 *
 *     client   1 2 3
 *     MGET users:1 users:2 users:3
 *     cachekit_keyring_open_many      what does not open is a miss like any other
 *     load()                          the misses; here in place of a database
 *     cachekit_keyring_seal_many
 *     SETEX, pipelined
 *     client   {"id":1, ... }
 *
 * What it shows beside that:
 *
 * - The cache is hostile. Whoever can write to Redis can put anything there: it counts
 *   as damaged and is loaded again. The limit of a payload is lowered to what a user
 *   can have, so that an entry cannot claim memory. If Redis is away, all is loaded.
 * - Keys come from the environment. To replace the master key, start again with the new
 *   one in CACHEKIT_MASTER_KEY and the old one in CACHEKIT_PREVIOUS_MASTER_KEYS: entries
 *   that the old one opens are sealed again.
 * - When the keyring warns that it has made many encryptions, a new one takes its place.
 * - Threads share the keyring; each has a connection of its own.
 * - With -d it becomes a daemon. It forks before it calls the library for the first
 *   time: after that, the child could not.
 * - SIGUSR1 prints the metrics, in the format of Prometheus. All signals are blocked and
 *   one thread waits for them, since in a handler neither printf nor the library may be
 *   called.
 *
 * Built by "make build/cache_aside"; needs hiredis. --help says how to use it.
 */
#define _POSIX_C_SOURCE 200809L

#include <cachekit.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DONE = 0, FAILED = 2 }; /* exit status */

enum {
    MAX_IDS = 128,   /* of a request */
    MAX_LINE = 4096, /* of a request, in bytes */
    MAX_USER = 256,  /* of JSON, in bytes */
    MAX_KEY = 32,    /* of a key in Redis, with its NUL */
    USERS = 1000000, /* that there are, with the ids from 1 */
    REDIS_SECONDS = 1,
    CLIENT_SECONDS = 5
};

#define FORMAT "json"

static const char help[] =
    "usage: cache_aside [option]... SOCKET\n"
    "\n"
    "Serves users on a Unix socket: for each line of ids, a line of JSON for each id, or\n"
    "null if there is no such user. Users are kept in Redis, sealed.\n"
    "\n"
    "  -d, --daemon    go on in the background, and print the number of the process;\n"
    "                  SOCKET and the log are absolute paths then\n"
    "  --log FILE      where messages and metrics go (standard error; with -d nowhere)\n"
    "  --host NAME     of Redis (127.0.0.1)\n"
    "  --port N        of Redis (6379)\n"
    "  --tenant NAME   whose keys to use (default)\n"
    "  --ttl SECONDS   life of an entry (300)\n"
    "  --threads N     1 to 64 (4)\n"
    "  --help\n"
    "\n"
    "CACHEKIT_MASTER_KEY holds the key, 64 hexadecimal digits, and\n"
    "CACHEKIT_PREVIOUS_MASTER_KEYS up to three earlier ones, separated by commas.\n"
    "SIGUSR1 prints metrics, SIGTERM ends the server.\n"
    "\n"
    "example:\n"
    "  export CACHEKIT_MASTER_KEY=$(openssl rand -hex 32)\n"
    "  build/cache_aside -d --log /tmp/users.log /tmp/users.sock\n"
    "  echo 1 2 3 | nc -N -U /tmp/users.sock\n"
    "  pkill -USR1 cache_aside; cat /tmp/users.log\n";

struct options {
    const char *host, *tenant, *log, *socket;
    int port, ttl, threads;
    bool daemon;
};

struct server {
    struct options options;
    int listener;
    atomic_bool stopping;

    _Atomic(CachekitKeyring *) keyring;
    CachekitKeyring *retired; /* the one before it, which a thread may still use */
    pthread_mutex_t rotating;

    _Atomic uint64_t hits, misses, damaged, resealed, rotations;
};

struct worker {
    struct server *server;
    redisContext *redis; /* NULL while there is no connection */
    bool complained;     /* about that */
};

struct user {
    uint64_t id;
    bool found; /* in the cache, or loaded */
    bool put;   /* is to be put into the cache */
    size_t len; /* of json */
    char key[MAX_KEY];
    char json[MAX_USER];
};

static void complain(const char *what, const char *why)
{
    fprintf(stderr, "cache_aside: %s: %s\n", what, why);
}

static bool succeeded(const char *what, CachekitError err)
{
    if (CACHEKIT_SUCCEEDED(err))
        return true;
    const char *detail = cachekit_last_error_detail();
    fprintf(stderr, "cache_aside: %s: %s%s%s\n", what, cachekit_error_string(err),
        *detail ? ": " : "", detail);
    return false;
}

/* ---- Where users really are ---- */

/* Loads a user. In a real program this is a database, and the slow part. */
static void load(struct user *user)
{
    static const char *const roles[] = {"reader", "writer", "admin"};
    if (user->id == 0 || user->id > USERS)
        return;
    int len = snprintf(user->json, sizeof user->json,
        "{\"id\":%" PRIu64 ",\"name\":\"user-%" PRIu64 "\",\"role\":\"%s\"}", user->id, user->id,
        roles[user->id % 3]);
    user->len = (size_t)len;
    user->found = true;
}

/* ---- The keyring ---- */

static CachekitKeyring *new_keyring(const struct options *o)
{
    CachekitKeyring *keyring = NULL;
    CachekitError err =
        cachekit_keyring_from_env((const uint8_t *)o->tenant, strlen(o->tenant), &keyring);
    if (!succeeded("the keys in the environment", err))
        return NULL;
    /* What claims more is refused before there is memory for it. */
    if (succeeded("limit", cachekit_keyring_set_max_payload(keyring, MAX_USER)))
        return keyring;
    cachekit_keyring_free(keyring);
    return NULL;
}

/* Replaces a keyring that has made many encryptions. The new one has the same keys and
 * counts from 0 under an instance id of its own, so no nonce repeats. If it cannot be
 * had, the old one lasts for a while: the next warning tries again. Several threads may
 * be warned at once, and one of them is enough. */
static void rotate(struct server *server, const CachekitKeyring *old)
{
    pthread_mutex_lock(&server->rotating);
    if (atomic_load(&server->keyring) == old) {
        CachekitKeyring *successor = new_keyring(&server->options);
        if (successor) {
            /* Nobody can use the one that was retired 2^31 encryptions ago. */
            cachekit_keyring_free(server->retired);
            server->retired = atomic_exchange(&server->keyring, successor);
            atomic_fetch_add(&server->rotations, 1);
        }
    }
    pthread_mutex_unlock(&server->rotating);
}

/* ---- Redis ---- */

/* Gives up a connection that failed. The cache is a help and no need: until it is back
 * all users are loaded. */
static void lose(struct worker *w, const char *why)
{
    if (!w->complained)
        complain("Redis", why);
    w->complained = true;
    if (w->redis)
        redisFree(w->redis);
    w->redis = NULL;
}

static bool connected(struct worker *w)
{
    const struct options *o = &w->server->options;
    const struct timeval patience = {.tv_sec = REDIS_SECONDS};
    if (w->redis)
        return true;
    w->redis = redisConnectWithTimeout(o->host, o->port, patience);
    if (!w->redis || w->redis->err || redisSetTimeout(w->redis, patience) != REDIS_OK)
        lose(w, w->redis ? w->redis->errstr : "out of memory");
    else
        w->complained = false;
    return w->redis != NULL;
}

/* The entries of n users, each a string or nil; NULL if Redis gives none. */
static redisReply *get_entries(struct worker *w, const struct user *users, size_t n)
{
    const char *words[1 + MAX_IDS] = {"MGET"};
    for (size_t i = 0; i < n; i++)
        words[1 + i] = users[i].key;
    if (!connected(w))
        return NULL;
    redisReply *reply = redisCommandArgv(w->redis, (int)n + 1, words, NULL);
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == n)
        return reply;
    lose(w, !reply                             ? w->redis->errstr
            : reply->type == REDIS_REPLY_ERROR ? reply->str
                                               : "a reply of another form");
    freeReplyObject(reply);
    return NULL;
}

/* Opens what the cache has. */
static void read_cache(struct worker *w, struct user *users, size_t n)
{
    struct server *server = w->server;
    CachekitItem items[MAX_IDS];
    struct user *of_item[MAX_IDS];
    size_t count = 0;
    uint8_t *results = NULL;

    redisReply *reply = get_entries(w, users, n);
    if (!reply)
        return;
    memset(items, 0, sizeof items);
    for (size_t i = 0; i < n; i++) {
        const redisReply *entry = reply->element[i];
        if (entry->type != REDIS_REPLY_STRING)
            continue; /* not there */
        items[count].cache_key = (const uint8_t *)users[i].key;
        items[count].cache_key_len = strlen(users[i].key);
        items[count].in = (const uint8_t *)entry->str;
        items[count].in_len = entry->len;
        of_item[count++] = &users[i];
    }
    CachekitError err = cachekit_keyring_open_many(
        atomic_load(&server->keyring), FORMAT, items, count, sizeof items[0], &results);

    /* err is the first of those that the items have. Whatever it is, the user is loaded
     * instead; but only some codes are the fault of an entry. */
    if (err == CACHEKIT_OUT_OF_MEMORY || err == CACHEKIT_INTERNAL)
        succeeded("opening entries", err);
    for (size_t i = 0; i < count; i++) {
        struct user *user = of_item[i];
        if (items[i].error != CACHEKIT_OK || items[i].out_len > sizeof user->json) {
            atomic_fetch_add(&server->damaged, 1);
            continue;
        }
        memcpy(user->json, items[i].out, items[i].out_len);
        user->len = items[i].out_len;
        user->found = true;
        atomic_fetch_add(&server->hits, 1);
        /* An earlier master key opened it, which is to go some day. */
        user->put = items[i].key_index > 0;
        if (user->put)
            atomic_fetch_add(&server->resealed, 1);
    }
    cachekit_free_buffer(results);
    freeReplyObject(reply);
}

/* Sends what was sealed, all at once, and then reads all answers. */
static void put_entries(struct worker *w, const CachekitItem *items, size_t count)
{
    char ttl[16];
    size_t sent = 0;
    snprintf(ttl, sizeof ttl, "%d", w->server->options.ttl);
    for (size_t i = 0; i < count; i++) {
        if (items[i].out == NULL) /* what failed is not cached */
            continue;
        const char *words[] = {
            "SETEX", (const char *)items[i].cache_key, ttl, (const char *)items[i].out};
        const size_t lens[] = {5, items[i].cache_key_len, strlen(ttl), items[i].out_len};
        if (redisAppendCommandArgv(w->redis, 4, words, lens) == REDIS_OK)
            sent++;
    }
    while (sent-- > 0) {
        void *reply = NULL;
        if (redisGetReply(w->redis, &reply) != REDIS_OK) {
            lose(w, w->redis->errstr);
            return;
        }
        const redisReply *answer = reply;
        if (answer->type == REDIS_REPLY_ERROR) /* such as one that is out of memory */
            complain("Redis", answer->str);
        freeReplyObject(reply);
    }
}

/* Seals what is to be put into the cache, and puts it there. */
static void write_cache(struct worker *w, const struct user *users, size_t n)
{
    struct server *server = w->server;
    CachekitItem items[MAX_IDS];
    size_t count = 0;
    uint8_t *results = NULL;

    memset(items, 0, sizeof items);
    for (size_t i = 0; i < n; i++) {
        if (!users[i].put)
            continue;
        items[count].cache_key = (const uint8_t *)users[i].key;
        items[count].cache_key_len = strlen(users[i].key);
        items[count].in = (const uint8_t *)users[i].json;
        items[count++].in_len = users[i].len;
    }
    if (count == 0 || !connected(w))
        return;
    CachekitKeyring *keyring = atomic_load(&server->keyring);
    CachekitError err =
        cachekit_keyring_seal_many(keyring, FORMAT, items, count, sizeof items[0], &results);
    succeeded("sealing entries", err);
    put_entries(w, items, count);
    cachekit_free_buffer(results);
    for (size_t i = 0; i < count; i++)
        if (items[i].error == CACHEKIT_ROTATION_NEEDED ||
            items[i].error == CACHEKIT_COUNTER_EXHAUSTED) {
            rotate(server, keyring);
            break;
        }
}

/* ---- Clients ---- */

/* Reads the ids of a line; false if it is anything else. */
static bool parse(const char *line, struct user *users, size_t *n)
{
    *n = 0;
    for (;;) {
        char *end;
        line += strspn(line, " \t\r");
        if (*line == '\0')
            return true;
        if (*n == MAX_IDS || *line < '0' || *line > '9')
            return false;
        struct user *user = &users[(*n)++];
        errno = 0;
        *user = (struct user){.id = strtoull(line, &end, 10)};
        if (errno || (*end != '\0' && strchr(" \t\r", *end) == NULL))
            return false;
        snprintf(user->key, sizeof user->key, "users:%" PRIu64, user->id);
        line = end;
    }
}

/* Answers one line. False if the client is gone. */
static bool answer(struct worker *w, FILE *client, const char *line)
{
    struct user users[MAX_IDS];
    size_t n;

    if (!parse(line, users, &n)) {
        fprintf(client, "error: send up to %d ids, separated by spaces\n", MAX_IDS);
        return fflush(client) == 0;
    }
    if (n > 0)
        read_cache(w, users, n);
    for (size_t i = 0; i < n; i++) {
        if (!users[i].found) {
            atomic_fetch_add(&w->server->misses, 1);
            load(&users[i]);
            users[i].put = users[i].found;
        }
        if (users[i].found)
            fwrite(users[i].json, 1, users[i].len, client);
        else
            fputs("null", client);
        putc('\n', client);
    }
    bool there = fflush(client) == 0;
    write_cache(w, users, n); /* when the client has its answer */
    cachekit_wipe(users, n * sizeof users[0]);
    return there;
}

static void serve(struct worker *w, int fd)
{
    const struct timeval patience = {.tv_sec = CLIENT_SECONDS};
    char line[MAX_LINE];
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    FILE *in = fdopen(fd, "r"), *out = in ? fdopen(dup(fd), "w") : NULL;
    while (out && !atomic_load(&w->server->stopping) && fgets(line, sizeof line, in)) {
        size_t len = strcspn(line, "\n");
        bool whole = line[len] == '\n' || feof(in);
        line[len] = '\0';
        if (!whole)
            line[0] = '-'; /* which begins no id: the answer is an error */
        if (!answer(w, out, line) || !whole)
            break;
    }
    if (out)
        fclose(out);
    if (in)
        fclose(in);
    else
        close(fd);
}

static void *work(void *argument)
{
    struct worker w = {.server = argument};
    while (!atomic_load(&w.server->stopping)) {
        int fd = accept(w.server->listener, NULL, NULL);
        if (fd >= 0)
            serve(&w, fd);
        else if (errno != EINTR && errno != ECONNABORTED && !atomic_load(&w.server->stopping)) {
            complain("accept", strerror(errno));
            sleep(1); /* such as with too many open files */
        }
    }
    if (w.redis)
        redisFree(w.redis);
    return NULL;
}

/* ---- Metrics ---- */

static void print_counter(const char *name, const char *text, uint64_t value)
{
    fprintf(stderr,
        "# HELP cache_aside_%s_total %s\n# TYPE cache_aside_%s_total counter\n"
        "cache_aside_%s_total %" PRIu64 "\n",
        name, text, name, name, value);
}

/* The library's metrics and our own. The library's are those of the keyring at hand;
 * Prometheus knows what to make of a counter that begins again at 0. */
static void print_metrics(struct server *server)
{
    static char text[CACHEKIT_METRICS_TEXT_BUFFER_SIZE];
    CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
    size_t len = sizeof text;

    CachekitError err = cachekit_keyring_get_metrics(atomic_load(&server->keyring), &metrics);
    if (err == CACHEKIT_OK)
        err = cachekit_metrics_text(&metrics, server->options.tenant, text, &len);
    flockfile(stderr); /* no message amid the text */
    if (succeeded("metrics", err))
        fputs(text, stderr);
    print_counter("hits", "Users that the cache had.", server->hits);
    print_counter("misses", "Users that were loaded, or are none.", server->misses);
    print_counter("damaged", "Entries that could not be used.", server->damaged);
    print_counter("resealed", "Entries of an earlier master key.", server->resealed);
    print_counter("rotations", "Keyrings that were replaced.", server->rotations);
    funlockfile(stderr);
}

/* ---- Start and end ---- */

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        complain(path, "the path is too long");
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    mode_t before = umask(077); /* for this user alone */
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (ok && listen(fd, SOMAXCONN) == 0)
        return fd;
    complain(
        path, errno == EADDRINUSE ? "is there; remove it if no server uses it" : strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Goes on in a child, which leaves the terminal. The parent waits until the child is
 * ready, prints its number and ends. Returns what the child says that by, or -1.
 *
 * Nothing has called the library yet, and loading it does nothing: so the child may. */
static int become_daemon(void)
{
    int ready[2];
    if (pipe(ready) != 0)
        return -1;
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid > 0) {
        char byte;
        close(ready[1]);
        if (read(ready[0], &byte, 1) != 1)
            _exit(FAILED); /* the child has said why */
        printf("%ld\n", (long)pid);
        exit(fflush(stdout) == 0 ? DONE : FAILED);
    }
    close(ready[0]);
    setsid();
    return ready[1];
}

/* The last of a daemon's start: nothing of the terminal or the folder is kept. */
static bool detach(int ready, const char *log)
{
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || chdir("/") != 0)
        return false;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (!log)
        dup2(null, STDERR_FILENO);
    close(null);
    bool told = write(ready, "", 1) == 1;
    close(ready);
    return told;
}

static bool redirect(const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0) {
        complain(log, strerror(errno));
        return false;
    }
    dup2(fd, STDERR_FILENO);
    close(fd);
    return true;
}

/* Blocks the signals that run waits for. It comes before there are threads, all of which
 * are to have them blocked, and before the socket is there: who sees that may send one. */
static void block(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGUSR1);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* Starts the threads, waits for signals, and ends the threads. */
static int run(struct server *server, const sigset_t *signals, int ready)
{
    pthread_t threads[64];
    int signal, started = 0;

    /* The first call of the library. */
    atomic_store(&server->keyring, new_keyring(&server->options));
    if (!atomic_load(&server->keyring))
        return FAILED;
    while (started < server->options.threads &&
           pthread_create(&threads[started], NULL, work, server) == 0)
        started++;
    int status = started > 0 && (ready < 0 || detach(ready, server->options.log)) ? DONE : FAILED;
    if (status != DONE)
        complain("start", strerror(errno));
    while (status == DONE && sigwait(signals, &signal) == 0 && signal == SIGUSR1)
        print_metrics(server);

    atomic_store(&server->stopping, true);
    shutdown(server->listener, SHUT_RDWR);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    cachekit_keyring_free(server->retired);
    cachekit_keyring_free(atomic_load(&server->keyring));
    return status;
}

static bool parse_int(const char *text, int low, int high, int *number)
{
    char *end;
    errno = 0;
    long parsed = strtol(text, &end, 10);
    if (errno || end == text || *end || parsed < low || parsed > high) {
        complain(text, "not a number in range");
        return false;
    }
    *number = (int)parsed;
    return true;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"daemon", no_argument, NULL, 'd'},
        {"log", required_argument, NULL, 'l'},
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"tenant", required_argument, NULL, 'i'},
        {"ttl", required_argument, NULL, 't'},
        {"threads", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'H'},
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "d", known, NULL)) != -1) {
        bool ok = true;
        switch (option) {
        case 'd': o->daemon = true; break;
        case 'l': o->log = optarg; break;
        case 'h': o->host = optarg; break;
        case 'p': ok = parse_int(optarg, 1, 65535, &o->port); break;
        case 'i': o->tenant = optarg; break;
        case 't': ok = parse_int(optarg, 1, 1 << 30, &o->ttl); break;
        case 'n': ok = parse_int(optarg, 1, 64, &o->threads); break;
        case 'H': fputs(help, stdout); exit(DONE);
        default: return false; /* getopt_long has said why */
        }
        if (!ok)
            return false;
    }
    if (optind != argc - 1) {
        fputs("usage: cache_aside [option]... SOCKET; see cache_aside --help\n", stderr);
        return false;
    }
    o->socket = argv[optind];
    if (o->daemon && (o->socket[0] != '/' || (o->log && o->log[0] != '/'))) {
        complain("-d", "SOCKET and the log must be absolute paths");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct server server = {.options = {.host = "127.0.0.1",
                                       .tenant = "default",
                                       .port = 6379,
                                       .ttl = 300,
                                       .threads = 4},
        .rotating = PTHREAD_MUTEX_INITIALIZER};
    struct options *o = &server.options;
    int ready = -1;

    if (!parse_options(argc, argv, o))
        return FAILED;
    signal(SIGPIPE, SIG_IGN); /* a client that is gone, and a Redis that is */
    if (o->daemon && (ready = become_daemon()) < 0) {
        complain("daemon", strerror(errno));
        return FAILED;
    }
    if (o->log && !redirect(o->log))
        return FAILED;
    sigset_t signals;
    block(&signals);
    server.listener = listen_on(o->socket);
    if (server.listener < 0)
        return FAILED;
    int status = run(&server, &signals, ready);
    close(server.listener);
    unlink(o->socket);
    return status;
}
