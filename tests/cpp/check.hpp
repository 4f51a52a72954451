// Tests in one header: a program defines TESTs, and main is here. A check that fails says
// where and in which case, and the test goes on.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <cachekit.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace check
{

struct Test {
    const char *name;
    void (*run)();
};

inline std::vector<Test> tests;
inline int failures; // of the test that runs
inline std::string what;

struct Add {
    Add(const char *name, void (*run)()) { tests.push_back({name, run}); }
};

inline void that(bool holds, const char *text, const char *file, int line)
{
    if (holds)
        return;
    failures++;
    std::printf("%s:%d: %s%s%s\n", file, line, text, what.empty() ? "" : ", in ", what.c_str());
}

inline void code(
    CachekitError want, CachekitError got, const char *text, const char *file, int line)
{
    if (want != got)
        std::printf("%s: %s, want %s\n", text, cachekit_error_name(got), cachekit_error_name(want));
    that(want == got, text, file, line);
}

} // namespace check

#define TEST(name)                                                                                 \
    static void name();                                                                            \
    static const check::Add add_##name(#name, name);                                               \
    static void name()

// Variadic, for the commas of templates.
#define CHECK(...) check::that((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
// What must not be reached.
#define FAIL(text) check::that(false, text, __FILE__, __LINE__)
// The code of a Result, or of what has code().
#define CHECK_CODE(want, ...)                                                                      \
    check::code(want, (__VA_ARGS__).code(), #__VA_ARGS__, __FILE__, __LINE__)

int main()
{
    int failed = 0;
    for (const check::Test &test : check::tests) {
        check::failures = 0;
        check::what.clear();
        test.run();
        if (check::failures > 0) {
            std::printf("FAIL %s\n", test.name);
            failed++;
        }
    }
    // Who ran no test has proved nothing.
    const int ran = static_cast<int>(check::tests.size());
    std::printf("%s: %d passed, %d failed\n", PROGRAM, ran - failed, failed);
    return failed == 0 && ran > 0 ? 0 : 1;
}

#endif // CHECK_HPP
