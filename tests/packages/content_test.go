package packages

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The oldest glibc 2 that the packages run with.
const floor = 17

// licences are those of all that is in the packages, which each states.
var licences = []string{"MIT", "BSD-2-Clause", "BSD-3-Clause"}

// unzip returns the files of a wheel.
func unzip(t *testing.T, path string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return files
}

// untar returns the files of an archive, which is packed if it says so.
func untar(t *testing.T, content []byte, packed bool) map[string][]byte {
	t.Helper()
	if packed {
		content = unpacked(t, content)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func unpacked(t *testing.T, content []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// only returns the one file whose name has this suffix, and its name.
func only(t *testing.T, files map[string][]byte, suffix string) (name string, content []byte) {
	t.Helper()
	for n, c := range files {
		if strings.HasSuffix(n, suffix) {
			if name != "" {
				t.Fatalf("%s and %s", name, n)
			}
			name, content = n, c
		}
	}
	if name == "" {
		t.Fatalf("there is no %s", suffix)
	}
	return name, content
}

// wantPortable checks a shared object for one processor, that runs with old
// systems and is stripped.
func wantPortable(t *testing.T, name string, content []byte, processor string) {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if want := map[string]elf.Machine{"x86_64": elf.EM_X86_64, "aarch64": elf.EM_AARCH64}[processor]; file.Machine != want {
		t.Errorf("%s is for %v", name, file.Machine)
	}
	for _, s := range file.Sections {
		if s.Name == ".symtab" || strings.HasPrefix(s.Name, ".debug") {
			t.Errorf("%s has %s", name, s.Name)
		}
	}
	symbols, err := file.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	versions := 0
	for _, s := range symbols {
		number, ok := strings.CutPrefix(s.Version, "GLIBC_")
		if !ok {
			continue
		}
		versions++
		var major, minor int
		if fmt.Sscanf(number, "%d.%d", &major, &minor); major != 2 || minor > floor {
			t.Errorf("%s needs %s of glibc %s", name, s.Name, number)
		}
	}
	if versions == 0 {
		t.Errorf("%s imports nothing of glibc", name)
	}
	for _, place := range []string{"/root/", "/home/", "/tmp/", "ziglang"} {
		if bytes.Contains(content, []byte(place)) {
			t.Errorf("%s names a folder of the machine that built it: %s", name, place)
		}
	}
}

// wantBill checks the bill of materials of a library, and that there is a licence
// for each of its parts.
func wantBill(t *testing.T, files map[string][]byte, library []byte) {
	t.Helper()
	_, text := only(t, files, "/cachekit_core.cdx.json")
	var bill struct {
		Format   string `json:"bomFormat"`
		Metadata struct {
			Component struct {
				Name   string
				Hashes []struct{ Alg, Content string }
			}
		}
		Components []struct {
			Name, Version, PURL string
			Licenses            []struct{ License struct{ ID string } }
		}
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	main := bill.Metadata.Component
	if bill.Format != "CycloneDX" || len(main.Hashes) != 1 || main.Hashes[0].Content != fmt.Sprintf("%x", sha256.Sum256(library)) {
		t.Errorf("the bill of materials is for another library: %s %v", bill.Format, main)
	}
	info, err := buildinfo.Read(bytes.NewReader(library))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"std": strings.TrimPrefix(info.GoVersion, "go")}
	for _, dep := range info.Deps {
		want[dep.Path] = dep.Version
	}
	if len(want) < 6 {
		t.Errorf("the library was linked from %v alone", want)
	}
	for _, c := range bill.Components {
		if want[c.Name] != c.Version || !strings.HasSuffix(c.PURL, c.Name+"@"+c.Version) {
			t.Errorf("the bill of materials lists %v, not %q", c, want[c.Name])
		}
		delete(want, c.Name)
		only(t, files, "/"+strings.ReplaceAll(c.Name, "/", "_")+".txt")
		for _, l := range c.Licenses {
			if !slices.Contains(licences, l.License.ID) {
				t.Errorf("%s has the licence %q, which the packages do not state", c.Name, l.License.ID)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("the bill of materials lacks %v", want)
	}
}

func TestWheels(t *testing.T) {
	for processor := range processors {
		files := unzip(t, wheel(t, processor))
		_, library := only(t, files, "cachekit_core/libcachekit_core.so")
		wantPortable(t, processor+", the library", library, processor)
		wantBill(t, files, library)
		_, extension := only(t, files, "cachekit_core/_fast.abi3.so")
		wantPortable(t, processor+", the extension", extension, processor)

		_, text := only(t, files, ".dist-info/WHEEL")
		for _, line := range []string{
			"Root-Is-Purelib: false",
			"Tag: py3-none-manylinux_2_17_" + processor,
			"Tag: py3-none-manylinux2014_" + processor,
		} {
			if !strings.Contains(string(text), line+"\n") {
				t.Errorf("%s: WHEEL lacks %q:\n%s", processor, line, text)
			}
		}
		wantMetadata(t, files)
	}
}

// wantMetadata checks what is the same for the wheels of all platforms.
func wantMetadata(t *testing.T, files map[string][]byte) {
	t.Helper()
	if name, _ := only(t, files, ".cdx.json"); !strings.Contains(name, ".dist-info/sboms/") {
		t.Errorf("the bill of materials is %s", name)
	}
	only(t, files, "cachekit_core/py.typed")
	only(t, files, ".dist-info/licenses/LICENSE")
	_, text := only(t, files, ".dist-info/METADATA")
	for _, line := range []string{
		"Name: cachekit-core", "Version: " + version(t), "Requires-Python: >=3.9",
		"License-Expression: " + strings.Join(licences, " AND "),
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("METADATA lacks %q", line)
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^Requires-Dist: .*$`).FindAllString(string(text), -1) {
		if !strings.Contains(line, "; extra == ") {
			t.Errorf("it cannot be installed alone: %s", line)
		}
	}
}

// TestPackagesForOtherSystems proves that the wheel and the gem hold the library that was built
// for the system, and nothing that was compiled for this one.
func TestPackagesForOtherSystems(t *testing.T) {
	for system, names := range otherSystems {
		t.Run(system, func(t *testing.T) {
			wheel, gem := other(t, system)
			files := unzip(t, wheel)
			wantMetadata(t, files)
			_, text := only(t, files, ".dist-info/WHEEL")
			for _, line := range []string{"Root-Is-Purelib: false", "Tag: py3-none-" + names.wheel} {
				if !strings.Contains(string(text), line+"\n") {
					t.Errorf("WHEEL lacks %q:\n%s", line, text)
				}
			}
			outer := untar(t, read(t, gem), false)
			for what, files := range map[string]map[string][]byte{"wheel": files, "gem": untar(t, outer["data.tar.gz"], true)} {
				_, library := only(t, files, "cachekit_core/"+path.Base(names.library))
				if !bytes.Equal(library, read(t, filepath.Join(build(t), names.library))) {
					t.Errorf("the %s has another library", what)
				}
				wantBill(t, files, library)
				for name := range files {
					if strings.HasSuffix(name, ".so") || strings.HasPrefix(name, "source/") || strings.HasPrefix(name, "ext/") {
						t.Errorf("the %s has %s", what, name)
					}
				}
			}
			if metadata := string(unpacked(t, outer["metadata.gz"])); !strings.Contains(metadata, "\nplatform: "+names.gem+"\n") {
				t.Errorf("the gem is not for %s:\n%s", names.gem, metadata)
			}
		})
	}
}

func TestGems(t *testing.T) {
	for processor := range processors {
		outer := untar(t, read(t, gem(t, processor+"-linux-gnu")), false)
		files := untar(t, outer["data.tar.gz"], true)
		if want := "licenses:\n- " + strings.Join(licences, "\n- ") + "\n"; !strings.Contains(string(unpacked(t, outer["metadata.gz"])), want) {
			t.Errorf("the gem for %s does not state %q", processor, want)
		}
		_, library := only(t, files, "lib/cachekit_core/libcachekit_core.so")
		wantPortable(t, processor+", the library", library, processor)
		wantBill(t, files, library)
		for name := range files {
			if strings.HasPrefix(name, "source/") || strings.HasPrefix(name, "ext/") {
				t.Errorf("the gem for %s has %s", processor, name)
			}
		}
	}
	files := untar(t, untar(t, read(t, gem(t, "")), false)["data.tar.gz"], true)
	for _, name := range []string{"LICENSE", "README.md", "lib/cachekit_core.rb", "source/vendor/modules.txt", "source/include/cachekit.h"} {
		if len(files[name]) == 0 {
			t.Errorf("the gem with the source lacks %s", name)
		}
	}
}
