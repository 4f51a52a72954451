/* The operations: one call each, in the form of each kind of library. */
#ifndef BENCH_OPS_H
#define BENCH_OPS_H

#include "data.h"
#include "lib.h"

typedef struct {
    uint8_t *data;
    size_t len;
    uint64_t checksum; /* what H keeps beside its block */
} Item;

/* Inputs that a run takes in turn, so that no branch predictor learns one small payload by
 * heart. */
typedef struct {
    Item *items;
    size_t count, plain_size;
} Pool;

/* One library at one operation. `out` holds the last output; library-allocated results reach it
 * only when `keep` is set. */
typedef struct {
    const Lib *lib;
    const Handles *handles;
    const Pool *in;
    uint8_t *out, *scratch;
    size_t capacity, out_len; /* capacity of out and of scratch */
    uint64_t checksum;
    bool keep;
} Job;

/* 0 is success. */
typedef int (*Call)(Job *job, const Item *in);

typedef struct Op Op;
struct Op {
    const char *name;
    const char *forward; /* the operation whose output this one takes; NULL: plaintext */
    unsigned kinds;      /* bit set of Kind */
    bool sized;
    bool shared_format; /* H writes the very bytes that the others write */
    bool allocates;     /* direct: the library allocates the result */
    bool all_allocate;  /* so does whatever stands beside it */
    size_t symbol;      /* offset in Cachekit of the function that it needs */
    Call direct;        /* by that function */
    Call stand_in;      /* by other functions of a library that lacks it, or NULL */
    size_t others[2];   /* those functions */
    const char *stand_in_note;
    Call hand;
    const char *hand_note;
    size_t batch; /* items of one call, from the one given on; 0 is 1 */
};

extern const Op ops[];
extern const size_t op_count;

const Op *op_by_name(const char *name);

/* How the library does it, or NULL; *note, if not NULL, says what stands in for the operation. */
Call op_call(const Op *op, const Lib *lib, const char **note);

Pool pool_plain(Kind kind, size_t size, size_t count);
/* What job's library makes of the plaintexts by the forward call. An empty pool: it failed. */
Pool pool_sealed(const Pool *plain, Job *job, Call forward);
void pool_free(Pool *pool);

/* Every buffer a job needs for payloads of that size; touched, so that no call pays for a first
 * page fault. */
bool job_open(Job *job, const Lib *lib, const Handles *handles, size_t plain_size);
void job_close(Job *job);

/* The LZ4 block and checksum inside an envelope as this library family writes it. */
bool envelope_parse(const uint8_t *envelope, size_t len, Item *block);
/* The opposite: an envelope of format msgpack around a block. Returns its length. */
size_t envelope_wrap(const Item *block, size_t plain_size, uint8_t *out);

#endif
