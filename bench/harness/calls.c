#include "bench.h"

int make_calls(Lib *lib, const char *op_name, size_t size, size_t count)
{
    const Op *op = op_name != NULL ? op_by_name(op_name) : NULL;
    Job job;
    Handles handles;
    if (op == NULL || !lib_load(lib) || !secrets_init(lib, 1) || !handles_open(&handles, lib) ||
        !job_open(&job, lib, &handles, size))
        return 1;
    Pool pool = pool_plain(KIND_JSON, size, 1);
    if (op->forward != NULL) {
        Pool plain = pool;
        Call forward = op_call(op_by_name(op->forward), lib, NULL);
        if (forward == NULL)
            return 1;
        pool = pool_sealed(&plain, &job, forward);
    }
    Call call = op_call(op, lib, NULL);
    if (call == NULL || pool.count == 0)
        return 1;
    job.in = &pool;
    for (size_t i = 0; i < count; i++)
        if (call(&job, &pool.items[0]) != 0)
            return 1;
    return 0;
}
