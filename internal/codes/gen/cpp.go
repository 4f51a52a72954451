package main

import (
	"fmt"
	"strings"

	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// cpp replaces the exceptions in the header for C++.
func cpp(old string) (string, error) {
	var b strings.Builder
	b.WriteString("// clang-format off\ninline bool detail::is_miss(CachekitError code) noexcept\n{\n    switch (code) {\n")
	for _, code := range codes.All() {
		if code.Row().Miss {
			fmt.Fprintf(&b, "    case %s:\n", code.Name())
		}
	}
	b.WriteString("        return true;\n    default:\n        return false;\n    }\n}\n\n#if CACHEKIT_EXCEPTIONS\n")
	b.WriteString(cppBases)
	for _, e := range exceptions() {
		above := "Error"
		if e.code.Row().Miss {
			above = "CacheMiss"
		}
		cppClass(&b, e.doc, e.name, above)
	}
	for _, e := range entryErrors {
		cppClass(&b, sentence(e.doc), e.name, classOf(e.code), "CacheMiss")
	}
	b.WriteString("// Throws a failure as the class of its code.\n[[noreturn]] inline void detail::raise(const Failure &failure)\n{\n")
	b.WriteString("    switch (failure.code()) {\n")
	for _, e := range exceptions() {
		fmt.Fprintf(&b, "    case %s:\n", e.code.Name())
		for _, entry := range entryErrors {
			if entry.code == e.code {
				fmt.Fprintf(&b, "        if (failure.of_entry())\n            throw %s(failure);\n", entry.name)
			}
		}
		fmt.Fprintf(&b, "        throw %s(failure);\n", e.name)
	}
	b.WriteString("    default:\n        throw Error(failure); // a code of a newer library\n    }\n}\n#endif\n// clang-format on\n")
	return splice(old, "// codes:begin\n", "// codes:end\n", b.String())
}

const cppBases = `// Above all exceptions of the library.
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

`

// cppClass writes an exception. Error is above others virtually, since an entry error
// has two classes above it.
func cppClass(b *strings.Builder, doc, name string, above ...string) {
	for _, line := range wrap(strings.Fields(doc), 88) {
		fmt.Fprintf(b, "// %s\n", line)
	}
	var bases, made []string
	for _, base := range above {
		if base == "Error" {
			bases = append(bases, "public virtual Error")
			continue
		}
		bases, made = append(bases, "public "+base), append(made, ", "+base+"(failure)")
	}
	fmt.Fprintf(b, "class CACHEKIT_VISIBLE %s : %s\n{\npublic:\n    explicit %s(const Failure &failure) noexcept : Error(failure)%s {}\n};\n\n",
		name, strings.Join(bases, ", "), name, strings.Join(made, ""))
}
