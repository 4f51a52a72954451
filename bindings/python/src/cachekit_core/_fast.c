/*
 * The calls that programs make most, without the cost of ctypes: the twin of _plain.py, which
 * has the same functions and does the same. What stands here is the way of a call that
 * succeeds. What a caller did wrong is put into words by the Python modules, for both twins.
 *
 * One binary serves every CPython from 3.9 on. It is not linked to the C library: bind() gets
 * the addresses of its functions from _library.py, which has loaded it. A free-threaded
 * Python does not load such a binary, but this file compiles for one.
 */
#include <pyconfig.h> /* which defines Py_GIL_DISABLED */
#ifndef Py_GIL_DISABLED
#define Py_LIMITED_API 0x03090000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cachekit.h>

#ifdef Py_LIMITED_API
/*
 * The limited API of 3.9 lacks these, but every Python from 3.9 on exports them with this layout
 * and these numbers. Of the functions on buffers, the struct and METH_FASTCALL Python itself
 * promises so: they came into the stable ABI (in 3.11 and 3.10) as they had been since 3.3
 * and 3.7.
 */
#define METH_FASTCALL 0x0080
typedef struct {
    void *buf;
    PyObject *obj;
    Py_ssize_t len;
    Py_ssize_t itemsize;
    int readonly;
    int ndim;
    char *format;
    Py_ssize_t *shape;
    Py_ssize_t *strides;
    Py_ssize_t *suboffsets;
    void *internal;
} Py_buffer;
#define PyBUF_SIMPLE 0
#define PyBUF_WRITABLE 1
PyAPI_FUNC(int) PyObject_CheckBuffer(PyObject *object);
PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
PyAPI_FUNC(void) PyBuffer_Release(Py_buffer *view);
PyAPI_FUNC(const char *) PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size);
/* This one is documented, but no part of the stable ABI: a Python that no longer has it gets
 * a copy of the result instead. */
__attribute__((weak)) PyAPI_FUNC(int) _PyBytes_Resize(PyObject **bytes, Py_ssize_t size);
#define HAS_RESIZE (_PyBytes_Resize != NULL)
#else
#define HAS_RESIZE 1
#endif

/* From so many bytes of input on, other Python threads run during a call: _library.py has the
 * same limit, and says why. */
#define RELEASE_FROM 65536

/* Results up to this size are made on the stack, and then copied into a bytes object of the
 * right size, which is cheaper than to shrink one. */
#define SCRATCH_SIZE 16384

/* How much larger than its entry a payload is taken to be, before the call says it. */
#define GUESSED_RATIO 4

/* ------------------------------------------------------------------------ */
/* The library                                                              */
/* ------------------------------------------------------------------------ */

#define LIBRARY_FUNCTIONS(X)                                                                       \
    X(byte_storage_store_into)                                                                     \
    X(byte_storage_retrieve_into)                                                                  \
    X(byte_storage_store_many)                                                                     \
    X(byte_storage_retrieve_many)                                                                  \
    X(encrypt)                                                                                     \
    X(decrypt)                                                                                     \
    X(keyring_seal_into)                                                                           \
    X(keyring_open_into)                                                                           \
    X(keyring_seal_many)                                                                           \
    X(keyring_open_many)                                                                           \
    X(keyring_encrypt)                                                                             \
    X(keyring_decrypt)                                                                             \
    X(checksum)                                                                                    \
    X(compressed_bound)                                                                            \
    X(free_buffer)                                                                                 \
    X(wipe)                                                                                        \
    X(last_error_detail)

/* The header checks each call, since the pointers have the types of its functions. All
 * interpreters of a process share them, as they share the library. */
#define POINTER(name) __typeof__(cachekit_##name) *name;
static struct {
    LIBRARY_FUNCTIONS(POINTER)
} library;
static int bound; /* set when library is complete */

static const struct {
    const char *name;
    void *pointer;
} wanted[] = {
#define WANTED(name) {"cachekit_" #name, &library.name},
    LIBRARY_FUNCTIONS(WANTED)};

PyDoc_STRVAR(bind_doc, "bind($module, addresses, /)\n--\n\n"
                       "Takes the addresses of the library's functions, by their names in C.");
static PyObject *bind(PyObject *module, PyObject *addresses)
{
    (void)module;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        PyObject *number = PyMapping_GetItemString(addresses, wanted[i].name);
        if (number == NULL)
            return NULL;
        void *address = PyLong_AsVoidPtr(number);
        Py_DECREF(number);
        if (address == NULL) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_ValueError, "%s is NULL", wanted[i].name);
            return NULL;
        }
        memcpy(wanted[i].pointer, &address, sizeof address);
    }
    __atomic_store_n(&bound, 1, __ATOMIC_RELEASE);
    Py_RETURN_NONE;
}

