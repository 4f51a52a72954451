// cachekit.hpp - the library for C++17 and later, above cachekit.h.
//
// Objects free themselves, results own their memory, and an error is a value or an
// exception, as you like. Everything is inline; a program links the C library alone:
//
//     #include <cachekit.hpp>
//     #include <iostream>
//
//     int main()
//     {
//         cachekit::Keyring keyring = cachekit::Keyring::from_env("acme");
//         cachekit::Buffer sealed = keyring.seal("users:1", R"({"name":"Ada"})", "json");
//         try {
//             std::cout << keyring.open("users:1", sealed, "json").text() << '\n';
//         } catch (const cachekit::CacheMiss &miss) {
//             std::cerr << miss.what() << '\n'; // as if it were not in the cache
//         }
//     }
//
//     c++ -std=c++17 program.cc $(pkg-config --cflags --libs cachekit_core) -o program
//
// What cachekit.h says holds here too: what each function does, its limits, forks, signals
// and how long a key lasts. Here stands what C++ adds.
//
// Errors. Each function that can fail comes in two forms. try_seal returns a Result: the
// value, or a Failure with the code and what the library found wrong. It is noexcept. seal
// returns the value and throws the Failure, as the class of its code, below Error; so it
// throws what cachekit.h says that the C function returns. Where the compiler has no
// exceptions (-fno-exceptions), or CACHEKIT_EXCEPTIONS is defined as 0 before the header is
// included, only the first form is there.
//
// Misses. An error that means that an entry cannot be used, so that it is to be treated as
// if it were not in the cache, is below CacheMiss, and Failure::miss() is true. Of a
// function that reads an entry, that is so for INVALID_INPUT and INPUT_TOO_LARGE too
// (InvalidEntryError, EntryTooLargeError), unless an argument of yours caused it.
//
// Warnings. An encryption that returned CACHEKIT_ROTATION_NEEDED did its work: its Result
// has a value, and its code() says so. With exceptions, ask rotation_needed() of the object.
//
// Arguments. Bytes are taken as views of your memory, which are read during the call alone:
// a std::string or string literal, a std::vector or std::array of bytes, a std::span, a
// Buffer, a pointer and a size. Text is UTF-8 that ends with a NUL: a literal or a
// std::string. Sizes are in bytes.
//
// Threads. Const functions of one object may run at the same time, those that encrypt too.
// Moving an object, assigning to it, destroying it and its other functions must not run
// while another thread uses it.
//
// Moves. Objects and results move, and are not copied. A moved-from object has no handle:
// its functions fail with CACHEKIT_INVALID_HANDLE. A moved-from Buffer is empty.
//
// Secrets. Keys that you pass are not kept. Keys that are returned are a Buffer or
// TenantKeys, which are wiped when they are destroyed or assigned to.
#ifndef CACHEKIT_HPP
#define CACHEKIT_HPP

#include <cachekit.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#ifndef CACHEKIT_EXCEPTIONS
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define CACHEKIT_EXCEPTIONS 1
#else
#define CACHEKIT_EXCEPTIONS 0
#endif
#endif

// An exception that crosses from one shared library to another is caught there only if its
// class is visible, even where -fvisibility=hidden hides everything else.
#if defined(__GNUC__) || defined(__clang__)
#define CACHEKIT_VISIBLE __attribute__((visibility("default")))
#else
#define CACHEKIT_VISIBLE
#endif

namespace cachekit
{

// An encryptor or keyring that has made so many encryptions warns at each further one.
inline constexpr std::uint64_t rotation_threshold = 2147483648;

class Failure;

namespace detail
{

// The element types whose memory is taken for bytes.
template <class T>
constexpr bool is_byte =
    std::is_same_v<T, char> || std::is_same_v<T, signed char> || std::is_same_v<T, unsigned char> ||
#ifdef __cpp_char8_t
    std::is_same_v<T, char8_t> ||
#endif
    std::is_same_v<T, std::byte>;

// What data() of a container points to.
template <class C> using element = std::remove_pointer_t<decltype(std::declval<C &>().data())>;

template <class C, class = void> struct is_container : std::false_type {
};
template <class C>
struct is_container<C, std::void_t<element<C>, decltype(std::declval<C &>().size())>>
    : std::bool_constant<is_byte<std::remove_cv_t<element<C>>>> {
};

template <class C, class = void> struct is_output : std::false_type {
};
template <class C>
struct is_output<C, std::enable_if_t<is_container<C>::value>>
    : std::bool_constant<!std::is_const_v<element<C>>> {
};

inline bool is_miss(CachekitError code) noexcept;
#if CACHEKIT_EXCEPTIONS
[[noreturn]] inline void raise(const Failure &failure);
#endif

} // namespace detail

// ---------------------------------------------------------------------------
// Arguments
// ---------------------------------------------------------------------------

// A view of bytes that are read. It owns nothing.
class Bytes
{
  public:
    constexpr Bytes() noexcept = default;
    Bytes(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::uint8_t *>(data)), size_(size)
    {
    }
    // Text up to its NUL, without it; so a literal is taken. NULL is empty.
    Bytes(const char *text) noexcept : Bytes(text, text == nullptr ? 0 : std::strlen(text)) {}
    // All of an array; of an array of char, which may be text, the text.
    template <class T, std::size_t N,
        std::enable_if_t<std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>, int> = 0>
    Bytes(const T (&array)[N]) noexcept : Bytes(array, N)
    {
    }
    // All of a container with data() and size(): std::string, std::string_view, std::vector,
    // std::array and std::span of bytes, Buffer.
    template <class C, std::enable_if_t<detail::is_container<const C>::value, int> = 0>
    Bytes(const C &container) noexcept : Bytes(container.data(), container.size())
    {
    }

    const std::uint8_t *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    const std::uint8_t *begin() const noexcept { return data_; }
    const std::uint8_t *end() const noexcept { return size_ == 0 ? data_ : data_ + size_; }
    // The same bytes as text.
    std::string_view text() const noexcept
    {
        return {reinterpret_cast<const char *>(data_), size_};
    }

  private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

// A view of memory that is written to. It owns nothing.
class MutableBytes
{
  public:
    MutableBytes(void *data, std::size_t size) noexcept
        : data_(static_cast<std::uint8_t *>(data)), size_(size)
    {
    }
    // All of an array.
    template <class T, std::size_t N, std::enable_if_t<detail::is_byte<T>, int> = 0>
    MutableBytes(T (&array)[N]) noexcept : MutableBytes(array, N)
    {
    }
    // All of a container that can be written to.
    template <class C, std::enable_if_t<detail::is_output<std::remove_reference_t<C>>::value &&
                                            !std::is_same_v<std::decay_t<C>, MutableBytes>,
                           int> = 0>
    MutableBytes(C &&container) noexcept : MutableBytes(container.data(), container.size())
    {
    }

    std::uint8_t *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

  private:
    std::uint8_t *data_;
    std::size_t size_;
};

// Text that ends with a NUL, as the C functions take it. It owns nothing.
class Text
{
  public:
    Text(const char *text) noexcept : text_(text) {}
    // Text with a NUL inside fails with CACHEKIT_INVALID_INPUT where it is used.
    Text(const std::string &text) noexcept
        : text_(text.c_str()), whole_(std::strlen(text.c_str()) == text.size())
    {
    }

    const char *c_str() const noexcept { return text_; }
    // Without its NUL.
    std::size_t size() const noexcept { return text_ == nullptr ? 0 : std::strlen(text_); }
    // Whether there is no NUL inside.
    bool whole() const noexcept { return whole_; }

  private:
    const char *text_;
    bool whole_ = true;
};

// The decrypt-only keys of a keyring: views in braces, or a container of such.
class Keys
{
  public:
    Keys() noexcept = default;
    Keys(std::initializer_list<Bytes> keys) noexcept { take(keys.begin(), keys.size()); }
    template <class C,
        std::enable_if_t<std::is_same_v<std::remove_cv_t<detail::element<const C>>, Bytes>, int> =
            0>
    Keys(const C &keys) noexcept
    {
        take(keys.data(), keys.size());
    }

    const Bytes &operator[](std::size_t index) const noexcept { return keys_[index]; }
    // How many were given, of which at most CACHEKIT_MAX_DECRYPT_ONLY_KEYS are kept.
    std::size_t size() const noexcept { return size_; }

  private:
    void take(const Bytes *keys, std::size_t size) noexcept
    {
        size_ = size;
        for (std::size_t i = 0; i < size && i < keys_.size(); i++)
            keys_[i] = keys[i];
    }

    std::array<Bytes, CACHEKIT_MAX_DECRYPT_ONLY_KEYS> keys_{};
    std::size_t size_ = 0;
};

// ---------------------------------------------------------------------------
// Results
// ---------------------------------------------------------------------------

// Why a call failed. It holds no byte of a key, a payload or a cache key. It is a value
// without memory of its own, which any thread may keep.
class Failure
{
  public:
    // Of a call of this thread that has just returned code. of_entry says that the entry
    // which was read is at fault, not an argument.
    explicit Failure(CachekitError code, bool of_entry = false) noexcept
        : Failure(code, cachekit_last_error_detail(), of_entry)
    {
    }
    Failure(CachekitError code, const char *detail, bool of_entry = false) noexcept
        : code_(code), of_entry_(of_entry)
    {
        add(cachekit_error_string(code));
        if (*detail != '\0')
            add(": ");
        detail_ = size_;
        add(detail);
    }

    CachekitError code() const noexcept { return code_; }
    // Such as "CACHEKIT_CHECKSUM_MISMATCH". Static.
    const char *name() const noexcept { return cachekit_error_name(code_); }
    // The text of the code, and what was found wrong. It lives as long as the Failure.
    const char *message() const noexcept { return message_; }
    // What was found wrong alone, or "".
    const char *detail() const noexcept { return message_ + detail_; }
    // Whether the entry that was read cannot be used: treat it as not in the cache.
    bool miss() const noexcept { return of_entry_ || detail::is_miss(code_); }
    // Whether the code is of the entry, where it could be of an argument too.
    bool of_entry() const noexcept { return of_entry_; }
    // With CACHEKIT_BUFFER_TOO_SMALL: the size in bytes that is enough. 0 otherwise.
    std::size_t needed() const noexcept { return needed_; }

