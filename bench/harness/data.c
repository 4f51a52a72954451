#include "data.h"

#include <stdio.h>
#include <string.h>

const char *const kind_names[KIND_COUNT] = {"json", "msgpack", "repetitive", "random"};

Kind kind_by_name(const char *name)
{
    int k = 0;
    while (k < KIND_COUNT && strcmp(name, kind_names[k]) != 0)
        k++;
    return (Kind)k;
}

/* splitmix64: any seed is a good one, and eight bytes a step. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((next(state) >> 32) * n >> 32);
}

static const char *const words[] = {"amber", "basalt", "cedar", "delta", "ember", "fjord", "garnet",
    "harbor", "indigo", "juniper", "kelp", "lagoon", "marble", "nectar", "onyx", "prairie",
    "quartz", "raven", "saffron", "tundra", "umber", "violet", "willow", "xenon", "yarrow",
    "zephyr", "anchor", "beacon", "compass", "drift", "estuary", "fathom"};
static const char *const cities[] = {
    "Lisbon", "Osaka", "Toronto", "Nairobi", "Bergen", "Montevideo", "Hobart", "Tallinn"};
static const char *const plans[] = {"free", "team", "business", "enterprise"};

#define PICK(state, list) ((list)[below((state), (uint32_t)(sizeof(list) / sizeof(*(list))))])

/* One user record as an application would cache it; both encodings below write these fields. */
typedef struct {
    uint32_t id, visits, cents, tag_count;
    const char *first, *last, *city, *plan, *tags[4];
    uint64_t session;
    int active;
    uint32_t month, day, hour, minute;
} Record;

static Record record(uint64_t *state)
{
    Record r = {0};
    r.id = 100000 + below(state, 900000);
    r.visits = below(state, 5000);
    r.cents = below(state, 10000000);
    r.first = PICK(state, words);
    r.last = PICK(state, words);
    r.city = PICK(state, cities);
    r.plan = PICK(state, plans);
    r.session = next(state);
    r.active = below(state, 4) != 0;
    r.month = 1 + below(state, 12);
    r.day = 1 + below(state, 28);
    r.hour = below(state, 24);
    r.minute = below(state, 60);
    r.tag_count = below(state, 5);
    for (uint32_t i = 0; i < r.tag_count; i++)
        r.tags[i] = PICK(state, words);
    return r;
}

/* Records are made whole here and copied as far as the payload has room. */
typedef struct {
    uint8_t bytes[1024];
    size_t len;
} Scratch;

static void put(Scratch *s, const void *data, size_t len)
{
    memcpy(s->bytes + s->len, data, len);
    s->len += len;
}

static void put_byte(Scratch *s, unsigned b) { s->bytes[s->len++] = (uint8_t)b; }

static void json_record(Scratch *s, const Record *r)
{
    int n = snprintf((char *)s->bytes, sizeof s->bytes,
        "{\"id\":%u,\"name\":\"%s %s\",\"email\":\"%s.%s@example.com\",\"city\":\"%s\","
        "\"plan\":\"%s\",\"active\":%s,\"visits\":%u,\"balance\":%u.%02u,"
        "\"last_seen\":\"2026-%02u-%02uT%02u:%02u:00Z\",\"session\":\"%016llx\",\"tags\":[",
        r->id, r->first, r->last, r->first, r->last, r->city, r->plan, r->active ? "true" : "false",
        r->visits, r->cents / 100, r->cents % 100, r->month, r->day, r->hour, r->minute,
        (unsigned long long)r->session);
    s->len = (size_t)n;
    for (uint32_t i = 0; i < r->tag_count; i++) {
        if (i > 0)
            put_byte(s, ',');
        put_byte(s, '"');
        put(s, r->tags[i], strlen(r->tags[i]));
        put_byte(s, '"');
    }
    put(s, "]},", 3);
}

static void mp_str(Scratch *s, const char *text)
{
    size_t len = strlen(text); /* every string here is shorter than 32 */
    put_byte(s, 0xa0u | (unsigned)len);
    put(s, text, len);
}

static void mp_be(Scratch *s, unsigned header, uint64_t value, unsigned width)
{
    put_byte(s, header);
    for (unsigned shift = width * 8; shift > 0; shift -= 8)
        put_byte(s, (unsigned)(value >> (shift - 8) & 0xff));
}

static void mp_double(Scratch *s, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    mp_be(s, 0xcb, bits, 8);
}

static void msgpack_record(Scratch *s, const Record *r)
{
    char text[64];
    put_byte(s, 0x80 | 10);
    mp_str(s, "id");
    mp_be(s, 0xce, r->id, 4);
    mp_str(s, "name");
    snprintf(text, sizeof text, "%s %s", r->first, r->last);
    mp_str(s, text);
    mp_str(s, "city");
    mp_str(s, r->city);
    mp_str(s, "plan");
    mp_str(s, r->plan);
    mp_str(s, "active");
    put_byte(s, r->active ? 0xc3 : 0xc2);
    mp_str(s, "visits");
    mp_be(s, 0xcd, r->visits, 2);
    mp_str(s, "balance");
    mp_double(s, r->cents / 100.0);
    mp_str(s, "last_seen");
    mp_be(s, 0xce,
        1767225600u + r->month * 2592000u + r->day * 86400u + r->hour * 3600u + r->minute * 60u, 4);
    mp_str(s, "session");
    mp_be(s, 0xcf, r->session, 8);
    mp_str(s, "tags");
    put_byte(s, 0x90u | r->tag_count);
    for (uint32_t i = 0; i < r->tag_count; i++)
        mp_str(s, r->tags[i]);
}

static void fill_records(
    uint64_t *state, uint8_t *out, size_t size, void (*encode)(Scratch *, const Record *))
{
    for (size_t used = 0; used < size;) {
        Scratch s = {.len = 0};
        Record r = record(state);
        encode(&s, &r);
        size_t take = s.len < size - used ? s.len : size - used;
        memcpy(out + used, s.bytes, take);
        used += take;
    }
}

static void fill_random(uint64_t *state, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t v = next(state);
        for (size_t b = 0; b < 8 && i + b < size; b++)
            out[i + b] = (uint8_t)(v >> (8 * b)); /* the same on either byte order */
    }
}

/* A phrase of 17 to 48 printable bytes over and over: a period that is no power of two. */
static void fill_repetitive(uint64_t *state, uint8_t *out, size_t size)
{
    uint8_t phrase[48];
    size_t period = 17 + below(state, 32);
    for (size_t i = 0; i < period; i++)
        phrase[i] = (uint8_t)(' ' + below(state, 95));
    for (size_t i = 0; i < size; i++)
        out[i] = phrase[i % period];
}

void data_fill(Kind kind, uint64_t index, uint8_t *out, size_t size)
{
    uint64_t state = 0x63616368656b6974u ^ ((uint64_t)kind << 56) ^ ((uint64_t)size << 20) ^ index;
    next(&state);
    switch (kind) {
    case KIND_JSON:
        if (size > 0)
            out[0] = '[';
        fill_records(&state, out + (size > 0), size - (size > 0), json_record);
        break;
    case KIND_MSGPACK: fill_records(&state, out, size, msgpack_record); break;
    case KIND_REPETITIVE: fill_repetitive(&state, out, size); break;
    case KIND_RANDOM:
    case KIND_COUNT: fill_random(&state, out, size); break;
    }
}