/* Calls a function of this package. The arguments are as for Py_BuildValue. */
static PyObject *call_python(const char *module, const char *function, const char *format, ...)
{
    PyObject *from = PyImport_ImportModule(module), *callee = NULL, *arguments = NULL,
             *result = NULL;
    va_list list;

    va_start(list, format);
    if (from != NULL)
        callee = PyObject_GetAttrString(from, function);
    if (callee != NULL)
        arguments = Py_VaBuildValue(format, list);
    va_end(list);
    if (arguments != NULL)
        result = PyObject_CallObject(callee, arguments);
    Py_XDECREF(arguments);
    Py_XDECREF(callee);
    Py_XDECREF(from);
    return result;
}

/* Loads the library at the first call that needs it. */
static int load(void)
{
    PyObject *path = call_python("cachekit_core._library", "load", "()");
    if (path == NULL)
        return -1;
    Py_DECREF(path);
    if (__atomic_load_n(&bound, __ATOMIC_ACQUIRE))
        return 0;
    PyErr_SetString(PyExc_RuntimeError, "the library was loaded without bind()");
    return -1;
}

static inline int ready(void) { return __atomic_load_n(&bound, __ATOMIC_ACQUIRE) ? 0 : load(); }

/* ------------------------------------------------------------------------ */
/* Errors                                                                   */
/* ------------------------------------------------------------------------ */

static void raise(PyObject *error)
{
    if (error == NULL)
        return; /* making it has raised another one */
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
}

/* The exception of a code. */
static PyObject *error_for(CachekitError code, const char *detail, bool reading)
{
    return call_python("cachekit_core._error", "error_for", "(isO)", (int)code, detail,
        reading ? Py_True : Py_False);
}

/* Has Python refuse an argument: the function raises the same as for the other twin. */
static void refused_by(PyObject *result)
{
    if (result == NULL)
        return;
    Py_DECREF(result);
    PyErr_SetString(PyExc_SystemError, "the twins disagree about an argument");
}

static void too_large(const char *what, size_t size, size_t limit)
{
    char text[128];
    snprintf(text, sizeof text, "%s: %zu bytes, the limit is %zu", what, size, limit);
    raise(error_for(CACHEKIT_INPUT_TOO_LARGE, text, false));
}

static int warn_rotation(void)
{
    PyObject *result = call_python("cachekit_core._error", "warn_rotation", "()");
    if (result == NULL)
        return -1;
    Py_DECREF(result);
    return 0;
}

static int number_of(Py_ssize_t given, Py_ssize_t needed, const char *function)
{
    if (given == needed)
        return ready();
    PyErr_Format(PyExc_TypeError, "%s() takes %zd positional arguments but %zd were given",
        function, needed, given);
    return -1;
}

/* ------------------------------------------------------------------------ */
/* Arguments                                                                */
/* ------------------------------------------------------------------------ */

/* Bytes of the caller's, which stay where they are until let_go. What is in a bytearray can be
 * changed by another thread meanwhile: cachekit.h says what comes of that. */
struct input {
    const uint8_t *data;
    size_t len;
    bool held; /* view is to be released; otherwise the object cannot change */
    Py_buffer view;
};

static int take_buffer(PyObject *object, const char *what, struct input *in, int flags)
{
    if (!PyObject_CheckBuffer(object)) {
        raise(call_python("cachekit_core._not_bytes", "not_bytes", "(Os)", object, what));
        return -1;
    }
    if (PyObject_GetBuffer(object, &in->view, flags) != 0)
        return -1;
    in->held = true;
    in->data = in->view.buf;
    in->len = (size_t)in->view.len;
    return 0;
}

/* Points in to the bytes of object. what is its name in an error. */
static inline int take(PyObject *object, const char *what, struct input *in)
{
    if (!PyBytes_CheckExact(object))
        return take_buffer(object, what, in, PyBUF_SIMPLE);
    char *data;
    Py_ssize_t len;
    if (PyBytes_AsStringAndSize(object, &data, &len) != 0)
        return -1;
    in->held = false;
    in->data = (const uint8_t *)data;
    in->len = (size_t)len;
    return 0;
}

/* The same for a cache key, which may be str. */
static int take_cache_key(PyObject *object, struct input *in)
{
    if (PyUnicode_Check(object)) {
        Py_ssize_t len;
        const char *text = PyUnicode_AsUTF8AndSize(object, &len);
        if (text == NULL) {
            if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
                return -1;
            PyErr_Clear();
            refused_by(
                call_python("cachekit_core._arguments", "encoded", "(Os)", object, "cache key"));
            return -1;
        }
        in->held = false;
        in->data = (const uint8_t *)text;
        in->len = (size_t)len;
    } else if (take(object, "cache key", in) != 0) {
        return -1;
    }
    if (in->len <= CACHEKIT_MAX_CACHE_KEY_SIZE)
        return 0;
    if (in->held)
        PyBuffer_Release(&in->view);
    in->held = false;
    too_large("cache key", in->len, CACHEKIT_MAX_CACHE_KEY_SIZE);
    return -1;
}