    // The same with a size that is needed.
    Failure needing(std::size_t size) const noexcept
    {
        Failure failure = *this;
        failure.needed_ = size;
        return failure;
    }

  private:
    void add(std::string_view text) noexcept
    {
        const std::size_t room = sizeof message_ - 1 - size_;
        const std::size_t length = text.size() < room ? text.size() : room;
        std::memcpy(message_ + size_, text.data(), length);
        size_ += length;
        message_[size_] = '\0';
    }

    std::size_t needed_ = 0, size_ = 0, detail_ = 0;
    CachekitError code_;
    bool of_entry_;
    // Room for the longest detail, and for a text of a code and the colon before it.
    char message_[CACHEKIT_MAX_DETAIL_SIZE + 81];
};

// The value of a call, or its Failure. Like std::expected of C++23. T may be void.
template <class T> class [[nodiscard]] Result
{
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  public:
    using value_type = T;

    Result(Value value, CachekitError code = CACHEKIT_OK) noexcept
        : content_(std::in_place_index<0>, std::move(value)), code_(code)
    {
    }
    Result(const Failure &failure) noexcept
        : content_(std::in_place_index<1>, failure), code_(failure.code())
    {
    }

    bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    // CACHEKIT_OK or CACHEKIT_ROTATION_NEEDED if there is a value, else why there is none.
    CachekitError code() const noexcept { return code_; }
    // Whether the call did its work and warned.
    bool rotation_needed() const noexcept { return code_ == CACHEKIT_ROTATION_NEEDED; }
    // Whether an entry that was read cannot be used.
    bool miss() const noexcept { return !has_value() && error().miss(); }

    // The value; there must be one.
    Value &operator*() & noexcept { return *got(); }
    const Value &operator*() const & noexcept { return *const_cast<Result *>(this)->got(); }
    Value &&operator*() && noexcept { return std::move(*got()); }
    Value *operator->() noexcept { return got(); }
    const Value *operator->() const noexcept { return const_cast<Result *>(this)->got(); }

    // The failure; there must be one.
    const Failure &error() const noexcept
    {
        const Failure *failure = std::get_if<1>(&content_);
        assert(failure != nullptr);
        return *failure;
    }

#if CACHEKIT_EXCEPTIONS
    // The value, moved out. Throws the failure if there is none.
    T value() &&
    {
        if (!has_value())
            detail::raise(error());
        if constexpr (!std::is_void_v<T>)
            return std::move(*got());
    }
#endif

  private:
    Value *got() noexcept
    {
        Value *value = std::get_if<0>(&content_);
        assert(value != nullptr);
        return value;
    }

    std::variant<Value, Failure> content_;
    CachekitError code_;
};

// Written by make generate from internal/codes/codes.go.
// codes:begin
// clang-format off
inline bool detail::is_miss(CachekitError code) noexcept
{
    switch (code) {
    case CACHEKIT_CHECKSUM_MISMATCH:
    case CACHEKIT_DECOMPRESSION_FAILED:
    case CACHEKIT_DECRYPTION_FAILED:
    case CACHEKIT_DECOMPRESSION_BOMB:
    case CACHEKIT_SIZE_VALIDATION_FAILED:
        return true;
    default:
        return false;
    }
}

#if CACHEKIT_EXCEPTIONS
// Above all exceptions of the library.
class CACHEKIT_VISIBLE Error : public std::exception
{
public:
    explicit Error(const Failure &failure) noexcept : failure_(failure) {}
    // The text of the code, and what was found wrong.
    const char *what() const noexcept override { return failure_.message(); }
    CachekitError code() const noexcept { return failure_.code(); }
    // Such as "CACHEKIT_CHECKSUM_MISMATCH". Static.
    const char *name() const noexcept { return failure_.name(); }
    // With CACHEKIT_BUFFER_TOO_SMALL: the size in bytes that is enough. 0 otherwise.
    std::size_t needed() const noexcept { return failure_.needed(); }
    const Failure &failure() const noexcept { return failure_; }

private:
    Failure failure_;
};

// Above all errors that mean: treat the entry as if it were not in the cache.
class CACHEKIT_VISIBLE CacheMiss : public virtual Error
{
protected:
    explicit CacheMiss(const Failure &failure) noexcept : Error(failure) {}
};

// The input is not what the function reads: not an envelope, too short, not UTF-8, an
// empty name.
class CACHEKIT_VISIBLE InvalidInputError : public virtual Error
{
public:
    explicit InvalidInputError(const Failure &failure) noexcept : Error(failure) {}
};

// The entry is damaged: treat it as a miss.
class CACHEKIT_VISIBLE ChecksumMismatchError : public CacheMiss
{
public:
    explicit ChecksumMismatchError(const Failure &failure) noexcept : Error(failure), CacheMiss(failure) {}
};

// The entry is damaged: treat it as a miss.
class CACHEKIT_VISIBLE DecompressionFailedError : public CacheMiss
{
public:
    explicit DecompressionFailedError(const Failure &failure) noexcept : Error(failure), CacheMiss(failure) {}
};

// Another key, tenant, cache key or format, or changed bytes: treat it as a miss.
class CACHEKIT_VISIBLE DecryptionFailedError : public CacheMiss
{
public:
    explicit DecryptionFailedError(const Failure &failure) noexcept : Error(failure), CacheMiss(failure) {}
};

// This encryptor or keyring encrypts no more: make a new one.
class CACHEKIT_VISIBLE CounterExhaustedError : public virtual Error
{
public:
    explicit CounterExhaustedError(const Failure &failure) noexcept : Error(failure) {}
};

// A master key is too short (16 bytes; 64 digits as text), or an encryption key is not 32
// bytes.
class CACHEKIT_VISIBLE InvalidKeyLengthError : public virtual Error
{
public:
    explicit InvalidKeyLengthError(const Failure &failure) noexcept : Error(failure) {}
};

// Nothing happened; the text says the size that is needed.
class CACHEKIT_VISIBLE BufferTooSmallError : public virtual Error
{
public:
    explicit BufferTooSmallError(const Failure &failure) noexcept : Error(failure) {}
};

// A pointer that must not be NULL is NULL.
class CACHEKIT_VISIBLE NullPointerError : public virtual Error
{
public:
    explicit NullPointerError(const Failure &failure) noexcept : Error(failure) {}
};

// More than 512 MiB or than the limit that was set, an envelope that claims more, or a
// name that is longer than its limit.
class CACHEKIT_VISIBLE InputTooLargeError : public virtual Error
{
public:
    explicit InputTooLargeError(const Failure &failure) noexcept : Error(failure) {}
};

// An envelope claims more than 1000 payload bytes for each byte of its compressed block:
// treat it as a miss.
class CACHEKIT_VISIBLE DecompressionBombError : public CacheMiss
{
public:
    explicit DecompressionBombError(const Failure &failure) noexcept : Error(failure), CacheMiss(failure) {}
};

// The payload is shorter than its envelope says: treat it as a miss.
class CACHEKIT_VISIBLE SizeValidationFailedError : public CacheMiss
{
public:
    explicit SizeValidationFailedError(const Failure &failure) noexcept : Error(failure), CacheMiss(failure) {}
};

// The operating system gave no random bytes.
class CACHEKIT_VISIBLE RngFailureError : public virtual Error
{
public:
    explicit RngFailureError(const Failure &failure) noexcept : Error(failure) {}
};

// A domain over 255 bytes.
class CACHEKIT_VISIBLE DomainTooLongError : public virtual Error
{
public:
    explicit DomainTooLongError(const Failure &failure) noexcept : Error(failure) {}
};

// A salt or tenant id over 1024 bytes.
class CACHEKIT_VISIBLE SaltTooLongError : public virtual Error
{
public:
    explicit SaltTooLongError(const Failure &failure) noexcept : Error(failure) {}
};

// The handle is NULL, was freed, is of another type, or never was one; in Go the object
// was wiped, or is a zero value or a copy.
class CACHEKIT_VISIBLE InvalidHandleError : public virtual Error
{
public:
    explicit InvalidHandleError(const Failure &failure) noexcept : Error(failure) {}
};

// There is no memory for the result, too little to start, or no handle left; nothing else
// has happened.
class CACHEKIT_VISIBLE OutOfMemoryError : public virtual Error
{
public:
    explicit OutOfMemoryError(const Failure &failure) noexcept : Error(failure) {}
};

// The process was forked after the library had started: call the library only in the
// children, after the fork.
class CACHEKIT_VISIBLE ForkedError : public virtual Error
{
public:
    explicit ForkedError(const Failure &failure) noexcept : Error(failure) {}
};

// Input and output overlap as they must not; if they do not, it is a defect in the
// library: please report it.
class CACHEKIT_VISIBLE InternalError : public virtual Error
{
public:
    explicit InternalError(const Failure &failure) noexcept : Error(failure) {}
};

// An entry that was read is not what the function reads: treat it as a miss.
class CACHEKIT_VISIBLE InvalidEntryError : public InvalidInputError, public CacheMiss
{
public:
    explicit InvalidEntryError(const Failure &failure) noexcept : Error(failure), InvalidInputError(failure), CacheMiss(failure) {}
};

// An entry that was read has, or claims, more than the limit: treat it as a miss.
class CACHEKIT_VISIBLE EntryTooLargeError : public InputTooLargeError, public CacheMiss
{
public:
    explicit EntryTooLargeError(const Failure &failure) noexcept : Error(failure), InputTooLargeError(failure), CacheMiss(failure) {}
};

// Throws a failure as the class of its code.
[[noreturn]] inline void detail::raise(const Failure &failure)
{
    switch (failure.code()) {
    case CACHEKIT_INVALID_INPUT:
        if (failure.of_entry())
            throw InvalidEntryError(failure);
        throw InvalidInputError(failure);
    case CACHEKIT_CHECKSUM_MISMATCH:
        throw ChecksumMismatchError(failure);
    case CACHEKIT_DECOMPRESSION_FAILED:
        throw DecompressionFailedError(failure);
    case CACHEKIT_DECRYPTION_FAILED:
        throw DecryptionFailedError(failure);
    case CACHEKIT_COUNTER_EXHAUSTED:
        throw CounterExhaustedError(failure);
    case CACHEKIT_INVALID_KEY_LENGTH:
        throw InvalidKeyLengthError(failure);
    case CACHEKIT_BUFFER_TOO_SMALL:
        throw BufferTooSmallError(failure);
    case CACHEKIT_NULL_POINTER:
        throw NullPointerError(failure);
    case CACHEKIT_INPUT_TOO_LARGE:
        if (failure.of_entry())
            throw EntryTooLargeError(failure);
        throw InputTooLargeError(failure);
    case CACHEKIT_DECOMPRESSION_BOMB:
        throw DecompressionBombError(failure);
    case CACHEKIT_SIZE_VALIDATION_FAILED:
        throw SizeValidationFailedError(failure);
    case CACHEKIT_RNG_FAILURE:
        throw RngFailureError(failure);
    case CACHEKIT_DOMAIN_TOO_LONG:
        throw DomainTooLongError(failure);
    case CACHEKIT_SALT_TOO_LONG:
        throw SaltTooLongError(failure);
    case CACHEKIT_INVALID_HANDLE:
        throw InvalidHandleError(failure);
    case CACHEKIT_OUT_OF_MEMORY:
        throw OutOfMemoryError(failure);
    case CACHEKIT_FORKED:
        throw ForkedError(failure);
    case CACHEKIT_INTERNAL:
        throw InternalError(failure);
    default:
        throw Error(failure); // a code of a newer library
    }
}
#endif
// clang-format on
// codes:end

// Owns the bytes of a result. They are wiped and freed with it. Not to be used by two
// threads at once, unless both only read.
class Buffer
{
  public:
    Buffer() noexcept = default;
    ~Buffer() { reset(); }
    Buffer(Buffer &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
          room_(std::exchange(other.room_, 0))
    {
    }
    Buffer &operator=(Buffer &&other) noexcept
    {
        Buffer taken(std::move(other));
        std::swap(data_, taken.data_);
        std::swap(size_, taken.size_);
        std::swap(room_, taken.room_);
        return *this;
    }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    // Takes over what a C function has allocated: cachekit_free_buffer will free it.
    static Buffer adopt(std::uint8_t *data, std::size_t size) noexcept
    {
        return Buffer(data, size, 0);
    }
    // size bytes, for a C function that writes into the caller's buffer. data() is NULL if
    // there is no memory.
    static Buffer allocate(std::size_t size) noexcept
    {
        const std::size_t room = size == 0 ? 1 : size;
        void *data = ::operator new(room, std::nothrow);
        return Buffer(static_cast<std::uint8_t *>(data), data == nullptr ? 0 : size, room);
    }

    std::uint8_t *data() noexcept { return data_; }
    const std::uint8_t *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    std::uint8_t *begin() noexcept { return data_; }
    std::uint8_t *end() noexcept { return size_ == 0 ? data_ : data_ + size_; }
    const std::uint8_t *begin() const noexcept { return data_; }
    const std::uint8_t *end() const noexcept { return size_ == 0 ? data_ : data_ + size_; }
    // The bytes as text, which lives as long as the Buffer.
    std::string_view text() const noexcept
    {
        return {reinterpret_cast<const char *>(data_), size_};
    }

    // Keeps the first size bytes; size is at most size().
    void shorten(std::size_t size) noexcept
    {
        assert(size <= size_);
        size_ = size;
    }
    // Wipes and frees the bytes now.
    void reset() noexcept
    {
        if (room_ == 0) {
            cachekit_free_buffer(data_);
        } else if (data_ != nullptr) {
            cachekit_wipe(data_, room_);
            ::operator delete(data_);
        }
        data_ = nullptr;
        size_ = room_ = 0;
    }

  private:
    Buffer(std::uint8_t *data, std::size_t size, std::size_t room) noexcept
        : data_(data), size_(size), room_(room)
    {
    }

    std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t room_ = 0; // what operator new gave, or 0 for memory of the library
};

using Checksum = std::array<std::uint8_t, CACHEKIT_CHECKSUM_SIZE>;
using Fingerprint = std::array<std::uint8_t, CACHEKIT_FINGERPRINT_SIZE>;

// What an envelope says about its payload.
struct EnvelopeInfo {
    std::size_t original_size = 0;   // of the payload, in bytes
    std::size_t compressed_size = 0; // of the LZ4 block, in bytes
    Checksum checksum{};             // XXH3-64 of the payload, big-endian
    std::string_view format;         // points into the envelope
};

namespace detail
{

inline Failure no_memory() noexcept { return Failure(CACHEKIT_OUT_OF_MEMORY, ""); }
inline Failure inner_nul() noexcept
{
    return Failure(CACHEKIT_INVALID_INPUT, "a NUL inside the text");
}

// Whether the library takes text for UTF-8. This makes a call that fails.
inline bool is_utf8(Text text) noexcept
{
    std::uint8_t out = 0;
    std::size_t size = 0;
    return cachekit_aad(nullptr, 0, nullptr, 0, text.c_str() == nullptr ? "" : text.c_str(), false,
               nullptr, &out, &size) != CACHEKIT_INVALID_INPUT;
}

// The failure of a call that reads an entry and has no arguments that it could be for.
inline Failure entry_failure(CachekitError code) noexcept
{
    return Failure(code, code == CACHEKIT_INVALID_INPUT || code == CACHEKIT_INPUT_TOO_LARGE);
}

// The same for a call with a format and a cache key. These are looked at only after it has
// failed, so that they cost nothing otherwise.
inline Failure entry_failure(CachekitError code, Text format, Bytes cache_key) noexcept
{
    const Failure of_entry = entry_failure(code);
    const bool argument = code == CACHEKIT_INPUT_TOO_LARGE
                              ? format.size() > CACHEKIT_MAX_FORMAT_SIZE ||
                                    cache_key.size() > CACHEKIT_MAX_CACHE_KEY_SIZE
                              : code == CACHEKIT_INVALID_INPUT && !is_utf8(format);
    return argument ? Failure(code, of_entry.detail()) : of_entry;
}

// The same for a call with an interop key.
inline Failure interop_failure(CachekitError code, Text interop_key) noexcept
{
    constexpr std::size_t limit = CACHEKIT_INTEROP_KEY_BUFFER_SIZE - 1; // without a NUL
    return code == CACHEKIT_INPUT_TOO_LARGE && interop_key.size() > limit ? Failure(code)
                                                                          : entry_failure(code);
}

// A sum, or the largest size that there is.
inline std::size_t sum(std::size_t a, std::size_t b) noexcept
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

inline std::size_t decrypted_size(Bytes ciphertext) noexcept
{
    return ciphertext.size() < CACHEKIT_CIPHERTEXT_OVERHEAD
               ? 0
               : ciphertext.size() - CACHEKIT_CIPHERTEXT_OVERHEAD;
}

// Makes the failure of a code, unless a call says how.
struct Plainly {
    Failure operator()(CachekitError code) const noexcept { return Failure(code); }
};
struct OfEntry {
    Failure operator()(CachekitError code) const noexcept { return entry_failure(code); }
};

// Calls what writes into the caller's buffer: call(out, &length). failure makes the
// failure of a code.
template <class Call, class Fail = Plainly>
Result<std::size_t> into(MutableBytes out, Call call, Fail failure = {}) noexcept
{
    std::uint8_t nothing = 0; // an empty container may have no address
    std::size_t size = out.size();
    const bool nowhere = out.data() == nullptr && size == 0;
    const CachekitError code = call(nowhere ? &nothing : out.data(), &size);
    if (CACHEKIT_SUCCEEDED(code))
        return {size, code};
    if (code == CACHEKIT_BUFFER_TOO_SMALL)
        return Failure(code).needing(size);
    return failure(code);
}

// The same, into a buffer of bound bytes that it makes.
template <class Call, class Fail = Plainly>
Result<Buffer> made(std::size_t bound, Call call, Fail failure = {}) noexcept
{
    Buffer out = Buffer::allocate(bound);
    if (out.data() == nullptr)
        return no_memory();
    Result<std::size_t> size = into(out, call, failure);
    if (!size)
        return size.error();
    out.shorten(*size);
    return {std::move(out), size.code()};
}

// Calls what allocates its result: call(&out, &length).
template <class Call, class Fail = Plainly>
Result<Buffer> allocated(Call call, Fail failure = {}) noexcept
{
    std::uint8_t *out = nullptr;
    std::size_t size = 0;
    const CachekitError code = call(&out, &size);
    if (!CACHEKIT_SUCCEEDED(code))
        return failure(code);
    return {Buffer::adopt(out, size), code};
}

// Calls what has no result but its code.
inline Result<void> done(CachekitError code) noexcept
{
    if (code != CACHEKIT_OK)
        return Failure(code);
    return std::monostate{};
}

// Frees a handle.
struct Free {
    void operator()(CachekitByteStorage *handle) const noexcept
    {
        cachekit_byte_storage_free(handle);
    }
    void operator()(CachekitEncryptor *handle) const noexcept { cachekit_encryptor_free(handle); }
    void operator()(CachekitKeyring *handle) const noexcept { cachekit_keyring_free(handle); }
};

template <class T> using Handle = std::unique_ptr<T, Free>;

inline Result<CachekitMetrics> measured(CachekitError code, const CachekitMetrics &metrics) noexcept
{
    if (code != CACHEKIT_OK)
        return Failure(code);
    return metrics;
}

} // namespace detail

// ---------------------------------------------------------------------------
// Many at once
// ---------------------------------------------------------------------------

// What a call for many takes for one: a cache key, unless it is for a storage, and the
// payload, envelope or entry. The memory of both stays yours until the call has returned.
class Item
{
  public:
    explicit Item(Bytes in) noexcept : Item(Bytes(), in) {}
    Item(Bytes cache_key, Bytes in) noexcept
    {
        item_.cache_key = cache_key.data();
        item_.cache_key_len = cache_key.size();
        item_.in = in.data();
        item_.in_len = in.size();
    }

