package build

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// exports reads the names that a DLL exports, which package debug/pe does not.
func exports(t *testing.T, file *pe.File) (names []string) {
	t.Helper()
	header, ok := file.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		t.Fatal("it is not for 64 bits")
	}
	// at is what the loader puts at an address relative to that of the file.
	at := func(address uint32) []byte {
		for _, s := range file.Sections {
			if address >= s.VirtualAddress && address-s.VirtualAddress < s.Size {
				content, err := s.Data()
				if err != nil {
					t.Fatal(err)
				}
				return content[address-s.VirtualAddress:]
			}
		}
		t.Fatalf("nothing is at %#x", address)
		return nil
	}
	// Of IMAGE_EXPORT_DIRECTORY, the number of names and where their addresses are.
	directory := at(header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress)
	functions, count := binary.LittleEndian.Uint32(directory[20:]), binary.LittleEndian.Uint32(directory[24:])
	if functions != count {
		t.Errorf("%d functions are exported, and %d names", functions, count)
	}
	table := at(binary.LittleEndian.Uint32(directory[32:]))
	for i := range count {
		name, _, _ := bytes.Cut(at(binary.LittleEndian.Uint32(table[4*i:])), []byte{0})
		names = append(names, string(name))
	}
	return names
}

func TestTheDLLExportsTheHeaderAndNeedsOnlyWindows(t *testing.T) {
	need.Programs(t, "make", "x86_64-w64-mingw32-gcc")
	dir := t.TempDir()
	must(t, root, "make -s windows BUILD="+dir)
	file, err := pe.Open(filepath.Join(dir, "windows/amd64/libcachekit_core.dll"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	declared, err := exec.Command(root+"/packaging/names.sh", root+"/include/cachekit.h").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(declared))
	if got := exports(t, file); len(want) < 65 || !slices.Equal(got, want) {
		t.Errorf("it exports\n%v\nand the header declares\n%v", got, want)
	}

	symbols, err := file.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]int{}
	for _, symbol := range symbols {
		_, library, _ := strings.Cut(symbol, ":")
		library = strings.ToLower(library)
		if strings.HasPrefix(library, "api-ms-win-crt-") {
			library = "msvcrt.dll" // where mingw-w64 is for the new C library of Windows
		}
		needed[library]++
	}
	if len(needed) != 2 || needed["kernel32.dll"] < 20 || needed["msvcrt.dll"] < 10 {
		t.Errorf("it takes functions from %v", needed)
	}

	// The part of GODEBUG that Linux gets from environment.c.
	if !bytes.Contains(read(t, filepath.Join(dir, "windows/amd64/libcachekit_core.dll")), []byte("asyncpreemptoff=1")) {
		t.Error("Go would interrupt threads, which leaves keys on stacks")
	}
}

func TestTheBytesForWindowsDependOnTheSourcesAlone(t *testing.T) {
	need.Programs(t, "make", "git", "tar", "x86_64-w64-mingw32-gcc")
	tree, elsewhere := filepath.Join(t.TempDir(), "tree"), t.TempDir()
	must(t, root, strings.Replace(`mkdir "$1" && `+copyTree, "$1", tree, 2))
	must(t, tree, "make -s windows")
	must(t, root, "make -s windows BUILD="+elsewhere)
	for _, name := range []string{"libcachekit_core.dll", "libcachekit_core.dll.a", "libcachekit_core.def"} {
		one, other := read(t, filepath.Join(tree, "build/windows/amd64", name)), read(t, filepath.Join(elsewhere, "windows/amd64", name))
		if len(one) < 1000 || !bytes.Equal(one, other) {
			t.Errorf("%s: %d and %d bytes, which differ", name, len(one), len(other))
		}
		if bytes.Contains(one, []byte(tree)) {
			t.Errorf("%s names the folder %s", name, tree)
		}
	}
}

// The commands of README make a program that asks for the DLL.
func TestReadmeCommandsForWindows(t *testing.T) {
	need.Programs(t, "make", "x86_64-w64-mingw32-gcc")
	_, commands, ok := strings.Cut(string(read(t, root+"/README.md")), "\n### Windows\n")
	if ok {
		_, commands, ok = strings.Cut(commands, "\n```sh\n")
	}
	commands, _, _ = strings.Cut(commands, "```")
	if !ok || !strings.Contains(commands, "make windows") {
		t.Fatal("README shows no commands")
	}
	program := root + "/build/windows/amd64/try.exe"
	defer os.Remove(program)
	must(t, root, "set -e\n"+commands)
	file, err := pe.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.ImportedSymbols()
	if err != nil || !slices.Contains(symbols, "cachekit_keyring_seal:libcachekit_core.dll") {
		t.Errorf("it takes %v from DLLs, %v", symbols, err)
	}
}