/* A format as C text; NULL, the default, for None. */
static int take_format(PyObject *object, const char **format)
{
    *format = NULL;
    if (object == Py_None)
        return 0;
    if (PyUnicode_Check(object)) {
        Py_ssize_t len;
        const char *text = PyUnicode_AsUTF8AndSize(object, &len);
        if (text != NULL && len <= CACHEKIT_MAX_FORMAT_SIZE && strlen(text) == (size_t)len) {
            *format = text;
            return 0;
        }
        if (text == NULL && !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            return -1;
        PyErr_Clear();
    }
    refused_by(call_python("cachekit_core._arguments", "format_bytes", "(O)", object));
    return -1;
}

/* ------------------------------------------------------------------------ */
/* Calls                                                                    */
/* ------------------------------------------------------------------------ */

/* What a call gets. Inputs that a function does not have are empty. */
struct call {
    CachekitError (*run)(struct call *, uint8_t *out, size_t *out_len);
    void *handle;
    const char *format;
    struct input first, second, third; /* what is worked on comes first */
    struct input out;                  /* the caller's buffer, of the _into functions */
    size_t key_index;
    bool reading; /* an entry, whose faults are misses */
    bool secret;  /* the result is what was encrypted */
};

static inline void start(struct call *call)
{
    call->format = NULL;
    call->first.held = call->second.held = call->third.held = call->out.held = false;
    call->second.data = NULL;
    call->second.len = 0;
    call->key_index = 0;
    call->reading = call->secret = false;
}

static inline void let_go_of(struct input *in)
{
    if (in->held)
        PyBuffer_Release(&in->view);
    in->held = false;
}

static void let_go(struct call *call)
{
    let_go_of(&call->out);
    let_go_of(&call->third);
    let_go_of(&call->second);
    let_go_of(&call->first);
}

/* The same after an exception, which must not be set while Python code may run. */
static void *give_up(struct call *call)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    let_go(call);
    PyErr_Restore(type, value, trace);
    return NULL;
}

static int take_handle(PyObject *object, void **handle)
{
    size_t number = PyLong_AsSize_t(object);
    *handle = (void *)number;
    return number == (size_t)-1 && PyErr_Occurred() ? -1 : 0;
}

static inline CachekitError run(struct call *call, uint8_t *out, size_t *out_len, size_t work)
{
    if (work < RELEASE_FROM)
        return call->run(call, out, out_len);
    CachekitError err;
    Py_BEGIN_ALLOW_THREADS err = call->run(call, out, out_len);
    Py_END_ALLOW_THREADS return err;
}

/* Ends a call: lets go of the inputs, and then raises or warns. Both may run any Python code,
 * which may call the library and have it forget the detail. */
static int settle(struct call *call, CachekitError err)
{
    if (err == CACHEKIT_OK) {
        let_go(call);
        return 0;
    }
    if (err == CACHEKIT_ROTATION_NEEDED) {
        let_go(call);
        return warn_rotation();
    }
    char detail[CACHEKIT_MAX_DETAIL_SIZE + 1];
    snprintf(detail, sizeof detail, "%s", library.last_error_detail());
    let_go(call);
    raise(error_for(err, detail, call->reading));
    return -1;
}

/* Makes a bytes object shorter that nobody else has yet. */
static int shorten(PyObject **bytes, size_t size)
{
    if (HAS_RESIZE)
        return _PyBytes_Resize(bytes, (Py_ssize_t)size);
    PyObject *copy = PyBytes_FromStringAndSize(PyBytes_AsString(*bytes), (Py_ssize_t)size);
    Py_DECREF(*bytes);
    *bytes = copy;
    return copy == NULL ? -1 : 0;
}

/* Nothing is left of a payload whose entry turns out to be damaged after decryption. What is
 * not authentic was not decrypted. */
static void wipe_failed(const struct call *call, CachekitError err, void *out, size_t capacity)
{
    if (call->secret && err != CACHEKIT_DECRYPTION_FAILED)
        library.wipe(out, capacity);
}

/* The result in a new bytes object of capacity bytes at first, and of the size that the call
 * asks for if that is too small. */
static PyObject *in_new_bytes(struct call *call, size_t capacity, size_t work)
{
    for (;;) {
        PyObject *result = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
        if (result == NULL)
            return give_up(call);
        uint8_t *out = (uint8_t *)PyBytes_AsString(result);
        size_t len = capacity;
        CachekitError err = run(call, out, &len, work);
        if (err == CACHEKIT_BUFFER_TOO_SMALL && len > capacity) {
            /* More than once only if another thread changes the entry. */
            Py_DECREF(result);
            capacity = work = len;
            continue;
        }
        if (!CACHEKIT_SUCCEEDED(err))
            wipe_failed(call, err, out, capacity);
        if (settle(call, err) != 0)
            Py_CLEAR(result);
        else if (len != capacity && shorten(&result, len) != 0)
            return NULL;
        return result;
    }
}