  private:
    friend class Batch;
    CachekitItem item_{};
};

// What a call for many has returned: for each item, in order, a result or a failure. It
// owns the memory of all results, which live as long as it does.
class Batch
{
  public:
    Batch() noexcept = default;
    ~Batch() = default;
    Batch(Batch &&) noexcept = default;
    Batch &operator=(Batch &&) noexcept = default;
    Batch(const Batch &) = delete;
    Batch &operator=(const Batch &) = delete;

    std::size_t size() const noexcept { return items_.size(); }
    bool empty() const noexcept { return items_.empty(); }
    // What the call returned: CACHEKIT_OK or CACHEKIT_ROTATION_NEEDED if every item
    // succeeded, else the code of the first that failed.
    CachekitError code() const noexcept { return code_; }
    // Whether an item was sealed with that warning.
    bool rotation_needed() const noexcept
    {
        for (const Item &item : items_)
            if (item.item_.error == CACHEKIT_ROTATION_NEEDED)
                return true;
        return false;
    }

    // The result of the item at index, which is less than size(): a view of memory of this
    // Batch. The failure of the first that failed says what was wrong, the others their
    // code.
    Result<Bytes> operator[](std::size_t index) const noexcept
    {
        const CachekitItem &item = at(index);
        if (CACHEKIT_SUCCEEDED(item.error))
            return {Bytes(item.out, item.out_len), item.error};
        const bool of_entry =
            reading_ && (item.error == CACHEKIT_INVALID_INPUT ||
                            (item.error == CACHEKIT_INPUT_TOO_LARGE &&
                                item.cache_key_len <= CACHEKIT_MAX_CACHE_KEY_SIZE));
        return Failure(item.error, index == first_failed_ ? first_.detail() : "", of_entry);
    }
    // Which key opened the entry: 0 is the current one. 0 also if it did not open.
    std::size_t key_index(std::size_t index) const noexcept { return at(index).key_index; }

