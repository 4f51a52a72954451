/*
 * json_msgpack.h - turns JSON into MessagePack and back, as far as the command line
 * of redis_share needs it. In a program of your own, use a MessagePack library.
 *
 * One thing is added to JSON: bytes, which only MessagePack has. They are written as
 * 0x and pairs of hexadecimal digits.
 */
#ifndef JSON_MSGPACK_H
#define JSON_MSGPACK_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX_DEPTH 100 /* what readers of interop values accept */

/* Every item is written in its widest form, with the count of an array or map
 * filled in when it is known: cachekit_interop_key and cachekit_interop_value
 * take any form and make the canonical one. No JSON text grows by more than
 * this factor: a digit becomes 9 bytes. */
#define JSON_TO_MSGPACK_GROWTH 9

struct json_reader {
    const char *at;
    uint8_t *out;
    int depth;
};

static bool json_value(struct json_reader *r);

static void put_number(uint8_t **out, uint8_t marker, uint64_t number, int bytes)
{
    *(*out)++ = marker;
    while (bytes-- > 0)
        *(*out)++ = (uint8_t)(number >> (8 * bytes));
}

static void skip_blanks(struct json_reader *r) { r->at += strspn(r->at, " \t\r\n"); }

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool json_bytes(struct json_reader *r)
{
    uint8_t *header = r->out;
    r->out += 5;
    for (r->at += 2; hex_digit(r->at[0]) >= 0; r->at += 2) {
        if (hex_digit(r->at[1]) < 0)
            return false;
        *r->out++ = (uint8_t)(hex_digit(r->at[0]) << 4 | hex_digit(r->at[1]));
    }
    put_number(&header, 0xc6, (uint64_t)(r->out - header - 5), 4);
    return true;
}

static bool json_unit(struct json_reader *r, uint32_t *unit) /* XXXX of \uXXXX */
{
    *unit = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        if (hex_digit(*r->at) < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)hex_digit(*r->at);
    }
    return true;
}