/* The same for a small result of which only a bound is known. Not inlined, so that other
 * calls do without the stack. */
__attribute__((noinline)) static PyObject *in_scratch(struct call *call)
{
    uint8_t scratch[SCRATCH_SIZE];
    size_t len = sizeof scratch;
    CachekitError err = run(call, scratch, &len, call->first.len);

    if (err == CACHEKIT_BUFFER_TOO_SMALL && len > sizeof scratch)
        return in_new_bytes(call, len, len);
    PyObject *result = NULL;
    if (CACHEKIT_SUCCEEDED(err)) {
        result = PyBytes_FromStringAndSize((const char *)scratch, (Py_ssize_t)len);
        if (call->secret)
            library.wipe(scratch, len);
        if (result == NULL)
            return give_up(call);
    } else {
        wipe_failed(call, err, scratch, sizeof scratch);
    }
    if (settle(call, err) != 0)
        Py_CLEAR(result);
    return result;
}

/* A result of at most bound bytes. */
static inline PyObject *within(struct call *call, size_t bound)
{
    return bound <= SCRATCH_SIZE ? in_scratch(call) : in_new_bytes(call, bound, call->first.len);
}

/* The result in the caller's buffer. */
static int in_callers(struct call *call, size_t *len)
{
    *len = call->out.len;
    return settle(call, run(call, call->out.view.buf, len, call->first.len));
}

static PyObject *length(struct call *call)
{
    size_t len;
    return in_callers(call, &len) == 0 ? PyLong_FromSize_t(len) : NULL;
}

/* A result and the index of the key that opened it. */
static PyObject *with_index(struct call *call, PyObject *result)
{
    return result == NULL ? NULL : Py_BuildValue("(Nn)", result, (Py_ssize_t)call->key_index);
}

/* What the library refuses for its size needs no memory. */
static size_t sealed_bound(const struct call *call)
{
    if (call->first.len > CACHEKIT_MAX_PAYLOAD_SIZE)
        return 0;
    /* The default format of a storage is not known here. If it does not fit, the library
     * says what does. */
    size_t format_len = call->format != NULL ? strlen(call->format) : 64;
    return library.compressed_bound(call->first.len) + format_len + CACHEKIT_CIPHERTEXT_OVERHEAD;
}

static size_t encrypted_size(const struct call *call)
{
    size_t len = call->first.len;
    return len <= CACHEKIT_MAX_PAYLOAD_SIZE ? len + CACHEKIT_CIPHERTEXT_OVERHEAD : 0;
}

static size_t decrypted_size(const struct call *call)
{
    size_t len = call->first.len, overhead = CACHEKIT_CIPHERTEXT_OVERHEAD;
    return len >= overhead && len <= CACHEKIT_MAX_PAYLOAD_SIZE + overhead ? len - overhead : 0;
}

/* ------------------------------------------------------------------------ */
/* ByteStorage                                                              */
/* ------------------------------------------------------------------------ */

static CachekitError run_store(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.byte_storage_store_into(
        call->handle, call->first.data, call->first.len, call->format, out, out_len);
}

static int take_store(struct call *call, PyObject *handle, PyObject *data, PyObject *format)
{
    start(call);
    call->run = run_store;
    if (take_handle(handle, &call->handle) == 0 && take_format(format, &call->format) == 0 &&
        take(data, "data", &call->first) == 0)
        return 0;
    give_up(call);
    return -1;
}

static PyObject *storage_store(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 3, "storage_store") != 0 ||
        take_store(&call, args[0], args[1], args[2]) != 0)
        return NULL;
    return within(&call, sealed_bound(&call));
}

static int take_out(struct call *call, PyObject *object)
{
    if (take_buffer(object, "out", &call->out, PyBUF_WRITABLE) == 0)
        return 0;
    give_up(call);
    return -1;
}

static bool overlap(const struct input *a, const struct input *b)
{
    uintptr_t from = (uintptr_t)a->data, other = (uintptr_t)b->data;
    return a->len != 0 && b->len != 0 && from < other + b->len && other < from + a->len;
}

/* The same, but refuses an object that shares bytes with an input. The library checks that only
 * where it encrypts and decrypts, and elsewhere would read what it has just written. */
static int take_out_apart(struct call *call, PyObject *object)
{
    if (take_out(call, object) != 0)
        return -1;
    if (!overlap(&call->out, &call->first) && !overlap(&call->out, &call->second))
        return 0;
    raise(error_for(CACHEKIT_INTERNAL, "input and output overlap", false));
    give_up(call);
    return -1;
}

static PyObject *storage_store_into(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 4, "storage_store_into") != 0 ||
        take_store(&call, args[0], args[1], args[3]) != 0 || take_out_apart(&call, args[2]) != 0)
        return NULL;
    return length(&call);
}

static CachekitError run_retrieve(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.byte_storage_retrieve_into(
        call->handle, call->first.data, call->first.len, out, out_len);
}