  private:
    friend class ByteStorage;
    friend class Keyring;

    const CachekitItem &at(std::size_t index) const noexcept
    {
        assert(index < items_.size());
        return items_[index].item_;
    }

    // Calls call(items, count, item_size, &results). All items have the format; what reads
    // entries is reading.
    template <class Call>
    static Result<Batch> run(std::vector<Item> items, Text format, bool reading, Call call) noexcept
    {
        static_assert(std::is_standard_layout_v<Item>, "a CachekitItem must come first");
        if (!format.whole())
            return detail::inner_nul();
        Batch batch;
        batch.items_ = std::move(items);
        batch.reading_ = reading;
        const std::size_t count = batch.items_.size();
        std::uint8_t *results = nullptr;
        batch.code_ =
            call(count == 0 ? nullptr : &batch.items_[0].item_, count, sizeof(Item), &results);
        batch.results_ = Buffer::adopt(results, 0);
        // In full, since a compiler that takes C++17 to the letter would copy it.
        if (CACHEKIT_SUCCEEDED(batch.code_))
            return Result<Batch>(std::move(batch));
        batch.first_ = Failure(batch.code_);
        // What kept the call from looking at any item is a failure of the whole call.
        if (results == nullptr) {
            switch (batch.code_) {
            case CACHEKIT_INVALID_HANDLE:
            case CACHEKIT_FORKED:
            case CACHEKIT_OUT_OF_MEMORY:
            case CACHEKIT_INTERNAL: return batch.first_;
            case CACHEKIT_INVALID_INPUT:
                if (!detail::is_utf8(format))
                    return batch.first_;
                break;
            case CACHEKIT_INPUT_TOO_LARGE:
                if (format.size() > CACHEKIT_MAX_FORMAT_SIZE)
                    return batch.first_;
                break;
            default: break;
            }
        }
        while (
            batch.first_failed_ < count && CACHEKIT_SUCCEEDED(batch.at(batch.first_failed_).error))
            batch.first_failed_++;
        return Result<Batch>(std::move(batch));
    }

    std::vector<Item> items_;
    Buffer results_;
    Failure first_{CACHEKIT_OK, ""};
    std::size_t first_failed_ = 0;
    CachekitError code_ = CACHEKIT_OK;
    bool reading_ = false;
};

// ---------------------------------------------------------------------------
// ByteStorage: LZ4 and XXH3-64 in an envelope
// ---------------------------------------------------------------------------

// Compresses payloads into envelopes with a checksum, without encryption. One is enough for
// a whole program.
class ByteStorage
{
  public:
    // Makes a storage, which writes format into its envelopes: what the payload is. NULL stands
    // for "msgpack".
    //
    // INVALID_INPUT (not UTF-8), INPUT_TOO_LARGE (over CACHEKIT_MAX_FORMAT_SIZE), OUT_OF_MEMORY,
    // FORKED.
    static Result<ByteStorage> try_make(Text format = nullptr) noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        if (CachekitByteStorage *handle = cachekit_byte_storage_new(format.c_str()))
            return ByteStorage(handle, true);
        // It says no code: what was found wrong is kept, and then the code is found out.
        const Failure unknown(CACHEKIT_OUT_OF_MEMORY);
        CachekitError code = cachekit_start();
        if (code == CACHEKIT_OK) {
            if (format.size() > CACHEKIT_MAX_FORMAT_SIZE)
                code = CACHEKIT_INPUT_TOO_LARGE;
            else
                code = detail::is_utf8(format) ? CACHEKIT_OUT_OF_MEMORY : CACHEKIT_INVALID_INPUT;
        }
        return Failure(code, unknown.detail());
    }

    // Chooses how hard to compress, from CACHEKIT_DEFAULT_LEVEL, the fastest, to
    // CACHEKIT_MAX_LEVEL. INVALID_INPUT for another number.
    Result<void> try_set_level(int level) noexcept
    {
        return detail::done(cachekit_byte_storage_set_level(handle_.get(), level));
    }

    // Lowers the limit of a payload, CACHEKIT_MAX_PAYLOAD_SIZE, to so many bytes; what is or
    // claims more fails with INPUT_TOO_LARGE. INVALID_INPUT for 0 and for more.
    Result<void> try_set_max_payload(std::size_t bytes) noexcept
    {
        return detail::done(cachekit_byte_storage_set_max_payload(handle_.get(), bytes));
    }

    // The envelope of data. NULL stands for the format of the storage.
    //
    // INPUT_TOO_LARGE (data over the limit of the storage, or a format over
    // CACHEKIT_MAX_FORMAT_SIZE), INVALID_INPUT (format is not UTF-8), OUT_OF_MEMORY.
    Result<Buffer> try_store(Bytes data, Text format = nullptr) const noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        return detail::allocated([&](std::uint8_t **out, std::size_t *size) {
            return cachekit_byte_storage_store(
                handle_.get(), data.data(), data.size(), format.c_str(), out, size);
        });
    }

    // store into out; returns the length of the envelope.
    // Bound: compressed_bound(data.size()) + format.size().
    //
    // BUFFER_TOO_SMALL with a size that is enough for all data of this length.
    Result<std::size_t> try_store_into(
        Bytes data, MutableBytes out, Text format = nullptr) const noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
            return cachekit_byte_storage_store_into(
                handle_.get(), data.data(), data.size(), format.c_str(), to, size);
        });
    }

    // The payload of an envelope of any format.
    //
    // A CacheMiss for an envelope that is damaged, is none, or claims more than the limit of
    // the storage; OUT_OF_MEMORY.
    Result<Buffer> try_retrieve(Bytes envelope) const noexcept
    {
        return detail::allocated(
            [&](std::uint8_t **out, std::size_t *size) {
                return cachekit_byte_storage_retrieve(
                    handle_.get(), envelope.data(), envelope.size(), out, size);
            },
            detail::OfEntry());
    }

    // retrieve into out; returns the length of the payload.
    // Bound: the original_size that inspect finds, which is also the exact size.
    Result<std::size_t> try_retrieve_into(Bytes envelope, MutableBytes out) const noexcept
    {
        return detail::into(
            out,
            [&](std::uint8_t *to, std::size_t *size) {
                return cachekit_byte_storage_retrieve_into(
                    handle_.get(), envelope.data(), envelope.size(), to, size);
            },
            detail::OfEntry());
    }

    // store for many in one call. An item that fails is a failure in the Batch.
    //
    // What keeps all from being stored: INVALID_INPUT or INPUT_TOO_LARGE (format),
    // OUT_OF_MEMORY, INVALID_HANDLE, FORKED.
    Result<Batch> try_store_many(std::vector<Item> items, Text format = nullptr) const noexcept
    {
        return Batch::run(std::move(items), format, false,
            [&](CachekitItem *array, std::size_t count, std::size_t size, std::uint8_t **results) {
                return cachekit_byte_storage_store_many(
                    handle_.get(), format.c_str(), array, count, size, results);
            });
    }

    // retrieve for many in one call, such as those of an MGET; like store_many.
    Result<Batch> try_retrieve_many(std::vector<Item> items) const noexcept
    {
        return Batch::run(std::move(items), nullptr, true,
            [&](CachekitItem *array, std::size_t count, std::size_t size, std::uint8_t **results) {
                return cachekit_byte_storage_retrieve_many(
                    handle_.get(), array, count, size, results);
            });
    }

    // Whether retrieve would return a payload. It decompresses to find out.
    Result<bool> try_validate(Bytes envelope) const noexcept
    {
        const CachekitError code =
            cachekit_byte_storage_validate(handle_.get(), envelope.data(), envelope.size());
        if (code == CACHEKIT_OK)
            return true;
        const Failure failure = detail::entry_failure(code);
        if (failure.miss())
            return false;
        return failure;
    }

    // The size of data / that of its LZ4 block, and 0 for empty data. It compresses to find out.
    //
    // INPUT_TOO_LARGE (data over the limit), OUT_OF_MEMORY.
    Result<double> try_estimate_compression(Bytes data) const noexcept
    {
        double ratio = 0;
        const CachekitError code = cachekit_byte_storage_estimate_compression(
            handle_.get(), data.data(), data.size(), &ratio);
        if (code != CACHEKIT_OK)
            return Failure(code);
        return ratio;
    }

    // What the storage has done since it was made. metrics_text makes text of it.
    Result<CachekitMetrics> try_metrics() const noexcept
    {
        CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
        const CachekitError code = cachekit_byte_storage_get_metrics(handle_.get(), &metrics);
        return detail::measured(code, metrics);
    }

    // The handle for functions of cachekit.h. It stays this object's.
    CachekitByteStorage *get() const noexcept { return handle_.get(); }

