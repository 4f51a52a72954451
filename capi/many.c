#include "shim.h"

/* The items of one call: count of them, size bytes apart. */
typedef struct batch {
    CachekitItem *first;
    size_t count, size;
} batch;

static CachekitItem *item(batch b, size_t i)
{
    return (CachekitItem *)(void *)((char *)b.first + i * b.size);
}

/* Whether the array can be walked. */
static bool laid_out(batch b)
{
    return b.first != NULL && b.size >= sizeof(CachekitItem) &&
           b.size % _Alignof(CachekitItem) == 0 && b.count <= SIZE_MAX / b.size;
}

/* Clears the results of the items. Those without a pointer that they need get their
 * error; keyed ones need a cache key. */
static void clear_items(batch b, bool keyed)
{
    for (size_t i = 0; i < b.count; i++) {
        CachekitItem *it = item(b, i);
        bool missing = ck_missing(it->in, it->in_len) ||
                       (keyed && ck_missing(it->cache_key, it->cache_key_len));
        it->out = NULL;
        it->out_len = it->key_index = 0;
        it->error = missing ? CACHEKIT_NULL_POINTER : CACHEKIT_OK;
    }
}

/* Ends the items that have not failed with the code of the whole call. */
static void refuse(batch b, CachekitError err)
{
    for (size_t i = 0; i < b.count; i++) {
        CachekitItem *it = item(b, i);
        it->out = NULL;
        it->out_len = it->key_index = 0;
        if (CACHEKIT_SUCCEEDED(it->error))
            it->error = err;
    }
}

/* What is wrong with the arguments but for the handle. */
static CachekitError check(batch b, bool walkable, uint8_t **results)
{
    const char *missing = CK_FIRST(CK_NULL(results),
        b.first == NULL && b.count > 0 ? "items is NULL, and count is not 0" : NULL);
    if (missing != NULL)
        return ck_no_pointer(missing);
    if (ck_refuse_forked())
        return CACHEKIT_FORKED;
    if (b.count == 0 || walkable)
        return CACHEKIT_OK;
    ck_detail_is(b.size < sizeof(CachekitItem) ? "item_size is less than that of a CachekitItem"
                 : b.size % _Alignof(CachekitItem) != 0
                     ? "item_size is not a multiple of the alignment of a CachekitItem"
                     : "count items of item_size bytes are more than there can be");
    return CACHEKIT_INVALID_INPUT;
}

/* Begins a call, as ck_hold does. */
static CachekitError begin(
    batch b, bool keyed, uint8_t **results, const void *handle, ck_type type, ck_ref *ref)
{
    bool walkable = laid_out(b);
    if (results != NULL)
        *results = NULL;
    if (walkable)
        clear_items(b, keyed);
    CachekitError err = check(b, walkable, results);
    if (err == CACHEKIT_OK)
        err = ck_hold(NULL, handle, type, ref);
    if (err != CACHEKIT_OK && walkable)
        refuse(b, err);
    return err;
}

/* Ends a call that came to code, with results of len bytes in all. After a panic in Go,
 * items may refer to memory that is no more. */
static CachekitError finish(batch b, ck_ref ref, int code, uint8_t *results, size_t len)
{
    if (code == CACHEKIT_INTERNAL)
        refuse(b, CACHEKIT_INTERNAL);
    return ck_leave_with(ref, code, results, len);
}

CachekitError cachekit_byte_storage_store_many(const CachekitByteStorage *storage,
    const char *format, CachekitItem *items, size_t count, size_t item_size, uint8_t **results)
{
    batch b = {items, count, item_size};
    size_t len = 0;
    ck_ref ref;
    CachekitError err = begin(b, false, results, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_store_many(
        ref.index, TEXT(format), ck_strlen(format), items, count, item_size, results, &len));
    return finish(b, ref, code, *results, len);
}

CachekitError cachekit_byte_storage_retrieve_many(const CachekitByteStorage *storage,
    CachekitItem *items, size_t count, size_t item_size, uint8_t **results)
{
    batch b = {items, count, item_size};
    size_t len = 0;
    ck_ref ref;
    CachekitError err = begin(b, false, results, storage, CK_BYTE_STORAGE, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_retrieve_many(ref.index, items, count, item_size, results, &len));
    return finish(b, ref, code, *results, len);
}

CachekitError cachekit_keyring_seal_many(CachekitKeyring *keyring, const char *format,
    CachekitItem *items, size_t count, size_t item_size, uint8_t **results)
{
    batch b = {items, count, item_size};
    size_t len = 0;
    ck_ref ref;
    format = ck_format(format);
    CachekitError err = begin(b, true, results, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_seal_many(
        ref.index, TEXT(format), strlen(format), items, count, item_size, results, &len));
    return finish(b, ref, code, *results, len);
}

CachekitError cachekit_keyring_open_many(const CachekitKeyring *keyring, const char *format,
    CachekitItem *items, size_t count, size_t item_size, uint8_t **results)
{
    batch b = {items, count, item_size};
    size_t len = 0;
    ck_ref ref;
    format = ck_format(format);
    CachekitError err = begin(b, true, results, keyring, CK_KEYRING, &ref);
    if (err != CACHEKIT_OK)
        return err;
    int code = CK_GO(ckgo_open_many(
        ref.index, TEXT(format), strlen(format), items, count, item_size, results, &len));
    return finish(b, ref, code, *results, len);
}
