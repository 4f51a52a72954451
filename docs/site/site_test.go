package main

import (
	"os"
	"strings"
	"testing"
)

func TestComments(t *testing.T) {
	known := func(word string) string {
		if word == "cachekit_wipe" {
			return "[`cachekit_wipe`](#cachekit_wipe)"
		}
		return ""
	}
	for comment, want := range map[string]string{
		"One line\nand another. It calls cachekit_wipe.":    "One line and another. It calls [`cachekit_wipe`](#cachekit_wipe).\n\n",
		"A name *out_len, a < b and a[0].":                  "A name `*out_len`, a \\< b and a\\[0\\].\n\n",
		"Text.\n\n    code *here;\n\n    more_code;\nText.": "Text.\n\n```c\ncode *here;\n\nmore_code;\n```\n\nText.\n\n",
		"Returns\n  CACHEKIT_OK\n  CACHEKIT_FORKED  the process\n                   was forked\n  CACHEKIT_INTERNAL,\n  CACHEKIT_NULL_POINTER": "Returns\n\n- `CACHEKIT_OK`\n- `CACHEKIT_FORKED`: the process was forked\n- `CACHEKIT_INTERNAL`, `CACHEKIT_NULL_POINTER`\n\n",
		"Kinds.\n  A storage. It\n  compresses.\n  A keyring encrypts.":                                                                        "Kinds.\n\n- A storage. It compresses.\n- A keyring encrypts.\n\n",
		"How:\n\n    int main(void);\n\n    cc program.c":                                                                                      "How:\n\n```c\nint main(void);\n```\n\n```sh\ncc program.c\n```\n\n",
		"Threads. Every call.":                "**Threads.** Every call.\n\n",
		"See https://example.com/a_b and `x`": "See <https://example.com/a_b> and `x`\n\n",
	} {
		if got := markdown(strings.Split(comment, "\n"), known); got != want {
			t.Errorf("%q\nis  %q\nnot %q", comment, got, want)
		}
	}
}

func TestDeclarationsOfCpp(t *testing.T) {
	source := `// A pair.
class Pair
{
  public:
    // Makes one
    // of two.
    Pair(int a, int b = {}) noexcept : a_(a), b_{b} {}

    int first() const noexcept { return a_; }
    int second() const noexcept
    {
        return b_;
    }

  private:
    // Not shown.
    int a_ = 0, b_ = 0;
};

} // namespace cachekit`
	r := &cppReader{lines: strings.Split(source, "\n"), name: func(string) string { return "" }}
	r.scope("", "###")
	want := "### Pair { #Pair }\n\n```cpp\nclass Pair;\n```\n\nA pair.\n\n" +
		"#### Pair { #Pair.Pair }\n\n```cpp\nPair(int a, int b = {}) noexcept;\n```\n\nMakes one of two.\n\n" +
		"#### first, second { #Pair.first }\n\n<a id=\"Pair.second\"></a>\n\n```cpp\nint first() const noexcept;\nint second() const noexcept;\n```\n\n"
	if got := r.out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRubyIsRead(t *testing.T) {
	r := &rubyReader{classes: map[string]*rubyClass{}, hidden: map[string]bool{}}
	r.read(strings.Split(`# All of it; see {Box#put}.
module CachekitCore
  # A box.
  class Box < Base
    SIZE = 3
    private_constant :SIZE

    # Puts +something+ in.
    # @param thing [String, nil] what goes in,
    #   or nothing
    # @return [Box]
    # @raise [Full] it is full
    def put(thing,
            again: false)
      thing
    end

    # @api private
    def inner = 1

    private

    # Not shown.
    def secret; end
  end
end`, "\n"))
	want := "# Ruby: cachekit_core\n\n## CachekitCore { #CachekitCore }\n\n```ruby\nmodule CachekitCore\n```\n\nAll of it; see [`Box#put`](#Box-put).\n\n\n" +
		"## CachekitCore::Box { #Box }\n\n```ruby\nclass CachekitCore::Box < Base\n```\n\nA box.\n\n\n" +
		"### put { #Box-put }\n\n```ruby\ndef put(thing, again: false)\n```\n\nPuts `something` in.\n\n" +
		"- `thing` (`String`, `nil`): what goes in, or nothing\n- **Returns** [`Box`](#Box)\n- **Raises** `Full`: it is full\n\n"
	if got := r.page(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLinksAndSections(t *testing.T) {
	t.Chdir("../..")
	s := &site{
		symbols:  map[string]string{"cachekit_wipe": "reference/c.md#cachekit_wipe", "CACHEKIT_FORKED": "reference/c.md#CACHEKIT_FORKED"},
		pages:    map[string]string{"docs/linking.md": "linking.md", "SECURITY.md": "security.md"},
		sections: map[string]string{"limits": "limits.md"},
		sources:  map[string]string{"include/cachekit.h": "reference/c.md"},
	}
	for link, want := range map[string]string{
		"See [a](../SECURITY.md#reporting)":     "See [a](security.md#reporting)",
		"See [a](../README.md#limits)":          "See [a](limits.md#limits)",
		"See [a](../README.md#architecture)":    "See [a](" + repository + "README.md#architecture)",
		"See [a](../examples/go/main.go)":       "See [a](" + repository + "examples/go/main.go)",
		"[a](#cmake), `cachekit_wipe`":          "[a](linking.md#cmake), [`cachekit_wipe`](reference/c.md#cachekit_wipe)",
		"`FORKED`, not `OK`":                    "[`FORKED`](reference/c.md#CACHEKIT_FORKED), not `OK`",
		"[`cachekit.h`](../include/cachekit.h)": "[`cachekit.h`](reference/c.md)",
		"[`cachekit_wipe`](linking.md)":         "[`cachekit_wipe`](linking.md)",
		"```c\n[a](b) `cachekit_wipe`\n```":     "```c\n[a](b) `cachekit_wipe`\n```",
	} {
		if got, err := s.document("docs/linking.md", link); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", link, got, err, want)
		}
	}
	program, err := os.ReadFile("examples/c/quickstart.c")
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.document("docs/linking.md", "Before\n\n[it](../examples/c/quickstart.c)\n\n[The limits](../README.md#limits)\n")
	if err != nil || !strings.HasPrefix(got, "Before\n\n```c title=\"examples/c/quickstart.c\"\n"+string(program)+"```\n\n## The limits { #limits }\n") ||
		!strings.Contains(got, "536870912") || strings.Contains(got, "\n## Codes") {
		t.Errorf("%v\n%s", err, got)
	}
	for _, wrong := range []string{"[a](none.md)", "[a](../README.md#none)", "[a](../examples/none.c)"} {
		if _, err := s.document("docs/linking.md", wrong); err == nil {
			t.Errorf("%s is no error", wrong)
		}
	}
}