#if CACHEKIT_EXCEPTIONS
    // The same, with exceptions.
    explicit ByteStorage(Text format = nullptr) : ByteStorage(try_make(format).value()) {}
    void set_level(int level) { return try_set_level(level).value(); }
    void set_max_payload(std::size_t bytes) { return try_set_max_payload(bytes).value(); }
    Buffer store(Bytes data, Text format = nullptr) const
    {
        return try_store(data, format).value();
    }
    std::size_t store_into(Bytes data, MutableBytes out, Text format = nullptr) const
    {
        return try_store_into(data, out, format).value();
    }
    Buffer retrieve(Bytes envelope) const { return try_retrieve(envelope).value(); }
    std::size_t retrieve_into(Bytes envelope, MutableBytes out) const
    {
        return try_retrieve_into(envelope, out).value();
    }
    Batch store_many(std::vector<Item> items, Text format = nullptr) const
    {
        return try_store_many(std::move(items), format).value();
    }
    Batch retrieve_many(std::vector<Item> items) const
    {
        return try_retrieve_many(std::move(items)).value();
    }
    bool validate(Bytes envelope) const { return try_validate(envelope).value(); }
    double estimate_compression(Bytes data) const { return try_estimate_compression(data).value(); }
    CachekitMetrics metrics() const { return try_metrics().value(); }
#endif

  private:
    // Not from a pointer alone, since ByteStorage(nullptr) is one with the default format.
    ByteStorage(CachekitByteStorage *handle, bool) noexcept : handle_(handle) {}

    detail::Handle<CachekitByteStorage> handle_;
};

// ---------------------------------------------------------------------------
// Encryptor: AES-256-GCM under keys that you have
// ---------------------------------------------------------------------------

// Encrypts with nonces from a counter, so that none repeats. One is enough for a whole
// program. A ciphertext is CACHEKIT_CIPHERTEXT_OVERHEAD bytes longer than its plaintext. aad
// is authenticated and has to be passed to decrypt again: only that binds a ciphertext to
// its place. Pass the cache key, or what aad makes.
class Encryptor
{
  public:
    // Makes an encryptor, for 2^32 encryptions.
    //
    // RNG_FAILURE, OUT_OF_MEMORY, FORKED, or INVALID_INPUT (cachekit_encryptor_new says when).
    static Result<Encryptor> try_make() noexcept
    {
        CachekitError code = CACHEKIT_OK;
        if (CachekitEncryptor *handle = cachekit_encryptor_new(&code))
            return Encryptor(handle);
        return Failure(code);
    }

    // Encrypts under a key of CACHEKIT_KEY_SIZE bytes.
    //
    // INVALID_KEY_LENGTH, INPUT_TOO_LARGE (over 512 MiB), COUNTER_EXHAUSTED, OUT_OF_MEMORY.
    Result<Buffer> try_encrypt(Bytes key, Bytes plaintext, Bytes aad) const noexcept
    {
        return detail::made(detail::sum(plaintext.size(), CACHEKIT_CIPHERTEXT_OVERHEAD),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_encrypt(handle_.get(), key.data(), key.size(), aad.data(),
                    aad.size(), plaintext.data(), plaintext.size(), out, size);
            });
    }

    // encrypt into out; returns the length of the ciphertext.
    // Bound: plaintext.size() + CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact size. In
    // place: plaintext may be out from byte CACHEKIT_NONCE_SIZE on.
    Result<std::size_t> try_encrypt_into(
        Bytes key, Bytes plaintext, Bytes aad, MutableBytes out) const noexcept
    {
        return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
            return cachekit_encrypt(handle_.get(), key.data(), key.size(), aad.data(), aad.size(),
                plaintext.data(), plaintext.size(), to, size);
        });
    }

    // Decrypts what any encryptor made with the same key and aad.
    //
    // A CacheMiss (DECRYPTION_FAILED if it is not authentic), INVALID_KEY_LENGTH, OUT_OF_MEMORY.
    Result<Buffer> try_decrypt(Bytes key, Bytes ciphertext, Bytes aad) const noexcept
    {
        return detail::made(
            detail::decrypted_size(ciphertext),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_decrypt(handle_.get(), key.data(), key.size(), aad.data(),
                    aad.size(), ciphertext.data(), ciphertext.size(), out, size);
            },
            detail::OfEntry());
    }

    // decrypt into out; returns the length of the plaintext.
    // Bound: ciphertext.size() - CACHEKIT_CIPHERTEXT_OVERHEAD, which is also the exact size. In
    // place: out may be ciphertext from byte CACHEKIT_NONCE_SIZE on.
    Result<std::size_t> try_decrypt_into(
        Bytes key, Bytes ciphertext, Bytes aad, MutableBytes out) const noexcept
    {
        return detail::into(
            out,
            [&](std::uint8_t *to, std::size_t *size) {
                return cachekit_decrypt(handle_.get(), key.data(), key.size(), aad.data(),
                    aad.size(), ciphertext.data(), ciphertext.size(), to, size);
            },
            detail::OfEntry());
    }

    // What the encryptor has done since it was made. metrics_text makes text of it.
    Result<CachekitMetrics> try_metrics() const noexcept
    {
        CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
        const CachekitError code = cachekit_encryptor_get_metrics(handle_.get(), &metrics);
        return detail::measured(code, metrics);
    }

    // The number of encryptions made, 0 to 2^32; 0 of a moved-from object.
    std::uint64_t counter() const noexcept { return cachekit_encryptor_get_counter(handle_.get()); }
    // Whether the next encryption warns: make a new object in this one's place, with the same
    // keys if you like, before it refuses after 2^32.
    bool rotation_needed() const noexcept { return counter() >= rotation_threshold; }

    // The handle for functions of cachekit.h. It stays this object's.
    CachekitEncryptor *get() const noexcept { return handle_.get(); }

#if CACHEKIT_EXCEPTIONS
    // The same, with exceptions.
    Encryptor() : Encryptor(try_make().value()) {}
    Buffer encrypt(Bytes key, Bytes plaintext, Bytes aad) const
    {
        return try_encrypt(key, plaintext, aad).value();
    }
    std::size_t encrypt_into(Bytes key, Bytes plaintext, Bytes aad, MutableBytes out) const
    {
        return try_encrypt_into(key, plaintext, aad, out).value();
    }
    Buffer decrypt(Bytes key, Bytes ciphertext, Bytes aad) const
    {
        return try_decrypt(key, ciphertext, aad).value();
    }
    std::size_t decrypt_into(Bytes key, Bytes ciphertext, Bytes aad, MutableBytes out) const
    {
        return try_decrypt_into(key, ciphertext, aad, out).value();
    }
    CachekitMetrics metrics() const { return try_metrics().value(); }
#endif

  private:
    explicit Encryptor(CachekitEncryptor *handle) noexcept : handle_(handle) {}

    detail::Handle<CachekitEncryptor> handle_;
};

// ---------------------------------------------------------------------------
// Keyring: compress, encrypt and bind to the cache key in one call
// ---------------------------------------------------------------------------

// The keys of one tenant. The current master key encrypts; up to three earlier ones, the
// decrypt-only keys, still open what they have sealed. One is enough for a tenant.
//
// Where key_index is not NULL, *key_index receives which key opened an entry, and 0 on
// error. Above 0 it was an earlier one: seal the value again.
class Keyring
{
  public:
    // Makes the keyring of a tenant. Master keys have CACHEKIT_MIN_MASTER_KEY_SIZE bytes or more,
    // 32 are advised; tenant has 1 to CACHEKIT_MAX_SALT_SIZE.
    //
    // INVALID_KEY_LENGTH, SALT_TOO_LONG (tenant), INVALID_INPUT (no tenant, too many keys, or the
    // current one among the others), RNG_FAILURE, OUT_OF_MEMORY.
    static Result<Keyring> try_make(Bytes master, Bytes tenant, Keys decrypt_only = {}) noexcept
    {
        if (decrypt_only.size() > CACHEKIT_MAX_DECRYPT_ONLY_KEYS)
            return Failure(CACHEKIT_INVALID_INPUT, "more decrypt-only keys than 3");
        const std::uint8_t *keys[CACHEKIT_MAX_DECRYPT_ONLY_KEYS];
        std::size_t sizes[CACHEKIT_MAX_DECRYPT_ONLY_KEYS];
        for (std::size_t i = 0; i < decrypt_only.size(); i++) {
            keys[i] = decrypt_only[i].data();
            sizes[i] = decrypt_only[i].size();
        }
        CachekitKeyring *handle = nullptr;
        const CachekitError code = cachekit_keyring_new(master.data(), master.size(), keys, sizes,
            decrypt_only.size(), tenant.data(), tenant.size(), &handle);
        if (code != CACHEKIT_OK)
            return Failure(code);
        return Keyring(handle);
    }

    // Makes a keyring with the master keys of the environment: CACHEKIT_MASTER_KEY, and
    // CACHEKIT_PREVIOUS_MASTER_KEYS if it is set. No other thread may change the environment
    // meanwhile.
    //
    // INVALID_INPUT (not set, or not such keys), INVALID_KEY_LENGTH (fewer than 64 digits), and
    // what the constructor throws.
    static Result<Keyring> try_from_env(Bytes tenant = "default") noexcept
    {
        CachekitKeyring *handle = nullptr;
        const CachekitError code = cachekit_keyring_from_env(tenant.data(), tenant.size(), &handle);
        if (code != CACHEKIT_OK)
            return Failure(code);
        return Keyring(handle);
    }

    // Chooses how hard seal and seal_many compress, from CACHEKIT_DEFAULT_LEVEL, the fastest, to
    // CACHEKIT_MAX_LEVEL. INVALID_INPUT for another number.
    Result<void> try_set_level(int level) noexcept
    {
        return detail::done(cachekit_keyring_set_level(handle_.get(), level));
    }

