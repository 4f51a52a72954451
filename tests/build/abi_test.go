package build

import (
	"debug/dwarf"
	"debug/elf"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

var update = flag.Bool("update", false, "write the record of the ABI that a test compares with")

// abi is what programs that were linked once depend on.
const abi = root + "/packaging/abi.txt"

// TestABI holds the header to the record of its functions, numbers and types, and of where
// the fields of its structs lie. That the library exports these functions and no others,
// the build itself checks.
func TestABI(t *testing.T) {
	need.Programs(t, "cc", "awk")
	declared, err := sh(root, "awk -f packaging/ffi.awk include/cachekit.h")
	if err != nil {
		t.Fatal(declared)
	}
	_, declared, _ = strings.Cut(declared, "\n") // without the comment
	declared = regexp.MustCompile(`(?m)^ *CACHEKIT_VERSION_.*\n`).ReplaceAllString(declared, "")
	got := declared + "\n/* Offset, size and name of each field, on platforms with 64 bits.\n" + layouts(t, declared) + "*/\n"
	if *update {
		if err := os.WriteFile(abi, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := string(read(t, abi))
	if got == want {
		return
	}
	before, after := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("gone: %s", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("new:  %s", line)
		}
	}
	t.Errorf("the header is not that of packaging/abi.txt; if CONTRIBUTING allows the change: go test ./tests/build -run ABI -update")
}

// debianSymbols is the record of when each function came, from which Debian's tools know the
// oldest version that a program runs with.
const debianSymbols = root + "/packaging/debian/libcachekit-core0.symbols"

// TestABIForDebian holds that record to the header. A new function has the version in which the
// record is updated.
func TestABIForDebian(t *testing.T) {
	version := regexp.MustCompile(`CACHEKIT_VERSION_STRING "([0-9.]+)"`).FindStringSubmatch(string(read(t, root+"/include/cachekit.h")))
	names, err := sh(root, "packaging/names.sh include/cachekit.h")
	if err != nil || version == nil {
		t.Fatal(names, version)
	}
	recorded := string(read(t, debianSymbols))
	came := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^ (\w+)@Base (\d+\.\d+\.\d+)$`).FindAllStringSubmatch(recorded, -1) {
		came[match[1]] = match[2]
	}
	head, _, _ := strings.Cut(recorded, "\n ")
	got := head + "\n"
	for _, name := range strings.Fields(names) {
		if came[name] == "" && *update {
			came[name] = version[1]
		}
		if slices.Compare(numbers(came[name]), numbers(version[1])) > 0 {
			t.Errorf("%s came with %s, which is later than %s", name, came[name], version[1])
		}
		got += " " + name + "@Base " + came[name] + "\n"
	}
	if *update {
		if err := os.WriteFile(debianSymbols, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != recorded {
		t.Errorf("%s is not that of the header; if CONTRIBUTING allows the change: go test ./tests/build -run ABI -update\nwant\n%s", debianSymbols, got)
	}
}

// numbers are those of a version.
func numbers(version string) (list []int) {
	for _, part := range strings.Split(version, ".") {
		n, _ := strconv.Atoi(part)
		list = append(list, n)
	}
	return list
}

// layouts are the structs that are declared with their fields, as the C compiler lays them
// out.
func layouts(t *testing.T, declared string) string {
	t.Helper()
	source := "#include <cachekit.h>\n"
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^typedef struct (\w+) \{`).FindAllStringSubmatch(declared, -1) {
		names = append(names, match[1])
		source += match[1] + " of_" + match[1] + ";\n"
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.c"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, root, "cc -g -c -Iinclude '"+dir+"/all.c' -o '"+dir+"/all.o'")
	file, err := elf.Open(filepath.Join(dir, "all.o"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	seen := 0
	for entries := data.Reader(); ; {
		entry, err := entries.Next()
		if err != nil {
			t.Fatal(err)
		}
		if entry == nil {
			break
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		if entry.Tag != dwarf.TagStructType || !slices.Contains(names, name) {
			continue
		}
		kind, err := data.Type(entry.Offset)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		fmt.Fprintf(&text, "%s: %d bytes\n", name, kind.Size())
		for _, field := range kind.(*dwarf.StructType).Field {
			fmt.Fprintf(&text, "%6d %3d %s\n", field.ByteOffset, field.Type.Size(), field.Name)
		}
	}
	if seen == 0 || seen != len(names) {
		t.Fatalf("%d of the structs %v have a layout", seen, names)
	}
	return text.String()
}