static int take_retrieve(struct call *call, PyObject *handle, PyObject *envelope)
{
    start(call);
    call->run = run_retrieve;
    call->reading = true;
    if (take_handle(handle, &call->handle) == 0 && take(envelope, "envelope", &call->first) == 0)
        return 0;
    give_up(call);
    return -1;
}

static PyObject *storage_retrieve(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 2, "storage_retrieve") != 0 || take_retrieve(&call, args[0], args[1]) != 0)
        return NULL;
    /* The size stands in the header, so a call whose memory is too small finds it out at little
     * cost. What does not compress is a little smaller than its envelope. */
    size_t len = call.first.len;
    return len <= SCRATCH_SIZE ? in_scratch(&call) : in_new_bytes(&call, len, len);
}

static PyObject *storage_retrieve_into(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 3, "storage_retrieve_into") != 0 ||
        take_retrieve(&call, args[0], args[1]) != 0 || take_out_apart(&call, args[2]) != 0)
        return NULL;
    return length(&call);
}

/* ------------------------------------------------------------------------ */
/* Encryptor                                                                */
/* ------------------------------------------------------------------------ */

static CachekitError run_encrypt(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.encrypt(call->handle, call->second.data, call->second.len, call->third.data,
        call->third.len, call->first.data, call->first.len, out, out_len);
}

static CachekitError run_decrypt(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.decrypt(call->handle, call->second.data, call->second.len, call->third.data,
        call->third.len, call->first.data, call->first.len, out, out_len);
}

/* Of handle, key, text and AAD. */
static int take_crypt(struct call *call, PyObject *const *args, bool reading)
{
    start(call);
    call->run = reading ? run_decrypt : run_encrypt;
    call->reading = call->secret = reading;
    if (take_handle(args[0], &call->handle) == 0 && take(args[1], "key", &call->second) == 0 &&
        take(args[2], reading ? "ciphertext" : "plaintext", &call->first) == 0 &&
        take(args[3], "aad", &call->third) == 0)
        return 0;
    give_up(call);
    return -1;
}

static PyObject *encrypt(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 4, "encrypt") != 0 || take_crypt(&call, args, false) != 0)
        return NULL;
    return in_new_bytes(&call, encrypted_size(&call), call.first.len);
}

static PyObject *encrypt_into(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 5, "encrypt_into") != 0 || take_crypt(&call, args, false) != 0 ||
        take_out(&call, args[4]) != 0)
        return NULL;
    return length(&call);
}

static PyObject *decrypt(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 4, "decrypt") != 0 || take_crypt(&call, args, true) != 0)
        return NULL;
    return in_new_bytes(&call, decrypted_size(&call), call.first.len);
}

static PyObject *decrypt_into(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 5, "decrypt_into") != 0 || take_crypt(&call, args, true) != 0 ||
        take_out(&call, args[4]) != 0)
        return NULL;
    return length(&call);
}

/* ------------------------------------------------------------------------ */
/* Keyring                                                                  */
/* ------------------------------------------------------------------------ */

static CachekitError run_seal(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.keyring_seal_into(call->handle, call->format, call->second.data,
        call->second.len, call->first.data, call->first.len, out, out_len);
}

static CachekitError run_open(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.keyring_open_into(call->handle, call->format, call->second.data,
        call->second.len, call->first.data, call->first.len, out, out_len, &call->key_index);
}

/* Of handle, cache key, data or entry, and format. */
static int take_entry(struct call *call, PyObject *const *args, bool reading)
{
    start(call);
    call->run = reading ? run_open : run_seal;
    call->reading = call->secret = reading;
    if (take_handle(args[0], &call->handle) == 0 && take_format(args[3], &call->format) == 0 &&
        take_cache_key(args[1], &call->second) == 0 &&
        take(args[2], reading ? "sealed" : "data", &call->first) == 0)
        return 0;
    give_up(call);
    return -1;
}

static PyObject *keyring_seal(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 4, "keyring_seal") != 0 || take_entry(&call, args, false) != 0)
        return NULL;
    return within(&call, sealed_bound(&call));
}

static PyObject *keyring_seal_into(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 5, "keyring_seal_into") != 0 || take_entry(&call, args, false) != 0 ||
        take_out_apart(&call, args[4]) != 0)
        return NULL;
    return length(&call);
}

/* An entry does not say how long its payload is, so it is guessed: a call whose memory is too small
 * has decrypted it for nothing. Memory that was asked for and not touched costs nothing. */
static PyObject *open_entry(struct call *call)
{
    size_t len = call->first.len;
    return within(call, len > CACHEKIT_MAX_PAYLOAD_SIZE / GUESSED_RATIO ? CACHEKIT_MAX_PAYLOAD_SIZE
                                                                        : len * GUESSED_RATIO);
}

static PyObject *keyring_open(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 4, "keyring_open") != 0 || take_entry(&call, args, true) != 0)
        return NULL;
    return open_entry(&call);
}

