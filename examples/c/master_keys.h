/*
 * master_keys.h - master keys from the environment, by the rule of the Go package:
 *
 * CACHEKIT_MASTER_KEY is an even number of hexadecimal digits, 64 or more, and
 * nothing else. CACHEKIT_PREVIOUS_MASTER_KEYS are up to three such keys, separated
 * by commas; white space around an item and empty items do not count.
 */
#ifndef MASTER_KEYS_H
#define MASTER_KEYS_H

#include <cachekit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASTER_KEYS_MAX (1 + CACHEKIT_MAX_DECRYPT_ONLY_KEYS)

struct master_keys {
    const uint8_t *key[MASTER_KEYS_MAX]; /* the current one first */
    size_t len[MASTER_KEYS_MAX], count;
    uint8_t *bytes; /* of all keys; the caller wipes and frees them */
    size_t size;
    char problem[192]; /* if there are no keys: why, without a character of them */
};

static const char master_key_blanks[] = " \t\n\v\f\r";

/* Appends the key that len characters of text spell. False, with a problem, if they do not. */
static bool add_master_key(struct master_keys *keys, const char *name, const char *text, size_t len)
{
    size_t good = strspn(text, "0123456789abcdefABCDEF");
    size_t blank = strspn(text + good, master_key_blanks);
    char why[96];

    if (good >= len && len % 2 == 0 && len >= 64) {
        uint8_t *key = keys->bytes + keys->size;
        for (size_t i = 0; i < len / 2; i++)
            sscanf(text + 2 * i, "%2hhx", &key[i]);
        keys->key[keys->count] = key;
        keys->len[keys->count++] = len / 2;
        keys->size += len / 2;
        return true;
    }
    if (good >= len && len % 2 != 0)
        snprintf(why, sizeof why, "%zu digits, an odd number", len);
    else if (good >= len)
        snprintf(why, sizeof why, "%zu digits are %zu bytes, 32 or more are needed", len, len / 2);
    else if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        snprintf(why, sizeof why, "begins with 0x");
    else if (text[0] == '"' || text[0] == '\'')
        snprintf(why, sizeof why, "in quotes");
    else if (good + blank >= len)
        snprintf(why, sizeof why, "%zu characters, the last is white space", len);
    else
        snprintf(why, sizeof why, "character %zu is %s", good + 1,
            blank > 0 ? "white space" : "not a hexadecimal digit");
    snprintf(keys->problem, sizeof keys->problem, "%s: %s", name, why);
    return false;
}

/* Fills keys from the environment, or says in problem why not. */
static bool read_master_keys(struct master_keys *keys)
{
    const char *current = getenv("CACHEKIT_MASTER_KEY");
    const char *list = getenv("CACHEKIT_PREVIOUS_MASTER_KEYS");
    char name[80];

    *keys = (struct master_keys){0};
    if (!current || !*current) {
        snprintf(keys->problem, sizeof keys->problem, "CACHEKIT_MASTER_KEY is not set");
        return false;
    }
    if (!list)
        list = "";
    keys->bytes = malloc(strlen(current) + strlen(list));
    if (!keys->bytes) {
        snprintf(keys->problem, sizeof keys->problem, "out of memory");
        return false;
    }
    if (!add_master_key(keys, "CACHEKIT_MASTER_KEY", current, strlen(current)))
        return false;
    for (size_t len; *list; list += len + (list[len] == ',')) {
        list += strspn(list, master_key_blanks);
        len = strcspn(list, ",");
        size_t end = len;
        while (end > 0 && strchr(master_key_blanks, list[end - 1]))
            end--;
        if (end == 0)
            continue;
        if (keys->count == MASTER_KEYS_MAX) {
            snprintf(keys->problem, sizeof keys->problem,
                "more than %d decrypt-only keys, in CACHEKIT_PREVIOUS_MASTER_KEYS",
                CACHEKIT_MAX_DECRYPT_ONLY_KEYS);
            return false;
        }
        snprintf(name, sizeof name, "item %zu of CACHEKIT_PREVIOUS_MASTER_KEYS", keys->count);
        if (!add_master_key(keys, name, list, end))
            return false;
    }
    return true;
}

#endif /* MASTER_KEYS_H */
