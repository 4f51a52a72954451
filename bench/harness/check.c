#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(const char *what, const char *from, const char *to, Kind kind, size_t size)
{
    fprintf(stderr, "cross-check failed: %s of what %s made, by %s (%s, %zu bytes)\n", what, from,
        to, kind_names[kind], size);
    return false;
}

static bool same(const Job *job, int rc, const Item *plain)
{
    return rc == 0 && job->out_len == plain->len && memcmp(job->out, plain->data, plain->len) == 0;
}

/*
 * One operation and its inverse, every library's output given to every library. What is
 * authenticated must be refused when a bit was altered; an altered LZ4 block may mean the same
 * data by chance, but never other data.
 */
static bool check_pair(const Run *run, const char *forward, const char *inverse, bool authenticated,
    const Pool *plain, Kind kind)
{
    const Op *seal = op_by_name(forward), *open = op_by_name(inverse);
    size_t size = plain->plain_size;
    bool good = true;
    for (size_t from = 0; from < run->count && good; from++) {
        const char *from_name = run->libs[from].name;
        Call call = op_call(seal, &run->libs[from], NULL);
        Job job;
        if (call == NULL)
            continue;
        if (!job_open(&job, &run->libs[from], &run->handles[from], size))
            return false;
        Pool sealed = pool_sealed(plain, &job, call);
        job_close(&job);
        if (sealed.count == 0)
            return fail(forward, "the generator", from_name, kind, size);
        for (size_t to = 0; to < run->count && good; to++) {
            const Lib *lib = &run->libs[to];
            Call back = op_call(open, lib, NULL);
            bool foreign = run->libs[from].is_hand != lib->is_hand && !seal->shared_format;
            if (back == NULL || foreign)
                continue;
            if (!job_open(&job, lib, &run->handles[to], size))
                return false;
            job.in = &sealed;
            job.keep = true;
            for (size_t i = 0; i < sealed.count && good; i++) {
                Item *item = &sealed.items[i];
                if (!same(&job, back(&job, item), &plain->items[i]))
                    good = fail(inverse, from_name, lib->name, kind, size);
                item->data[8] ^= 0x10; /* part of the LZ4 block or of the nonce */
                int rc = back(&job, item);
                if (rc == 0 && (authenticated || !same(&job, rc, &plain->items[i])))
                    good = fail("refusal (one bit altered)", from_name, lib->name, kind, size);
                item->data[8] ^= 0x10;
            }
            job_close(&job);
        }
        pool_free(&sealed);
    }
    return good;
}

/* H has no envelope: its block is wrapped into one, and the block of an envelope is unwrapped
 * for it. */
static bool check_blocks(const Run *run, const Pool *plain, Kind kind)
{
    size_t size = plain->plain_size;
    const Op *compress = op_by_name("compress"), *decompress = op_by_name("decompress");
    bool good = true;
    for (size_t h = 0; h < run->count && good; h++) {
        if (!run->libs[h].is_hand)
            continue;
        for (size_t c = 0; c < run->count && good; c++) {
            Job hand, ck;
            if (run->libs[c].is_hand || op_call(compress, &run->libs[c], NULL) == NULL)
                continue;
            if (!job_open(&hand, &run->libs[h], &run->handles[h], size) ||
                !job_open(&ck, &run->libs[c], &run->handles[c], size))
                return false;
            hand.in = ck.in = plain;
            Call ck_open = op_call(decompress, ck.lib, NULL);
            for (size_t i = 0; i < plain->count && good; i++) {
                Item *item = &plain->items[i], block, envelope;
                if (compress->direct(&ck, item) != 0 ||
                    !envelope_parse(ck.out, ck.out_len, &block) ||
                    !same(&hand, decompress->hand(&hand, &block), item))
                    good =
                        fail("decompress (block alone)", ck.lib->name, hand.lib->name, kind, size);
                if (compress->hand(&hand, item) != 0)
                    good = fail("compress", "the generator", hand.lib->name, kind, size);
                block = (Item){.data = hand.out, .len = hand.out_len, .checksum = hand.checksum};
                envelope =
                    (Item){.data = hand.scratch, .len = envelope_wrap(&block, size, hand.scratch)};
                if (ck_open != NULL && !same(&ck, ck_open(&ck, &envelope), item))
                    good = fail(
                        "decompress (wrapped block)", hand.lib->name, ck.lib->name, kind, size);
            }
            job_close(&hand);
            job_close(&ck);
        }
    }
    return good;
}

/* Operations with one right answer: everybody gives the same bytes. */
static bool check_equal(const Run *run, const char *name, const Pool *plain, Kind kind)
{
    const Op *op = op_by_name(name);
    uint8_t want[128] = {0};
    const char *first = NULL;
    bool good = true;
    for (size_t i = 0; i < run->count; i++) {
        Job job;
        Call call = op_call(op, &run->libs[i], NULL);
        if (call == NULL)
            continue;
        if (!job_open(&job, &run->libs[i], &run->handles[i], plain->plain_size))
            return false;
        job.in = plain;
        if (call(&job, &plain->items[0]) != 0 ||
            (first != NULL && memcmp(job.out, want, job.out_len) != 0))
            good = fail(name, first != NULL ? first : "the generator", run->libs[i].name, kind,
                plain->plain_size);
        if (first == NULL) {
            first = run->libs[i].name;
            memcpy(want, job.out, job.out_len);
        }
        job_close(&job);
    }
    return good;
}

bool check_all(const Run *run)
{
    static const struct {
        const char *forward, *inverse;
        bool authenticated;
    } pairs[] = {
        {"compress", "decompress", false},
        {"store", "retrieve", false},
        {"compress", "retrieve", false},
        {"store", "decompress", false},
        {"encrypt", "decrypt", true},
        {"keyring_encrypt", "keyring_decrypt", true},
        {"encrypt", "keyring_decrypt", true},
        {"keyring_encrypt", "decrypt", true},
        {"seal", "open", true},
        {"seal", "open_many", true},
        {"store", "retrieve_many", false},
        {"store_many", "retrieve", false},
        {"seal_many", "open", true},
        {"compress_level_3", "decompress", false},
        {"compress_level_9", "decompress", false},
    };
    bool good = true;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t s = 0; s < run->size_count; s++) {
            size_t size = run->sizes[s];
            Pool plain = pool_plain((Kind)kind, size, size <= 4096 ? 16 : 1);
            for (size_t p = 0; p < sizeof pairs / sizeof *pairs && good; p++)
                good = check_pair(run, pairs[p].forward, pairs[p].inverse, pairs[p].authenticated,
                    &plain, (Kind)kind);
            good = good && check_blocks(run, &plain, (Kind)kind) &&
                   check_equal(run, "checksum", &plain, (Kind)kind) &&
                   check_equal(run, "derive_key", &plain, (Kind)kind);
            pool_free(&plain);
            if (!good)
                return false;
        }
        fprintf(stderr, "cross-check: %s agrees everywhere\n", kind_names[kind]);
    }
    return true;
}