static bool json_escape(struct json_reader *r)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *name = *r->at ? strchr(names, *r->at) : NULL;
    if (name) {
        *r->out++ = (uint8_t)meanings[name - names];
        r->at++;
        return true;
    }
    uint32_t c, low;
    if (*r->at != 'u')
        return false;
    r->at++;
    if (!json_unit(r, &c))
        return false;
    if (c >= 0xd800 && c < 0xe000) { /* half of a pair */
        if (c >= 0xdc00 || strncmp(r->at, "\\u", 2) != 0)
            return false;
        r->at += 2;
        if (!json_unit(r, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (c < 0x80) {
        *r->out++ = (uint8_t)c;
        return true;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *r->out++ = (uint8_t)(0xff00 >> (more + 1) | c >> (6 * more)); /* 110, 1110, 11110 */
    while (more-- > 0)
        *r->out++ = (uint8_t)(0x80 | (c >> (6 * more) & 0x3f));
    return true;
}

static bool json_string(struct json_reader *r)
{
    uint8_t *header = r->out;
    r->out += 5;
    for (r->at++; *r->at != '"';) {
        if ((unsigned char)*r->at < 0x20) /* the end of the text too */
            return false;
        if (*r->at != '\\')
            *r->out++ = (uint8_t)*r->at++;
        else if (r->at++, !json_escape(r))
            return false;
    }
    r->at++;
    put_number(&header, 0xdb, (uint64_t)(r->out - header - 5), 4);
    return true;
}

static bool json_number(struct json_reader *r)
{
    static const char digits[] = "0123456789";
    const char *start = r->at, *p = start + (*start == '-');
    size_t whole = strspn(p, digits);
    if (whole == 0 || (*p == '0' && whole > 1))
        return false;
    p += whole;
    bool is_float = *p == '.' || *p == 'e' || *p == 'E';
    if (*p == '.') {
        size_t fraction = strspn(++p, digits);
        if (fraction == 0)
            return false;
        p += fraction;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        size_t exponent = strspn(p, digits);
        if (exponent == 0)
            return false;
        p += exponent;
    }
    r->at = p;

    errno = 0;
    if (is_float) {
        double number = strtod(start, NULL);
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        put_number(&r->out, 0xcb, bits, 8);
        return true; /* what is too large is infinite here, and refused by the library */
    }
    if (*start == '-')
        put_number(&r->out, 0xd3, (uint64_t)strtoll(start, NULL, 10), 8);
    else
        put_number(&r->out, 0xcf, strtoull(start, NULL, 10), 8);
    return errno == 0;
}

/* The rest of an array or map: items up to the closing bracket. */
static bool json_items(struct json_reader *r, uint8_t marker, char closing)
{
    uint8_t *header = r->out;
    uint64_t count = 0;
    r->out += 5;
    r->at++;
    skip_blanks(r);
    if (*r->at != closing) {
        for (;; r->at++) {
            skip_blanks(r);
            if (closing == '}') {
                if (*r->at != '"' || !json_string(r))
                    return false;
                skip_blanks(r);
                if (*r->at != ':')
                    return false;
                r->at++;
            }
            if (!json_value(r))
                return false;
            count++;
            if (*r->at != ',')
                break;
        }
        if (*r->at != closing)
            return false;
    }
    r->at++;
    put_number(&header, marker, count, 4);
    return true;
}

static bool json_word(struct json_reader *r, const char *word, uint8_t marker)
{
    if (strncmp(r->at, word, strlen(word)) != 0)
        return false;
    r->at += strlen(word);
    *r->out++ = marker;
    return true;
}

static bool json_value(struct json_reader *r)
{
    bool ok;
    skip_blanks(r);
    if (++r->depth > JSON_MAX_DEPTH)
        return false;
    switch (*r->at) {
    case '{': ok = json_items(r, 0xdf, '}'); break;
    case '[': ok = json_items(r, 0xdd, ']'); break;
    case '"': ok = json_string(r); break;
    case 'n': ok = json_word(r, "null", 0xc0); break;
    case 'f': ok = json_word(r, "false", 0xc2); break;
    case 't': ok = json_word(r, "true", 0xc3); break;
    default: ok = strncmp(r->at, "0x", 2) == 0 ? json_bytes(r) : json_number(r);
    }
    skip_blanks(r);
    r->depth--;
    return ok;
}

/* Writes json as MessagePack to out, which has room for at least strlen(json) *
 * JSON_TO_MSGPACK_GROWTH bytes. Returns the length, or 0 if it is not JSON. */
static size_t json_to_msgpack(const char *json, uint8_t *out)
{
    struct json_reader r = {json, out, 0};
    return json_value(&r) && *r.at == 0 ? (size_t)(r.out - out) : 0;
}

static uint64_t take_number(const uint8_t **in, int bytes)
{
    uint64_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | *(*in)++;
    return number;
}

static void print_hex(FILE *to, const uint8_t *bytes, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++)
        fprintf(to, "%02x", bytes[i]);
}

static void print_text(FILE *to, const uint8_t *text, uint64_t len)
{
    putc('"', to);
    for (uint64_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            fprintf(to, "\\%c", text[i]);
        else if (text[i] < 0x20 || text[i] == 0x7f)
            fprintf(to, "\\u%04x", (unsigned)text[i]);
        else
            putc(text[i], to);
    }
    putc('"', to);
}

static void print_double(FILE *to, double number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.17g", number);
    fputs(digits, to);
    if (!strpbrk(digits, ".en")) /* 2.0, not 2; also neither inf nor nan */
        fputs(".0", to);
}

/* Prints the MessagePack item at in as JSON and returns what follows it. It
 * trusts every length: in must have passed cachekit_msgpack_check. */
static const uint8_t *print_msgpack(FILE *to, const uint8_t *in)
{
    enum { UNSIGNED, SIGNED, TEXT, BYTES, ARRAY, MAP, EXTENSION } kind;
    uint64_t n; /* the number itself, or how many bytes, items or pairs */
    uint8_t marker = *in++;

    if (marker < 0x80) {
        kind = UNSIGNED, n = marker;
    } else if (marker >= 0xe0) {
        kind = SIGNED, n = (uint64_t)(int64_t)(int8_t)marker;
    } else if (marker < 0x90) {
        kind = MAP, n = marker & 0x0f;
    } else if (marker < 0xa0) {
        kind = ARRAY, n = marker & 0x0f;
    } else if (marker < 0xc0) {
        kind = TEXT, n = marker & 0x1f;
    } else {
        // clang-format off: the markers of a kind stand on one line
        switch (marker) {
        case 0xc0: fputs("null", to); return in;
        case 0xc2: fputs("false", to); return in;
        case 0xc3: fputs("true", to); return in;
        case 0xca: {
            uint32_t bits = (uint32_t)take_number(&in, 4);
            float number;
            memcpy(&number, &bits, sizeof number);
            print_double(to, (double)number);
            return in;
        }
        case 0xcb: {
            uint64_t bits = take_number(&in, 8);
            double number;
            memcpy(&number, &bits, sizeof number);
            print_double(to, number);
            return in;
        }
        case 0xc4: case 0xc5: case 0xc6:
            kind = BYTES, n = take_number(&in, 1 << (marker - 0xc4));
            break;
        case 0xc7: case 0xc8: case 0xc9:
            kind = EXTENSION, n = take_number(&in, 1 << (marker - 0xc7));
            break;
        case 0xcc: case 0xcd: case 0xce: case 0xcf:
            kind = UNSIGNED, n = take_number(&in, 1 << (marker - 0xcc));
            break;
        case 0xd0: kind = SIGNED, n = (uint64_t)(int64_t)(int8_t)take_number(&in, 1); break;
        case 0xd1: kind = SIGNED, n = (uint64_t)(int64_t)(int16_t)take_number(&in, 2); break;
        case 0xd2: kind = SIGNED, n = (uint64_t)(int64_t)(int32_t)take_number(&in, 4); break;
        case 0xd3: kind = SIGNED, n = take_number(&in, 8); break;
        case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8:
            kind = EXTENSION, n = (uint64_t)1 << (marker - 0xd4);
            break;
        case 0xd9: case 0xda: case 0xdb:
            kind = TEXT, n = take_number(&in, 1 << (marker - 0xd9));
            break;
        case 0xdc: case 0xdd: kind = ARRAY, n = take_number(&in, 2 << (marker - 0xdc)); break;
        default: kind = MAP, n = take_number(&in, 2 << (marker - 0xde)); /* 0xde, 0xdf */
        }
        // clang-format on
    }

    switch (kind) {
    case UNSIGNED: fprintf(to, "%llu", (unsigned long long)n); return in;
    case SIGNED: fprintf(to, "%lld", (long long)n); return in;
    case TEXT: print_text(to, in, n); return in + n;
    case BYTES:
        fputs("0x", to);
        print_hex(to, in, n);
        return in + n;
    case EXTENSION:
        fprintf(to, "extension(%d, 0x", (int8_t)*in);
        print_hex(to, in + 1, n);
        putc(')', to);
        return in + 1 + n;
    case ARRAY:
    case MAP: break;
    }
    putc(kind == MAP ? '{' : '[', to);
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0)
            fputs(", ", to);
        in = print_msgpack(to, in);
        if (kind == MAP) {
            fputs(": ", to);
            in = print_msgpack(to, in);
        }
    }
    putc(kind == MAP ? '}' : ']', to);
    return in;
}

#endif /* JSON_MSGPACK_H */
