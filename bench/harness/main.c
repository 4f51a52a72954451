/*
 * Times libraries side by side at the C boundary. Results go to stdout, one JSON object a line;
 * progress to stderr.
 *
 *   harness [--check | --cells] [--seconds S] [--sizes A,B,...] [--ops A,B,...]
 *           --lib NAME=cachekit:PATH --lib NAME=hand:PATH ...
 *   harness --peak OP --size N --lib ...     peak memory of one call, in this process alone
 *   harness --cold --lib ...                 loading and first calls
 *   harness --calls N --ops OP --size N --lib ...   N calls, for a program that counts
 *   harness --dump KIND --size N             payload number 0 on stdout
 *
 * --check stops after the cross-check; --cells times the operations but neither latency nor
 * threads.
 * Exit: 0 fine, 1 cannot run, 2 usage, 3 a cross-check or a timed call failed.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Without these the Rust library, which allocates its results, pays page faults from 64 KiB on:
 * glibc would give the pages back to the system at every free. Read by the C library at start,
 * hence the exec.
 */
static void settle_allocator(char **argv)
{
    static const char *const settings[][2] = {
        {"MALLOC_TRIM_THRESHOLD_", "1073741824"},
        {"MALLOC_MMAP_THRESHOLD_", "1073741824"},
        {"MALLOC_TOP_PAD_", "67108864"},
    };
    bool restart = false;
    for (int i = 0; i < 3; i++)
        if (getenv(settings[i][0]) == NULL) {
            setenv(settings[i][0], settings[i][1], 1);
            restart = true;
        }
    if (restart)
        execv("/proc/self/exe", argv);
    for (int i = 0; i < 3; i++)
        printf("{\"t\":\"env\",\"name\":\"%s\",\"value\":\"%s\"}\n", settings[i][0],
            getenv(settings[i][0]));
}

static int usage(void)
{
    fputs("usage: harness [--check | --cells] [--seconds S] [--sizes A,B,..] [--ops A,B,..] "
          "--lib NAME=cachekit|hand:PATH ...\n"
          "       harness --peak OP --size N --lib ... | --cold --lib ... | --dump KIND --size N\n"
          "       harness --calls N --ops OP --size N --lib ...\n",
        stderr);
    return 2;
}

static int dump(const char *kind_name, size_t size)
{
    Kind kind = kind_by_name(kind_name);
    uint8_t *bytes = malloc(size + 1);
    if (kind == KIND_COUNT || bytes == NULL)
        return usage();
    data_fill(kind, 0, bytes, size);
    bool good = fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
    free(bytes);
    return good ? 0 : 1;
}

static void parse_sizes(Run *run, char *list)
{
    run->size_count = 0;
    for (char *p = strtok(list, ","); p != NULL && run->size_count < 16; p = strtok(NULL, ","))
        run->sizes[run->size_count++] = strtoul(p, NULL, 10);
}

static void drop_unloadable(Run *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->count; i++)
        if (lib_load(&run->libs[i]))
            run->libs[kept++] = run->libs[i];
        else
            printf("{\"t\":\"note\",\"op\":\"\",\"who\":\"%s\","
                   "\"text\":\"left out: it cannot be loaded\"}\n",
                run->libs[i].name);
    run->count = kept;
    for (size_t i = 0; i < kept; i++) {
        const Lib *lib = &run->libs[i];
        const char *version = "";
        if (lib->is_hand)
            version = lib->hand.versions();
        else if (lib->ck.version_string)
            version = lib->ck.version_string();
        printf("{\"t\":\"lib\",\"who\":\"%s\",\"version\":\"%s\"}\n", lib->name, version);
    }
}

int main(int argc, char **argv)
{
    Run run = {.sizes = {64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20, 16 << 20},
        .size_count = 8,
        .cell_seconds = 1};
    const char *peak = NULL, *dumped = NULL, *calls = NULL;
    bool cold = false, check_only = false, cells_only = false;
    size_t size = 1024;
    char *original[64]; /* the arguments before they are cut into pieces, for the exec */
    if (argc >= 64)
        return usage();
    for (int i = 0; i <= argc; i++)
        original[i] = i < argc ? strdup(argv[i]) : NULL;

    for (int i = 1; i < argc; i++) {
        const char *flag = argv[i];
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(flag, "--check") == 0)
            check_only = true;
        else if (strcmp(flag, "--cells") == 0)
            cells_only = true;
        else if (strcmp(flag, "--cold") == 0)
            cold = true;
        else if (value == NULL)
            return usage();
        else {
            i++;
            if (strcmp(flag, "--peak") == 0)
                peak = value;
            else if (strcmp(flag, "--calls") == 0)
                calls = value;
            else if (strcmp(flag, "--dump") == 0)
                dumped = value;
            else if (strcmp(flag, "--size") == 0)
                size = strtoul(value, NULL, 10);
            else if (strcmp(flag, "--seconds") == 0)
                run.cell_seconds = strtod(value, NULL);
            else if (strcmp(flag, "--sizes") == 0)
                parse_sizes(&run, value);
            else if (strcmp(flag, "--ops") == 0)
                run.only = value;
            else if (strcmp(flag, "--lib") != 0 || run.count == MAX_LIBS ||
                     !lib_parse(&run.libs[run.count++], value))
                return usage();
        }
    }
    if (dumped != NULL)
        return dump(dumped, size);
    if (run.count == 0)
        return usage();
    if (peak != NULL)
        return peak_memory(&run.libs[0], peak, size);
    if (calls != NULL)
        return make_calls(&run.libs[0], run.only, size, strtoul(calls, NULL, 10));
    if (cold)
        return cold_start(&run.libs[0]);

    settle_allocator(original);
    drop_unloadable(&run);
    if (run.count == 0 || !secrets_init(run.libs, run.count))
        return 1;
    for (size_t i = 0; i < run.count; i++)
        if (!handles_open(&run.handles[i], &run.libs[i]))
            return 1;
    if (!check_all(&run))
        return 3;
    if (check_only)
        return 0;
    time_cells(&run);
    if (!cells_only) {
        time_latency(&run);
        time_threads(&run);
    }
    for (size_t i = 0; i < run.count; i++)
        handles_close(&run.handles[i], &run.libs[i]);
    return ferror(stdout) != 0;
}