    // Lowers the limit of a payload, CACHEKIT_MAX_PAYLOAD_SIZE, to so many bytes; what is or
    // claims more fails with INPUT_TOO_LARGE. INVALID_INPUT for 0 and for more.
    Result<void> try_set_max_payload(std::size_t bytes) noexcept
    {
        return detail::done(cachekit_keyring_set_max_payload(handle_.get(), bytes));
    }

    // Compresses and encrypts data, bound to the tenant, the cache key and the format, which says
    // what data is. Copied to another cache key, the entry does not open.
    //
    // INPUT_TOO_LARGE (data over the limit of the keyring, a cache key over
    // CACHEKIT_MAX_CACHE_KEY_SIZE, a format over CACHEKIT_MAX_FORMAT_SIZE), INVALID_INPUT (format
    // is not UTF-8), COUNTER_EXHAUSTED, OUT_OF_MEMORY.
    Result<Buffer> try_seal(Bytes cache_key, Bytes data, Text format = "msgpack") const noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        return detail::allocated([&](std::uint8_t **out, std::size_t *size) {
            return cachekit_keyring_seal(handle_.get(), format.c_str(), cache_key.data(),
                cache_key.size(), data.data(), data.size(), out, size);
        });
    }

    // seal into out; returns the length of the entry.
    // Bound: compressed_bound(data.size()) + format.size() + CACHEKIT_CIPHERTEXT_OVERHEAD.
    //
    // BUFFER_TOO_SMALL with a size that is enough for all data of this length.
    Result<std::size_t> try_seal_into(
        Bytes cache_key, Bytes data, MutableBytes out, Text format = "msgpack") const noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
            return cachekit_keyring_seal_into(handle_.get(), format.c_str(), cache_key.data(),
                cache_key.size(), data.data(), data.size(), to, size);
        });
    }

    // Opens what seal made for the same tenant, cache key and format.
    //
    // A CacheMiss for an entry that does not open. INPUT_TOO_LARGE and INVALID_INPUT as seal, for
    // an argument; OUT_OF_MEMORY.
    Result<Buffer> try_open(Bytes cache_key, Bytes sealed, Text format = "msgpack",
        std::size_t *key_index = nullptr) const noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        return detail::allocated(
            [&](std::uint8_t **out, std::size_t *size) {
                return cachekit_keyring_open(handle_.get(), format.c_str(), cache_key.data(),
                    cache_key.size(), sealed.data(), sealed.size(), out, size, key_index);
            },
            [&](CachekitError code) { return detail::entry_failure(code, format, cache_key); });
    }

    // open into out; returns the length of the payload.
    //
    // BUFFER_TOO_SMALL with the size needed, which is known only after decryption; the next call
    // does that again.
    Result<std::size_t> try_open_into(Bytes cache_key, Bytes sealed, MutableBytes out,
        Text format = "msgpack", std::size_t *key_index = nullptr) const noexcept
    {
        if (!format.whole())
            return detail::inner_nul();
        return detail::into(
            out,
            [&](std::uint8_t *to, std::size_t *size) {
                return cachekit_keyring_open_into(handle_.get(), format.c_str(), cache_key.data(),
                    cache_key.size(), sealed.data(), sealed.size(), to, size, key_index);
            },
            [&](CachekitError code) { return detail::entry_failure(code, format, cache_key); });
    }

    // seal for many in one call. An item that fails is a failure in the Batch.
    //
    // What keeps all from being sealed: INVALID_INPUT or INPUT_TOO_LARGE (format),
    // OUT_OF_MEMORY, INVALID_HANDLE, FORKED.
    Result<Batch> try_seal_many(std::vector<Item> items, Text format = "msgpack") const noexcept
    {
        return Batch::run(std::move(items), format, false,
            [&](CachekitItem *array, std::size_t count, std::size_t size, std::uint8_t **results) {
                return cachekit_keyring_seal_many(
                    handle_.get(), format.c_str(), array, count, size, results);
            });
    }

    // open for many in one call, such as those of an MGET; like seal_many.
    Result<Batch> try_open_many(std::vector<Item> items, Text format = "msgpack") const noexcept
    {
        return Batch::run(std::move(items), format, true,
            [&](CachekitItem *array, std::size_t count, std::size_t size, std::uint8_t **results) {
                return cachekit_keyring_open_many(
                    handle_.get(), format.c_str(), array, count, size, results);
            });
    }

    // Encrypts with the current key, without compression: see Encryptor.
    Result<Buffer> try_encrypt(Bytes plaintext, Bytes aad) const noexcept
    {
        return detail::made(detail::sum(plaintext.size(), CACHEKIT_CIPHERTEXT_OVERHEAD),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_keyring_encrypt(handle_.get(), aad.data(), aad.size(),
                    plaintext.data(), plaintext.size(), out, size);
            });
    }

    // encrypt into out, with the bound of Encryptor::encrypt_into, and in place as there.
    Result<std::size_t> try_encrypt_into(
        Bytes plaintext, Bytes aad, MutableBytes out) const noexcept
    {
        return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
            return cachekit_keyring_encrypt(handle_.get(), aad.data(), aad.size(), plaintext.data(),
                plaintext.size(), to, size);
        });
    }

    // Decrypts with the current key, then with the others in order.
    //
    // A CacheMiss if none of them fits; OUT_OF_MEMORY.
    Result<Buffer> try_decrypt(
        Bytes ciphertext, Bytes aad, std::size_t *key_index = nullptr) const noexcept
    {
        return detail::made(
            detail::decrypted_size(ciphertext),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_keyring_decrypt(handle_.get(), aad.data(), aad.size(),
                    ciphertext.data(), ciphertext.size(), out, size, key_index);
            },
            detail::OfEntry());
    }

    // decrypt into out, with the bound of Encryptor::decrypt_into. Not in place.
    Result<std::size_t> try_decrypt_into(Bytes ciphertext, Bytes aad, MutableBytes out,
        std::size_t *key_index = nullptr) const noexcept
    {
        return detail::into(
            out,
            [&](std::uint8_t *to, std::size_t *size) {
                return cachekit_keyring_decrypt(handle_.get(), aad.data(), aad.size(),
                    ciphertext.data(), ciphertext.size(), to, size, key_index);
            },
            detail::OfEntry());
    }

    // Decrypts with the key at index and no other, for who keeps a fingerprint beside the
    // ciphertext.
    //
    // A CacheMiss; INVALID_INPUT if there is no such key; OUT_OF_MEMORY.
    Result<Buffer> try_decrypt_at(std::size_t index, Bytes ciphertext, Bytes aad) const noexcept
    {
        return detail::made(
            detail::decrypted_size(ciphertext),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_keyring_decrypt_at(handle_.get(), index, aad.data(), aad.size(),
                    ciphertext.data(), ciphertext.size(), out, size);
            },
            [&](CachekitError code) {
                return code == CACHEKIT_INVALID_INPUT && index >= key_count()
                           ? Failure(code)
                           : detail::entry_failure(code);
            });
    }

    // decrypt_at into out, with the bound of Encryptor::decrypt_into, and in place as there.
    Result<std::size_t> try_decrypt_at_into(
        std::size_t index, Bytes ciphertext, Bytes aad, MutableBytes out) const noexcept
    {
        return detail::into(
            out,
            [&](std::uint8_t *to, std::size_t *size) {
                return cachekit_keyring_decrypt_at(handle_.get(), index, aad.data(), aad.size(),
                    ciphertext.data(), ciphertext.size(), to, size);
            },
            [&](CachekitError code) {
                return code == CACHEKIT_INVALID_INPUT && index >= key_count()
                           ? Failure(code)
                           : detail::entry_failure(code);
            });
    }

    // The number of keys, 1 to 4; 0 of a moved-from object.
    std::size_t key_count() const noexcept { return cachekit_keyring_key_count(handle_.get()); }

    // What tells the key at index from others without revealing it. 0 is the current key.
    //
    // INVALID_INPUT if there is no such key.
    Result<Fingerprint> try_fingerprint(std::size_t index = 0) const noexcept
    {
        Fingerprint fingerprint{};
        const CachekitError code =
            cachekit_keyring_fingerprint(handle_.get(), index, fingerprint.data());
        if (code != CACHEKIT_OK)
            return Failure(code);
        return fingerprint;
    }

    // Encrypts a value, one MessagePack document, for the key that interop_key made.
    //
    // INVALID_INPUT if it is not one document, INPUT_TOO_LARGE for a key over 194 bytes,
    // COUNTER_EXHAUSTED, OUT_OF_MEMORY.
    Result<Buffer> try_seal_interop(Text interop_key, Bytes value) const noexcept
    {
        if (!interop_key.whole())
            return detail::inner_nul();
        return detail::made(detail::sum(value.size(), CACHEKIT_CIPHERTEXT_OVERHEAD),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_keyring_seal_interop(
                    handle_.get(), interop_key.c_str(), value.data(), value.size(), out, size);
            });
    }

    // seal_interop into out, with the bound of Encryptor::encrypt_into.
    Result<std::size_t> try_seal_interop_into(
        Text interop_key, Bytes value, MutableBytes out) const noexcept
    {
        if (!interop_key.whole())
            return detail::inner_nul();
        return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
            return cachekit_keyring_seal_interop(
                handle_.get(), interop_key.c_str(), value.data(), value.size(), to, size);
        });
    }

    // Decrypts such a value, which is then one well-formed MessagePack document.
    //
    // A CacheMiss for an entry that does not open; INPUT_TOO_LARGE for a key over 194 bytes;
    // OUT_OF_MEMORY.
    Result<Buffer> try_open_interop(
        Text interop_key, Bytes sealed, std::size_t *key_index = nullptr) const noexcept
    {
        if (!interop_key.whole())
            return detail::inner_nul();
        return detail::made(
            detail::decrypted_size(sealed),
            [&](std::uint8_t *out, std::size_t *size) {
                return cachekit_keyring_open_interop(handle_.get(), interop_key.c_str(),
                    sealed.data(), sealed.size(), out, size, key_index);
            },
            [&](CachekitError code) { return detail::interop_failure(code, interop_key); });
    }

    // open_interop into out, with the bound of Encryptor::decrypt_into.
    Result<std::size_t> try_open_interop_into(Text interop_key, Bytes sealed, MutableBytes out,
        std::size_t *key_index = nullptr) const noexcept
    {
        if (!interop_key.whole())
            return detail::inner_nul();
        return detail::into(
            out,
            [&](std::uint8_t *to, std::size_t *size) {
                return cachekit_keyring_open_interop(handle_.get(), interop_key.c_str(),
                    sealed.data(), sealed.size(), to, size, key_index);
            },
            [&](CachekitError code) { return detail::interop_failure(code, interop_key); });
    }

    // What the keyring has done since it was made. metrics_text makes text of it.
    Result<CachekitMetrics> try_metrics() const noexcept
    {
        CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
        const CachekitError code = cachekit_keyring_get_metrics(handle_.get(), &metrics);
        return detail::measured(code, metrics);
    }

    // The number of encryptions made, 0 to 2^32; 0 of a moved-from object.
    std::uint64_t counter() const noexcept { return cachekit_keyring_get_counter(handle_.get()); }
    // Whether the next encryption warns: make a new object in this one's place, with the same
    // keys if you like, before it refuses after 2^32.
    bool rotation_needed() const noexcept { return counter() >= rotation_threshold; }

    // The handle for functions of cachekit.h. It stays this object's.
    CachekitKeyring *get() const noexcept { return handle_.get(); }

