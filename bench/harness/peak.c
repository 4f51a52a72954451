#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A field of /proc/self/status in bytes. */
static size_t status(const char *field)
{
    char line[256];
    size_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoul(line + strlen(field) + 1, NULL, 10);
    if (f != NULL)
        fclose(f);
    return kib << 10;
}

static uint8_t *shared_pages(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Makes op's input in a child, which loads the library for itself, so that this process holds no
 * trace of it. */
static bool prepare(Lib *lib, const Op *op, size_t size, Item *in, size_t capacity)
{
    struct Header {
        size_t len;
        uint64_t checksum;
    } *header = (void *)shared_pages(sizeof *header);
    in->data = shared_pages(capacity);
    if (header == NULL || in->data == NULL)
        return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        Job job;
        Handles handles;
        Pool plain = pool_plain(KIND_JSON, size, 1);
        header->len = size;
        if (op->forward == NULL) {
            memcpy(in->data, plain.items[0].data, size);
            _exit(0);
        }
        if (!lib_load(lib) || !secrets_init(lib, 1) || !handles_open(&handles, lib) ||
            !job_open(&job, lib, &handles, size))
            _exit(1);
        Call forward = op_call(op_by_name(op->forward), lib, NULL);
        job.in = &plain;
        job.keep = true;
        if (forward == NULL || forward(&job, &plain.items[0]) != 0)
            _exit(1);
        memcpy(in->data, job.out, job.out_len);
        header->len = job.out_len;
        header->checksum = job.checksum;
        _exit(0);
    }
    int state = 0;
    if (child < 0 || waitpid(child, &state, 0) != child || state != 0)
        return false;
    in->len = header->len;
    in->checksum = header->checksum;
    return true;
}

int peak_memory(Lib *lib, const char *op_name, size_t size)
{
    const Op *op = op_by_name(op_name);
    Item in = {0};
    Job job;
    Handles handles;
    if (op == NULL || !prepare(lib, op, size, &in, size + size / 255 + 256) || !lib_load(lib) ||
        !secrets_init(lib, 1) || !handles_open(&handles, lib) ||
        !job_open(&job, lib, &handles, size))
        return 1;
    Call call = op_call(op, lib, NULL);
    if (call == NULL)
        return 1;
    /* The child touched the input; here its pages count from the first read. */
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < in.len; i += 4096)
        sum ^= in.data[i];
    Pool pool = {&in, 1, size};
    job.in = &pool;
    int fd = open("/proc/self/clear_refs", O_WRONLY);
    /* sets the high-water mark to what is resident now */
    bool reset = fd >= 0 && write(fd, "5", 1) == 1;
    close(fd);
    size_t before = reset ? status("VmRSS:") : status("VmHWM:");
    if (call(&job, &in) != 0)
        return 1;
    size_t peak = status("VmHWM:"), extra = peak > before ? peak - before : 0;
    /* An output in the library's own memory is the output all the same. */
    if (op->all_allocate || (op->allocates && call == op->direct))
        extra = extra > job.out_len ? extra - job.out_len : 0;
    printf("{\"t\":\"peak\",\"op\":\"%s\",\"size\":%zu,\"who\":\"%s\",\"extra\":%zu}\n", op_name,
        size, lib->name, extra);
    return 0;
}