static PyObject *keyring_open_with_index(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 4, "keyring_open_with_index") != 0 || take_entry(&call, args, true) != 0)
        return NULL;
    PyObject *result = open_entry(&call);
    return with_index(&call, result);
}

static PyObject *keyring_open_into(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 5, "keyring_open_into") != 0 || take_entry(&call, args, true) != 0 ||
        take_out_apart(&call, args[4]) != 0)
        return NULL;
    PyObject *len = length(&call);
    return with_index(&call, len);
}

static CachekitError run_keyring_encrypt(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.keyring_encrypt(call->handle, call->second.data, call->second.len,
        call->first.data, call->first.len, out, out_len);
}

static CachekitError run_keyring_decrypt(struct call *call, uint8_t *out, size_t *out_len)
{
    return library.keyring_decrypt(call->handle, call->second.data, call->second.len,
        call->first.data, call->first.len, out, out_len, &call->key_index);
}

/* Of handle, text and AAD. */
static int take_keyring_crypt(struct call *call, PyObject *const *args, bool reading)
{
    start(call);
    call->run = reading ? run_keyring_decrypt : run_keyring_encrypt;
    call->reading = call->secret = reading;
    if (take_handle(args[0], &call->handle) == 0 &&
        take(args[1], reading ? "ciphertext" : "plaintext", &call->first) == 0 &&
        take(args[2], "aad", &call->second) == 0)
        return 0;
    give_up(call);
    return -1;
}

static PyObject *keyring_encrypt(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 3, "keyring_encrypt") != 0 || take_keyring_crypt(&call, args, false) != 0)
        return NULL;
    return in_new_bytes(&call, encrypted_size(&call), call.first.len);
}

static PyObject *keyring_decrypt(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 3, "keyring_decrypt") != 0 || take_keyring_crypt(&call, args, true) != 0)
        return NULL;
    return in_new_bytes(&call, decrypted_size(&call), call.first.len);
}

static PyObject *keyring_decrypt_with_index(
    PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 3, "keyring_decrypt_with_index") != 0 ||
        take_keyring_crypt(&call, args, true) != 0)
        return NULL;
    PyObject *result = in_new_bytes(&call, decrypted_size(&call), call.first.len);
    return with_index(&call, result);
}

/* ------------------------------------------------------------------------ */
/* Many at once                                                             */
/* ------------------------------------------------------------------------ */

/* A buffer of an item that is not a bytes object. */
struct held {
    struct input in;
    struct held *next;
};

/* One call with many items. Those that are None, or that are refused here, have no place in
 * items. */
struct many {
    CachekitError (*run)(struct many *, uint8_t **memory);
    void *handle;
    const char *format;
    const char *what; /* the name of an item's data */
    bool keyed;       /* an item is a cache key and data */
    bool reading;
    bool with_index;
    PyObject *given;     /* a tuple: nobody can change it */
    PyObject *pairs;     /* a list of tuples that were made of pairs that are none */
    PyObject *results;   /* a list */
    CachekitItem *items; /* count of them */
    Py_ssize_t *places;  /* of each, in results */
    size_t count;
    size_t work; /* bytes of all */
    struct held *held;
    uint8_t *memory; /* of the library's results */
};

static void end_many(struct many *many)
{
    PyObject *type, *value, *trace; /* releasing may run Python code */
    PyErr_Fetch(&type, &value, &trace);
    while (many->held != NULL) {
        struct held *held = many->held;
        many->held = held->next;
        PyBuffer_Release(&held->in.view);
        PyMem_Free(held);
    }
    if (many->memory != NULL)
        library.free_buffer(many->memory);
    PyMem_Free(many->items);
    PyMem_Free(many->places);
    Py_XDECREF(many->given);
    Py_XDECREF(many->pairs);
    PyErr_Restore(type, value, trace);
}

static int keep(struct many *many, const struct input *in)
{
    if (!in->held)
        return 0;
    struct held *held = PyMem_Malloc(sizeof *held);
    if (held == NULL) {
        Py_buffer view = in->view;
        PyBuffer_Release(&view);
        PyErr_NoMemory();
        return -1;
    }
    held->in = *in;
    held->next = many->held;
    many->held = held;
    return 0;
}

/* Takes the exception that was raised, if it is one of the library's, as the result of an
 * item. */
static int raised_by_item(struct many *many, Py_ssize_t place)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *errors = PyImport_ImportModule("cachekit_core._error");
    PyObject *ours = errors == NULL ? NULL : PyObject_GetAttrString(errors, "CachekitError");
    int matches = ours == NULL ? -1 : PyObject_IsInstance(value, ours);
    Py_XDECREF(ours);
    Py_XDECREF(errors);
    if (matches == 1) {
        Py_XDECREF(type);
        Py_XDECREF(trace);
        return PyList_SetItem(many->results, place, value);
    }
    if (matches == 0) {
        PyErr_Restore(type, value, trace);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return -1;
}

