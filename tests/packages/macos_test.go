package packages

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// Of <mach-o/loader.h>, what debug/macho has no name for.
const (
	idDylib       = 0xd
	codeSignature = 0x1d
	dyldInfo      = 0x80000022
	exportsTrie   = 0x80000033
	buildVersion  = 0x32
	macOS         = 1
)

// macos builds the libraries, unless LLVM's linker is not installed.
func macos(t *testing.T, target string) {
	t.Helper()
	tools(t)
	out, err := sh(root, "make -s "+target)
	switch {
	case strings.Contains(out, "LLVM's linker for macOS"):
		need.Missing(t, "lld is not installed")
	case err != nil:
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
}

// What macOS' loader sees of the libraries, which cannot run here, is what it should be.
func TestMacOSLibraries(t *testing.T) {
	macos(t, "macos")
	want := strings.Fields(must(t, root, `packaging/names.sh include/cachekit.h | sed s/^/_/`))
	for arch, cpu := range map[string]macho.Cpu{"arm64": macho.CpuArm64, "x86_64": macho.CpuAmd64} {
		t.Run(arch, func(t *testing.T) {
			content := read(t, filepath.Join(root, "build", "macos", arch, "libcachekit_core.dylib"))
			f, err := macho.NewFile(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if f.Cpu != cpu || f.Type != macho.TypeDylib {
				t.Errorf("%v for %v", f.Type, f.Cpu)
			}
			if libraries, err := f.ImportedLibraries(); err != nil || !slices.Equal(libraries, []string{"/usr/lib/libSystem.B.dylib"}) {
				t.Errorf("needs %v, %v", libraries, err)
			}
			commands := commandsOf(f)
			if id := commands[idDylib]; id == nil || !bytes.Contains(id, []byte("@rpath/libcachekit_core.0.dylib\x00")) {
				t.Errorf("its name is %q", id)
			}
			// The version has two bytes of the major, and one each of the two behind it.
			if v := commands[buildVersion]; len(v) < 16 || f.ByteOrder.Uint32(v[8:]) != macOS || f.ByteOrder.Uint32(v[12:]) != 13<<16 {
				t.Errorf("is not for macOS 13.0 or later: % x", v)
			}
			if commands[codeSignature] == nil && arch == "arm64" {
				t.Error("is not signed, and arm64 refuses such code")
			}
			// Go's entry, and the constructor that expects it.
			if init := f.Section("__mod_init_func"); init == nil || init.Size < 16 {
				t.Errorf("the loader calls %v", init)
			}
			for _, s := range f.Sections {
				if s.Seg == "__DWARF" {
					t.Errorf("has debug data: %s", s.Name)
				}
			}
			exported := exportsOf(t, f, commands, content)
			if !slices.Equal(exported, want) {
				t.Errorf("exports %v, want %v", exported, want)
			}
			for _, folder := range []string{"/root/", "/home/", "/tmp/"} {
				if bytes.Contains(content, []byte(folder)) {
					t.Errorf("names a folder in %s", folder)
				}
			}
		})
	}
}

// TestTwoMacOSBuildsAreEqual is TestTwoBuildsAreEqual for one of these libraries.
func TestTwoMacOSBuildsAreEqual(t *testing.T) {
	need.Program(t, "git")
	macos(t, "macos-arm64")
	dir := t.TempDir()
	must(t, root, strings.Replace(copyTree, "$1", dir, 1))
	must(t, dir, "umask 077 && make -s macos-arm64 tools='"+tools(t)+"'")
	const path = "build/macos/arm64/libcachekit_core.dylib"
	if one, other := read(t, filepath.Join(root, path)), read(t, filepath.Join(dir, path)); len(one) < 1<<19 || !bytes.Equal(one, other) {
		t.Errorf("two builds of %d and %d bytes differ", len(one), len(other))
	}
}

// TestMakeOnAMac has make take this machine for a Mac whose compiler is zig's: it builds the
// library of `make macos`, the C tests and an example, and installs what programs look for there.
func TestMakeOnAMac(t *testing.T) {
	macos(t, "macos-arm64")
	dir := t.TempDir()
	path := filepath.Join(dir, "bin")
	zig := strings.TrimSpace(must(t, root, "'"+tools(t)+"/bin/python' -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))'")) + "/zig"
	must(t, dir, `mkdir bin && printf '#!/bin/sh\necho Darwin\n' >bin/uname &&
		printf '#!/bin/sh\nexec "%s" arm64 "$@"\n' '`+top(t)+`/packaging/macos/zig-cc' >bin/cc && chmod +x bin/*`)
	linker := regexp.MustCompile(`LLD='(.+?)'`).FindStringSubmatch(must(t, root, "make -n macos-arm64"))
	if linker == nil {
		t.Fatal("make macos names no linker")
	}
	env := []string{"PATH=" + path + ":" + os.Getenv("PATH"), "GOOS=darwin", "GOARCH=arm64", "ZIG=" + zig, "LLD=" + linker[1],
		"ZIG_GLOBAL_CACHE_DIR=" + tools(t) + "/zig", "ZIG_LOCAL_CACHE_DIR=" + tools(t) + "/zig", "MACOSX_DEPLOYMENT_TARGET=13.0"}
	must(t, root, "make -s BUILD="+dir+" all "+dir+"/quickstart", env...)
	const name = "libcachekit_core.0.dylib"
	one, other := read(t, filepath.Join(root, "build/macos/arm64", name)), read(t, filepath.Join(dir, name))
	if len(one) < 1<<19 || !bytes.Equal(one, other) {
		t.Errorf("the library of make macos, %d bytes, and that of make, %d bytes, differ", len(one), len(other))
	}
	must(t, root, "make -s -C tests/c programs BUILD="+dir+"/tests LIBRARY="+dir+"/libcachekit_core.dylib", env...)
	for _, program := range []string{"quickstart", "tests/library"} {
		f, err := macho.Open(filepath.Join(dir, program))
		if err != nil {
			t.Fatal(err)
		}
		if libraries, err := f.ImportedLibraries(); err != nil || !slices.Contains(libraries, "@rpath/"+name) {
			t.Errorf("%s needs %v, %v", program, libraries, err)
		}
		f.Close()
	}

	must(t, root, "make -s install BUILD="+dir+" PREFIX=/opt/x DESTDIR="+dir+"/installed", env...)
	lib := dir + "/installed/opt/x/lib/"
	if link, err := os.Readlink(lib + "libcachekit_core.dylib"); err != nil || link != name || !bytes.Equal(read(t, lib+name), other) {
		t.Errorf("libcachekit_core.dylib is %q, %v", link, err)
	}
	if pc := string(read(t, lib+"pkgconfig/cachekit_core.pc")); !strings.Contains(pc, "\nLibs: -L\"${libdir}\" -lcachekit_core -Wl,-rpath,\"${libdir}\"\n") {
		t.Errorf("pkg-config reads\n%s", pc)
	}
	must(t, root, "make -s uninstall BUILD="+dir+" PREFIX=/opt/x DESTDIR="+dir+"/installed", env...)
	if left := must(t, dir, "find installed -type f -o -type l"); left != "" {
		t.Errorf("uninstall left %s", left)
	}
	if out, err := sh(root, "make -s static BUILD="+dir, env...); err == nil || !strings.Contains(out, "Linux only") {
		t.Errorf("make static: %v %s", err, out)
	}
}

// commandsOf are the load commands by number; of several the last one.
func commandsOf(f *macho.File) map[uint32][]byte {
	commands := map[uint32][]byte{}
	for _, l := range f.Loads {
		raw := l.Raw()
		commands[f.ByteOrder.Uint32(raw)] = raw
	}
	return commands
}

// exportsOf are the names in the trie in which the loader looks for them.
func exportsOf(t *testing.T, f *macho.File, commands map[uint32][]byte, content []byte) (names []string) {
	t.Helper()
	var at, size uint32
	if c := commands[exportsTrie]; c != nil {
		at, size = f.ByteOrder.Uint32(c[8:]), f.ByteOrder.Uint32(c[12:])
	} else if c := commands[dyldInfo]; c != nil {
		at, size = f.ByteOrder.Uint32(c[40:]), f.ByteOrder.Uint32(c[44:])
	}
	if size == 0 {
		t.Fatal("exports nothing")
	}
	names, err := trieNames(content[at:at+size], 0, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// trieNames are the names below a node: the size of what it has itself, that, and its
// children, each a text and the place of another node.
func trieNames(trie []byte, at uint64, name string, depth int) (names []string, err error) {
	if at >= uint64(len(trie)) || depth > 200 {
		return nil, fmt.Errorf("no node at %d of %d", at, len(trie))
	}
	node := trie[at:]
	own, n := binary.Uvarint(node)
	if n <= 0 || uint64(len(node)) < uint64(n)+own+1 {
		return nil, fmt.Errorf("a node at %d is cut", at)
	}
	if own > 0 {
		names = append(names, name)
	}
	node = node[uint64(n)+own:]
	children := int(node[0])
	node = node[1:]
	for range children {
		text, rest, found := bytes.Cut(node, []byte{0})
		child, n := binary.Uvarint(rest)
		if !found || n <= 0 {
			return nil, fmt.Errorf("a node at %d is cut", at)
		}
		below, err := trieNames(trie, child, name+string(text), depth+1)
		if err != nil {
			return nil, err
		}
		names = append(names, below...)
		node = rest[n:]
	}
	return names, nil
}