#if CACHEKIT_EXCEPTIONS
    // The same, with exceptions.
    explicit Keyring(Bytes master, Bytes tenant, Keys decrypt_only = {})
        : Keyring(try_make(master, tenant, decrypt_only).value())
    {
    }
    static Keyring from_env(Bytes tenant = "default") { return try_from_env(tenant).value(); }
    void set_level(int level) { return try_set_level(level).value(); }
    void set_max_payload(std::size_t bytes) { return try_set_max_payload(bytes).value(); }
    Buffer seal(Bytes cache_key, Bytes data, Text format = "msgpack") const
    {
        return try_seal(cache_key, data, format).value();
    }
    std::size_t seal_into(
        Bytes cache_key, Bytes data, MutableBytes out, Text format = "msgpack") const
    {
        return try_seal_into(cache_key, data, out, format).value();
    }
    Buffer open(Bytes cache_key, Bytes sealed, Text format = "msgpack",
        std::size_t *key_index = nullptr) const
    {
        return try_open(cache_key, sealed, format, key_index).value();
    }
    std::size_t open_into(Bytes cache_key, Bytes sealed, MutableBytes out, Text format = "msgpack",
        std::size_t *key_index = nullptr) const
    {
        return try_open_into(cache_key, sealed, out, format, key_index).value();
    }
    Batch seal_many(std::vector<Item> items, Text format = "msgpack") const
    {
        return try_seal_many(std::move(items), format).value();
    }
    Batch open_many(std::vector<Item> items, Text format = "msgpack") const
    {
        return try_open_many(std::move(items), format).value();
    }
    Buffer encrypt(Bytes plaintext, Bytes aad) const { return try_encrypt(plaintext, aad).value(); }
    std::size_t encrypt_into(Bytes plaintext, Bytes aad, MutableBytes out) const
    {
        return try_encrypt_into(plaintext, aad, out).value();
    }
    Buffer decrypt(Bytes ciphertext, Bytes aad, std::size_t *key_index = nullptr) const
    {
        return try_decrypt(ciphertext, aad, key_index).value();
    }
    std::size_t decrypt_into(
        Bytes ciphertext, Bytes aad, MutableBytes out, std::size_t *key_index = nullptr) const
    {
        return try_decrypt_into(ciphertext, aad, out, key_index).value();
    }
    Buffer decrypt_at(std::size_t index, Bytes ciphertext, Bytes aad) const
    {
        return try_decrypt_at(index, ciphertext, aad).value();
    }
    std::size_t decrypt_at_into(
        std::size_t index, Bytes ciphertext, Bytes aad, MutableBytes out) const
    {
        return try_decrypt_at_into(index, ciphertext, aad, out).value();
    }
    Fingerprint fingerprint(std::size_t index = 0) const { return try_fingerprint(index).value(); }
    Buffer seal_interop(Text interop_key, Bytes value) const
    {
        return try_seal_interop(interop_key, value).value();
    }
    std::size_t seal_interop_into(Text interop_key, Bytes value, MutableBytes out) const
    {
        return try_seal_interop_into(interop_key, value, out).value();
    }
    Buffer open_interop(Text interop_key, Bytes sealed, std::size_t *key_index = nullptr) const
    {
        return try_open_interop(interop_key, sealed, key_index).value();
    }
    std::size_t open_interop_into(
        Text interop_key, Bytes sealed, MutableBytes out, std::size_t *key_index = nullptr) const
    {
        return try_open_interop_into(interop_key, sealed, out, key_index).value();
    }
    CachekitMetrics metrics() const { return try_metrics().value(); }
#endif

  private:
    explicit Keyring(CachekitKeyring *handle) noexcept : handle_(handle) {}

    detail::Handle<CachekitKeyring> handle_;
};

// ---------------------------------------------------------------------------
// Keys
// ---------------------------------------------------------------------------

// The keys of one tenant, CACHEKIT_KEY_SIZE bytes each. They are wiped when it is destroyed,
// assigned to or moved from; the views live as long as it does, and moving it makes them
// views of zeros.
class TenantKeys
{
  public:
    TenantKeys() noexcept = default;
    ~TenantKeys() { wipe(); }
    TenantKeys(TenantKeys &&other) noexcept : keys_(other.keys_) { other.wipe(); }
    TenantKeys &operator=(TenantKeys &&other) noexcept
    {
        if (this != &other) {
            keys_ = other.keys_;
            other.wipe();
        }
        return *this;
    }
    TenantKeys(const TenantKeys &) = delete;
    TenantKeys &operator=(const TenantKeys &) = delete;

    Bytes encryption() const noexcept { return keys_.encryption; }
    Bytes authentication() const noexcept { return keys_.authentication; }
    Bytes cache_keys() const noexcept { return keys_.cache_keys; }

  private:
    friend Result<TenantKeys> try_derive_tenant_keys(Bytes master, Bytes tenant) noexcept;

    void wipe() noexcept
    {
        cachekit_wipe(&keys_, sizeof keys_);
        keys_.struct_size = sizeof keys_;
    }

    CachekitTenantKeys keys_ = CACHEKIT_TENANT_KEYS_INIT;
};

// CACHEKIT_KEY_SIZE random bytes of the operating system: a new master key, or a key for an
// Encryptor.
//
// RNG_FAILURE, OUT_OF_MEMORY.
inline Result<Buffer> try_generate_key() noexcept
{
    return detail::made(CACHEKIT_KEY_SIZE,
        [](std::uint8_t *out, std::size_t *) { return cachekit_generate_key(out); });
}

// Decodes a master key from text: an even number of hexadecimal digits, 64 or more, and nothing
// else.
//
// INVALID_INPUT, INVALID_KEY_LENGTH for fewer digits, OUT_OF_MEMORY.
inline Result<Buffer> try_parse_master_key(Text digits) noexcept
{
    if (!digits.whole())
        return detail::inner_nul();
    return detail::made(digits.size() / 2, [&](std::uint8_t *out, std::size_t *size) {
        return cachekit_parse_master_key(digits.c_str(), out, size);
    });
}

// Derives a key of CACHEKIT_KEY_SIZE bytes from a master key, with HKDF-SHA256. Each salt (such
// as a tenant) and each domain (what the key is for, in UTF-8) gives another key.
//
// INVALID_KEY_LENGTH, INVALID_INPUT (salt or domain is empty, or domain not UTF-8),
// DOMAIN_TOO_LONG, SALT_TOO_LONG, OUT_OF_MEMORY.
inline Result<Buffer> try_derive_key(Bytes master, Bytes salt, Bytes domain) noexcept
{
    return detail::made(CACHEKIT_KEY_SIZE, [&](std::uint8_t *out, std::size_t *) {
        return cachekit_derive_key(master.data(), master.size(), salt.data(), salt.size(),
            domain.data(), domain.size(), out);
    });
}

// Derives the three keys of a tenant. Fails as derive_key does.
inline Result<TenantKeys> try_derive_tenant_keys(Bytes master, Bytes tenant) noexcept
{
    TenantKeys keys;
    const CachekitError code = cachekit_derive_tenant_keys(
        master.data(), master.size(), tenant.data(), tenant.size(), &keys.keys_);
    if (code != CACHEKIT_OK)
        return Failure(code);
    return Result<TenantKeys>(std::move(keys));
}

// What tells a key from others without revealing it, for logs.
inline Result<Fingerprint> try_key_fingerprint(Bytes key) noexcept
{
    Fingerprint fingerprint{};
    const CachekitError code = cachekit_key_fingerprint(key.data(), key.size(), fingerprint.data());
    if (code != CACHEKIT_OK)
        return Failure(code);
    return fingerprint;
}

// The AAD (version 3) that binds an entry to its place, to pass to encrypt and decrypt.
// compressed says whether the plaintext is an envelope; NULL stands for no original_type.
//
// INVALID_INPUT (text that is not UTF-8), INPUT_TOO_LARGE, OUT_OF_MEMORY.
inline Result<Buffer> try_aad(Bytes tenant, Bytes cache_key, Text format = "msgpack",
    bool compressed = true, Text original_type = nullptr) noexcept
{
    if (!format.whole() || !original_type.whole())
        return detail::inner_nul();
    constexpr std::size_t rest = 26; // of the bound that cachekit_aad states
    const std::size_t texts = format.size() + original_type.size();
    return detail::made(detail::sum(rest + texts, detail::sum(tenant.size(), cache_key.size())),
        [&](std::uint8_t *out, std::size_t *size) {
            return cachekit_aad(tenant.data(), tenant.size(), cache_key.data(), cache_key.size(),
                format.c_str(), compressed, original_type.c_str(), out, size);
        });
}

