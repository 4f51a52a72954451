#include "bench.h"

#include <stdio.h>

/* What a short-lived program pays: loading, then the first and the second call of each kind,
 * before anything is warm. */
int cold_start(Lib *lib)
{
    Handles handles;
    Job job;
    Pool plain = pool_plain(KIND_JSON, 1024, 1);
    uint64_t start = now_ns();
    if (!lib_load(lib))
        return 1;
    uint64_t loaded = now_ns();
    if (!job_open(&job, lib, &handles, 1024))
        return 1;
    job.in = &plain;
    uint64_t t[5] = {now_ns()};
    int rc = op_call(op_by_name("compress"), lib, NULL)(&job, &plain.items[0]);
    t[1] = now_ns();
    rc |= op_call(op_by_name("compress"), lib, NULL)(&job, &plain.items[0]);
    t[2] = now_ns();
    if (rc != 0 || !secrets_init(lib, 1) || !handles_open(&handles, lib))
        return 1;
    t[3] = now_ns();
    rc = op_call(op_by_name("encrypt"), lib, NULL)(&job, &plain.items[0]);
    t[4] = now_ns();
    if (rc != 0)
        return 1;
    printf("{\"t\":\"cold\",\"who\":\"%s\",\"load\":%llu,\"first\":%llu,\"second\":%llu,"
           "\"handles\":%llu,\"encrypt\":%llu}\n",
        lib->name, (unsigned long long)(loaded - start), (unsigned long long)(t[1] - t[0]),
        (unsigned long long)(t[2] - t[1]), (unsigned long long)(t[3] - t[2]),
        (unsigned long long)(t[4] - t[3]));
    return 0;
}