/* The cache key and the data of an item, borrowed. */
static int take_pair(struct many *many, PyObject *item, PyObject **cache_key, PyObject **data)
{
    if (!PyTuple_CheckExact(item)) {
        PyObject *pair = PySequence_Tuple(item);
        if (pair == NULL)
            return -1;
        if (many->pairs == NULL)
            many->pairs = PyList_New(0);
        int kept = many->pairs == NULL ? -1 : PyList_Append(many->pairs, pair);
        Py_DECREF(pair);
        if (kept != 0)
            return -1;
        item = pair;
    }
    if (PyTuple_Size(item) != 2) {
        PyErr_Format(PyExc_ValueError, "an item is a cache key and data, not %zd values",
            PyTuple_Size(item));
        return -1;
    }
    *cache_key = PyTuple_GetItem(item, 0);
    *data = PyTuple_GetItem(item, 1);
    return 0;
}

static int take_item(struct many *many, Py_ssize_t place)
{
    PyObject *data = PyTuple_GetItem(many->given, place), *cache_key = NULL;
    struct input key = {.held = false}, in;

    if (many->keyed && take_pair(many, data, &cache_key, &data) != 0)
        return -1;
    if (data == Py_None) {
        Py_INCREF(Py_None);
        return PyList_SetItem(many->results, place, Py_None);
    }
    if (many->keyed && take_cache_key(cache_key, &key) != 0)
        return raised_by_item(many, place);
    if (keep(many, &key) != 0 || take(data, many->what, &in) != 0 || keep(many, &in) != 0)
        return -1;
    many->items[many->count] = (CachekitItem){
        .cache_key = key.data, .cache_key_len = key.len, .in = in.data, .in_len = in.len};
    many->places[many->count++] = place;
    many->work += in.len;
    return 0;
}

