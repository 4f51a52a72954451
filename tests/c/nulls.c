/* NULL, for every pointer of every function. */
#include "functions.h"

TEST(the_samples_succeed)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        CASE("%s", f->name);
        arguments a = prepare(f, &to);
        if (check_code(CACHEKIT_OK, f->call(&a), f->name, __FILE__, __LINE__, "the table"))
            discard(f, &to);
    }
}

TEST(null_input)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++)
        for (int i = 0; i < 3 && f->in[i].sample != NONE; i++) {
            CASE("%s, NULL for input %d", f->name, i);
            arguments a = prepare(f, &to);
            a.in[i].p = NULL;
            CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);

            a = prepare(f, &to);
            a.in[i] = (input){NULL, 1};
            CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);
        }
}

TEST(null_input_comes_before_a_handle_that_is_not_valid)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        /* The inputs of a batch are the items', not the call's. */
        if (f->in[0].sample == NONE || f->result == RESULTS)
            continue;
        CASE("%s, NULL for input 0 and for the handle", f->name);
        arguments a = prepare(f, &to);
        a.handle = NULL;
        a.in[0] = (input){NULL, 1};
        CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);
    }
}

TEST(null_input_with_length_0_is_empty)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++)
        for (int i = 0; i < 3 && f->in[i].sample != NONE; i++)
            for (int given = 0; given < 2; given++) {
                CASE("%s, input %d of length 0, %s", f->name, i, given ? "not NULL" : "NULL");
                arguments a = prepare(f, &to);
                a.in[i].len = 0;
                if (!given)
                    a.in[i].p = NULL;
                CachekitError got = f->call(&a);
                if (!check_code(f->in[i].if_empty, got, f->name, __FILE__, __LINE__, "the table"))
                    continue;
                if (got == CACHEKIT_OK)
                    discard(f, &to);
                else
                    check_cleared(f, &a, &to);
            }
}

TEST(null_text)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++)
        for (int i = 0; i < 2 && f->text[i].sample != NULL; i++) {
            CASE("%s, NULL for text %d", f->name, i);
            arguments a = prepare(f, &to);
            a.text[i] = NULL;
            CachekitError got = f->call(&a);
            if (!check_code(f->text[i].if_null, got, f->name, __FILE__, __LINE__, "the table"))
                continue;
            if (got == CACHEKIT_OK)
                discard(f, &to);
            else
                check_cleared(f, &a, &to);
        }
}

TEST(null_place_for_a_result)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        CASE("%s", f->name);
        arguments a = prepare(f, &to);
        void *given[] = {a.out, a.made, a.ratio, a.metrics, a.info, a.tenant_keys, a.keyring};
        bool any = false;
        for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
            any = any || given[i] != NULL;
        if (any) {
            a.out = NULL, a.made = NULL, a.ratio = NULL, a.metrics = NULL;
            a.info = NULL, a.tenant_keys = NULL, a.keyring = NULL;
            CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);
        }
        a = prepare(f, &to);
        if (a.out_len != NULL) {
            a.out_len = NULL;
            CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);
        }
        a = prepare(f, &to);
        if (a.fixed != NULL) {
            a.fixed = NULL;
            CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);
        }
        a = prepare(f, &to);
        if (a.counted != NULL) {
            a.counted = NULL;
            CHECK_REFUSED(CACHEKIT_NULL_POINTER, f, &a, &to);
        }
    }
}

TEST(null_key_index_is_not_asked_for)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        arguments a = prepare(f, &to);
        if (a.index == NULL)
            continue;
        CASE("%s", f->name);
        a.index = NULL;
        if (check_code(CACHEKIT_OK, f->call(&a), f->name, __FILE__, __LINE__, "the table"))
            discard(f, &to);
    }
}

TEST(null_keyring_arrays)
{
    CachekitKeyring *keyring = (CachekitKeyring *)handles;
    const uint8_t *keys[] = {key, NULL};
    size_t lens[] = {sizeof key, sizeof key};
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_keyring_new(master, sizeof master, NULL, lens, 1, TENANT, &keyring));
    CHECK(keyring == NULL);
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_keyring_new(master, sizeof master, keys, NULL, 1, TENANT, &keyring));
    CHECK_CODE(CACHEKIT_NULL_POINTER,
        cachekit_keyring_new(master, sizeof master, keys, lens, 2, TENANT, &keyring));
    lens[1] = 0; /* an empty key, which is too short */
    CHECK_CODE(CACHEKIT_INVALID_KEY_LENGTH,
        cachekit_keyring_new(master, sizeof master, keys, lens, 2, TENANT, &keyring));
    CHECK(keyring == NULL);
}

TEST(null_handles_of_getters_and_frees)
{
    CHECK_NUMBER(0, cachekit_encryptor_get_counter(NULL));
    CHECK_NUMBER(0, cachekit_keyring_get_counter(NULL));
    CHECK_NUMBER(0, cachekit_keyring_key_count(NULL));
    cachekit_byte_storage_free(NULL);
    cachekit_encryptor_free(NULL);
    cachekit_keyring_free(NULL);
    cachekit_free_buffer(NULL);
    cachekit_wipe(NULL, 0);
    cachekit_wipe(NULL, 64);
}

TEST(struct_size_0)
{
    places to;
    make_samples();
    for (const function *f = functions; f < functions + FUNCTIONS; f++) {
        arguments a = prepare(f, &to);
        if (f->counted) {
            CachekitMetrics of_size_0 = *a.counted;
            of_size_0.struct_size = 0;
            a.counted = &of_size_0;
            CASE("%s", f->name);
            CHECK_REFUSED(CACHEKIT_INVALID_INPUT, f, &a, &to);
        }
        if (f->result != METRICS && f->result != INFO && f->result != TENANT_KEYS)
            continue;
        CASE("%s", f->name);
        memset(&to, POISON, sizeof to);
        to.metrics.struct_size = to.info.struct_size = to.tenant_keys.struct_size = 0;
        check_code(
            CACHEKIT_INVALID_INPUT, f->call(&a), f->name, __FILE__, __LINE__, "struct_size 0");
        CHECK_FILLED(
            POISON, (uint8_t *)&to.metrics + sizeof(size_t), sizeof to.metrics - sizeof(size_t));
        CHECK_FILLED(POISON, (uint8_t *)&to.info + sizeof(size_t), sizeof to.info - sizeof(size_t));
        CHECK_FILLED(POISON, to.tenant_keys.encryption, 3 * CACHEKIT_KEY_SIZE);
    }
}