#if CACHEKIT_EXCEPTIONS
// The same, with exceptions.
inline Buffer generate_key() { return try_generate_key().value(); }
inline Buffer parse_master_key(Text digits) { return try_parse_master_key(digits).value(); }
inline Buffer derive_key(Bytes master, Bytes salt, Bytes domain)
{
    return try_derive_key(master, salt, domain).value();
}
inline TenantKeys derive_tenant_keys(Bytes master, Bytes tenant)
{
    return try_derive_tenant_keys(master, tenant).value();
}
inline Fingerprint key_fingerprint(Bytes key) { return try_key_fingerprint(key).value(); }
inline Buffer aad(Bytes tenant, Bytes cache_key, Text format = "msgpack", bool compressed = true,
    Text original_type = nullptr)
{
    return try_aad(tenant, cache_key, format, compressed, original_type).value();
}
#endif

// ---------------------------------------------------------------------------
// Without an object
// ---------------------------------------------------------------------------

// The size in bytes of the largest envelope that compress can make of so many bytes.
inline std::size_t compressed_bound(std::size_t size) noexcept
{
    return cachekit_compressed_bound(size);
}

// Reads the header of an envelope without decompressing it.
//
// A CacheMiss if it is none, or claims too much.
inline Result<EnvelopeInfo> try_inspect(Bytes envelope) noexcept
{
    CachekitEnvelopeInfo found = CACHEKIT_ENVELOPE_INFO_INIT;
    const CachekitError code = cachekit_envelope_inspect(envelope.data(), envelope.size(), &found);
    if (code != CACHEKIT_OK)
        return detail::entry_failure(code);
    EnvelopeInfo info;
    info.original_size = found.original_size;
    info.compressed_size = found.compressed_size;
    std::memcpy(info.checksum.data(), found.checksum, sizeof found.checksum);
    info.format = std::string_view(found.format, found.format_len);
    return info;
}

// The envelope of data, with the format "msgpack" and the default level.
//
// INPUT_TOO_LARGE (over 512 MiB), OUT_OF_MEMORY.
inline Result<Buffer> try_compress(Bytes data) noexcept
{
    return detail::made(compressed_bound(data.size()), [&](std::uint8_t *out, std::size_t *size) {
        return cachekit_compress(data.data(), data.size(), out, size);
    });
}

// compress into out; returns the length of the envelope. Bound: compressed_bound(data.size()).
inline Result<std::size_t> try_compress_into(Bytes data, MutableBytes out) noexcept
{
    return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
        return cachekit_compress(data.data(), data.size(), to, size);
    });
}

// The payload of an envelope of any format.
//
// A CacheMiss if it is damaged, is none, or claims more than 512 MiB; OUT_OF_MEMORY.
inline Result<Buffer> try_decompress(Bytes envelope) noexcept
{
    const Result<EnvelopeInfo> info = try_inspect(envelope);
    if (!info)
        return info.error();
    return detail::made(
        info->original_size,
        [&](std::uint8_t *out, std::size_t *size) {
            return cachekit_decompress(envelope.data(), envelope.size(), out, size);
        },
        detail::OfEntry());
}

// decompress into out; returns the length of the payload.
// Bound: the original_size that inspect finds, which is also the exact size.
inline Result<std::size_t> try_decompress_into(Bytes envelope, MutableBytes out) noexcept
{
    return detail::into(
        out,
        [&](std::uint8_t *to, std::size_t *size) {
            return cachekit_decompress(envelope.data(), envelope.size(), to, size);
        },
        detail::OfEntry());
}

// The XXH3-64 (seed 0) of data, as an envelope carries it. It detects accidents; it does not
// stop a forger.
inline Result<Checksum> try_checksum(Bytes data) noexcept
{
    Checksum sum{};
    const CachekitError code = cachekit_checksum(data.data(), data.size(), sum.data());
    if (code != CACHEKIT_OK)
        return Failure(code);
    return sum;
}

// Whether expected is the checksum of data.
//
// INVALID_INPUT if it has not CACHEKIT_CHECKSUM_SIZE bytes.
inline Result<bool> try_verify_checksum(Bytes data, Bytes expected) noexcept
{
    if (expected.size() != CACHEKIT_CHECKSUM_SIZE)
        return Failure(CACHEKIT_INVALID_INPUT, "a checksum has 8 bytes");
    const CachekitError code = cachekit_verify_checksum(data.data(), data.size(), expected.data());
    if (code != CACHEKIT_OK && code != CACHEKIT_CHECKSUM_MISMATCH)
        return Failure(code);
    return code == CACHEKIT_OK;
}

// Metrics as text for Prometheus. name says whose they are, if there are several.
//
// INVALID_INPUT (name is not UTF-8), INPUT_TOO_LARGE (over CACHEKIT_MAX_METRICS_NAME_SIZE),
// OUT_OF_MEMORY.
inline Result<Buffer> try_metrics_text(const CachekitMetrics &metrics, Text name = nullptr) noexcept
{
    if (!name.whole())
        return detail::inner_nul();
    Result<Buffer> text = detail::made(CACHEKIT_METRICS_TEXT_BUFFER_SIZE, [&](std::uint8_t *out,
                                                                              std::size_t *size) {
        return cachekit_metrics_text(&metrics, name.c_str(), reinterpret_cast<char *>(out), size);
    });
    if (text)
        text->shorten(text->size() - 1); // without its NUL
    return text;
}

#if CACHEKIT_EXCEPTIONS
// The same, with exceptions.
inline EnvelopeInfo inspect(Bytes envelope) { return try_inspect(envelope).value(); }
inline Buffer compress(Bytes data) { return try_compress(data).value(); }
inline std::size_t compress_into(Bytes data, MutableBytes out)
{
    return try_compress_into(data, out).value();
}
inline Buffer decompress(Bytes envelope) { return try_decompress(envelope).value(); }
inline std::size_t decompress_into(Bytes envelope, MutableBytes out)
{
    return try_decompress_into(envelope, out).value();
}
inline Checksum checksum(Bytes data) { return try_checksum(data).value(); }
inline bool verify_checksum(Bytes data, Bytes expected)
{
    return try_verify_checksum(data, expected).value();
}
inline Buffer metrics_text(const CachekitMetrics &metrics, Text name = nullptr)
{
    return try_metrics_text(metrics, name).value();
}
#endif

// ---------------------------------------------------------------------------
// Interop mode: entries shared with other languages
// ---------------------------------------------------------------------------

// The cache key of a call, as interop_key makes it. A value without memory of its own.
class InteropKey
{
  public:
    InteropKey() noexcept = default;
    const char *c_str() const noexcept { return text_; }
    const char *data() const noexcept { return text_; }
    std::size_t size() const noexcept { return size_; }
    std::string_view text() const noexcept { return {text_, size_}; }
    operator Text() const noexcept { return Text(text_); }

  private:
    friend Result<InteropKey> try_interop_key(Text name_space, Text operation, Bytes args) noexcept;

    std::size_t size_ = 0; // without its NUL
    char text_[CACHEKIT_INTEROP_KEY_BUFFER_SIZE] = "";
};

// Checks that document is exactly one well-formed MessagePack document, nested at most 100 levels
// deep. Do this before you parse bytes from a cache.
//
// A CacheMiss if it is not.
inline Result<void> try_msgpack_check(Bytes document) noexcept
{
    const CachekitError code = cachekit_msgpack_check(document.data(), document.size());
    if (code != CACHEKIT_OK)
        return detail::entry_failure(code);
    return std::monostate{};
}

// The cache key of a call: name_space, operation and the hash of args, which is one MessagePack
// array, in any order of its maps and any widths of its numbers.
//
// INVALID_INPUT (a bad name, or arguments that are no array or have no canonical form),
// INPUT_TOO_LARGE, OUT_OF_MEMORY.
inline Result<InteropKey> try_interop_key(Text name_space, Text operation, Bytes args) noexcept
{
    if (!name_space.whole() || !operation.whole())
        return detail::inner_nul();
    InteropKey key;
    std::size_t size = sizeof key.text_;
    const CachekitError code = cachekit_interop_key(
        name_space.c_str(), operation.c_str(), args.data(), args.size(), key.text_, &size);
    if (code != CACHEKIT_OK)
        return Failure(code);
    key.size_ = size - 1;
    return key;
}

// The canonical form of a MessagePack document: equal values give equal bytes. Fails as
// interop_key does.
inline Result<Buffer> try_interop_value(Bytes document) noexcept
{
    return detail::made(
        detail::sum(document.size(), document.size()), [&](std::uint8_t *out, std::size_t *size) {
            return cachekit_interop_value(document.data(), document.size(), out, size);
        });
}

// interop_value into out; returns the length. Bound: 2 * document.size().
inline Result<std::size_t> try_interop_value_into(Bytes document, MutableBytes out) noexcept
{
    return detail::into(out, [&](std::uint8_t *to, std::size_t *size) {
        return cachekit_interop_value(document.data(), document.size(), to, size);
    });
}

#if CACHEKIT_EXCEPTIONS
// The same, with exceptions.
inline void msgpack_check(Bytes document) { return try_msgpack_check(document).value(); }
inline InteropKey interop_key(Text name_space, Text operation, Bytes args)
{
    return try_interop_key(name_space, operation, args).value();
}
inline Buffer interop_value(Bytes document) { return try_interop_value(document).value(); }
inline std::size_t interop_value_into(Bytes document, MutableBytes out)
{
    return try_interop_value_into(document, out).value();
}
#endif

// ---------------------------------------------------------------------------
// Library
// ---------------------------------------------------------------------------

// Starts the library now instead of at the first call that needs it; that takes some 2 ms.
//
// OUT_OF_MEMORY (a later call tries again), FORKED.
inline Result<void> try_start() noexcept { return detail::done(cachekit_start()); }

#if CACHEKIT_EXCEPTIONS
// The same, with exceptions.
inline void start() { return try_start().value(); }
#endif

// The version of the library that is loaded: major * 10000 + minor * 100 + patch.
inline std::uint32_t version_number() noexcept { return cachekit_version_number(); }
// The same as text. Static.
inline const char *version_string() noexcept { return cachekit_version_string(); }
// What the library was built with and which code it runs on this CPU, for logs. Static.
inline const char *build_info() noexcept { return cachekit_build_info(); }
// Whether encryption uses the CPU's AES instructions.
inline bool hardware_acceleration_enabled() noexcept
{
    return cachekit_hardware_acceleration_enabled();
}

} // namespace cachekit

#endif // CACHEKIT_HPP