static int take_items(struct many *many, PyObject *handle, PyObject *given)
{
    if (take_handle(handle, &many->handle) != 0 || (many->given = PySequence_Tuple(given)) == NULL)
        return -1;
    Py_ssize_t count = PyTuple_Size(many->given);
    if ((size_t)count > SIZE_MAX / sizeof *many->items - 1) {
        PyErr_NoMemory();
        return -1;
    }
    many->items = PyMem_Malloc(((size_t)count + 1) * sizeof *many->items);
    many->places = PyMem_Malloc(((size_t)count + 1) * sizeof *many->places);
    if (many->items == NULL || many->places == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if ((many->results = PyList_New(count)) == NULL)
        return -1;
    for (Py_ssize_t place = 0; place < count; place++)
        if (take_item(many, place) != 0)
            return -1;
    return 0;
}

static bool of_the_whole_call(CachekitError err)
{
    return err == CACHEKIT_NULL_POINTER || err == CACHEKIT_INVALID_HANDLE ||
           err == CACHEKIT_OUT_OF_MEMORY || err == CACHEKIT_FORKED || err == CACHEKIT_INTERNAL;
}

static PyObject *result_of(const struct many *many, const CachekitItem *item, const char **detail)
{
    if (CACHEKIT_SUCCEEDED(item->error)) {
        PyObject *data =
            PyBytes_FromStringAndSize((const char *)item->out, (Py_ssize_t)item->out_len);
        if (data == NULL || !many->with_index)
            return data;
        return Py_BuildValue("(Nn)", data, (Py_ssize_t)item->key_index);
    }
    PyObject *error = error_for(item->error, *detail, many->reading);
    *detail = ""; /* it is that of the first that failed */
    return error;
}

static int finish_many(struct many *many)
{
    CachekitError err;
    if (many->work < RELEASE_FROM) {
        err = many->run(many, &many->memory);
    } else {
        Py_BEGIN_ALLOW_THREADS err = many->run(many, &many->memory);
        Py_END_ALLOW_THREADS
    }
    char text[CACHEKIT_MAX_DETAIL_SIZE + 1] = "";
    if (!CACHEKIT_SUCCEEDED(err))
        snprintf(text, sizeof text, "%s", library.last_error_detail());
    if (of_the_whole_call(err) && many->memory == NULL) {
        raise(error_for(err, text, many->reading));
        return -1;
    }
    /* "items[3]: what": the number does not count what is None. */
    const char *colon = strncmp(text, "items[", 6) == 0 ? strstr(text, ": ") : NULL;
    const char *detail = colon != NULL ? colon + 2 : text;
    bool warned = false;
    for (size_t i = 0; i < many->count; i++) {
        PyObject *result = result_of(many, &many->items[i], &detail);
        if (result == NULL || PyList_SetItem(many->results, many->places[i], result) != 0)
            return -1;
        warned = warned || many->items[i].error == CACHEKIT_ROTATION_NEEDED;
    }
    return warned ? warn_rotation() : 0;
}

static PyObject *do_many(struct many *many, PyObject *handle, PyObject *given, PyObject *format)
{
    if ((format != NULL && take_format(format, &many->format) != 0) ||
        take_items(many, handle, given) != 0 || finish_many(many) != 0)
        Py_CLEAR(many->results);
    end_many(many);
    return many->results;
}

static CachekitError run_store_many(struct many *many, uint8_t **memory)
{
    return library.byte_storage_store_many(
        many->handle, many->format, many->items, many->count, sizeof *many->items, memory);
}

static CachekitError run_retrieve_many(struct many *many, uint8_t **memory)
{
    return library.byte_storage_retrieve_many(
        many->handle, many->items, many->count, sizeof *many->items, memory);
}

static CachekitError run_seal_many(struct many *many, uint8_t **memory)
{
    return library.keyring_seal_many(
        many->handle, many->format, many->items, many->count, sizeof *many->items, memory);
}

static CachekitError run_open_many(struct many *many, uint8_t **memory)
{
    return library.keyring_open_many(
        many->handle, many->format, many->items, many->count, sizeof *many->items, memory);
}

static PyObject *storage_store_many(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct many many = {.run = run_store_many, .what = "data"};
    (void)module;
    if (number_of(nargs, 3, "storage_store_many") != 0)
        return NULL;
    return do_many(&many, args[0], args[1], args[2]);
}

static PyObject *storage_retrieve_many(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct many many = {.run = run_retrieve_many, .what = "envelope", .reading = true};
    (void)module;
    if (number_of(nargs, 2, "storage_retrieve_many") != 0)
        return NULL;
    return do_many(&many, args[0], args[1], NULL);
}

static PyObject *keyring_seal_many(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct many many = {.run = run_seal_many, .what = "data", .keyed = true};
    (void)module;
    if (number_of(nargs, 3, "keyring_seal_many") != 0)
        return NULL;
    return do_many(&many, args[0], args[1], args[2]);
}

static PyObject *keyring_open_many(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct many many = {.run = run_open_many, .what = "sealed", .keyed = true, .reading = true};
    (void)module;
    if (number_of(nargs, 4, "keyring_open_many") != 0)
        return NULL;
    int with = PyObject_IsTrue(args[3]);
    if (with < 0)
        return NULL;
    many.with_index = with != 0;
    return do_many(&many, args[0], args[1], args[2]);
}

/* ------------------------------------------------------------------------ */
/* Module                                                                   */
/* ------------------------------------------------------------------------ */

static CachekitError run_checksum(struct call *call, uint8_t *out, size_t *out_len)
{
    (void)out_len;
    return library.checksum(call->first.data, call->first.len, out);
}

static PyObject *checksum(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    struct call call;
    (void)module;
    if (number_of(nargs, 1, "checksum") != 0)
        return NULL;
    start(&call);
    call.run = run_checksum;
    if (take(args[0], "data", &call.first) != 0)
        return NULL;
    return in_new_bytes(&call, CACHEKIT_CHECKSUM_SIZE, call.first.len);
}

#define FAST(name, arguments)                                                                      \
    {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL,                                      \
        #name "($module, " arguments ", /)\n--\n\nSee _plain.py."}

static PyMethodDef functions[] = {
    {"bind", bind, METH_O, bind_doc},
    FAST(checksum, "data"),
    FAST(storage_store, "handle, data, format"),
    FAST(storage_store_into, "handle, data, out, format"),
    FAST(storage_retrieve, "handle, envelope"),
    FAST(storage_retrieve_into, "handle, envelope, out"),
    FAST(storage_store_many, "handle, payloads, format"),
    FAST(storage_retrieve_many, "handle, envelopes"),
    FAST(encrypt, "handle, key, plaintext, aad"),
    FAST(encrypt_into, "handle, key, plaintext, aad, out"),
    FAST(decrypt, "handle, key, ciphertext, aad"),
    FAST(decrypt_into, "handle, key, ciphertext, aad, out"),
    FAST(keyring_seal, "handle, cache_key, data, format"),
    FAST(keyring_seal_into, "handle, cache_key, data, format, out"),
    FAST(keyring_open, "handle, cache_key, sealed, format"),
    FAST(keyring_open_with_index, "handle, cache_key, sealed, format"),
    FAST(keyring_open_into, "handle, cache_key, sealed, format, out"),
    FAST(keyring_encrypt, "handle, plaintext, aad"),
    FAST(keyring_decrypt, "handle, ciphertext, aad"),
    FAST(keyring_decrypt_with_index, "handle, ciphertext, aad"),
    FAST(keyring_seal_many, "handle, items, format"),
    FAST(keyring_open_many, "handle, items, format, with_index"),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED}, /* nothing here changes after bind */
#endif
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "cachekit_core._fast",
    .m_doc = "The frequent calls in C; see _plain.py, which has the same functions.",
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__fast(void);
PyMODINIT_FUNC PyInit__fast(void) { return PyModuleDef_Init(&definition); }
