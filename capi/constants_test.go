//go:build cgo

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
	"github.com/cachekit-go/cachekit-core/internal/codes"
)

// source is a C file of this folder. Tests cannot import "C", so they read what
// it says.
func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find returns the groups of an expression that must be there.
func find(t *testing.T, file, expression string) []string {
	t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(source(t, file))
	if found == nil {
		t.Fatalf("%s has no %s", file, expression)
	}
	return found[1:]
}

func TestDefaultFormatOfC(t *testing.T) {
	if c := find(t, "shim.h", `#define CK_DEFAULT_FORMAT "(.*)"`)[0]; c != core.DefaultFormat {
		t.Errorf("the default format is %q in C, %q in Go", c, core.DefaultFormat)
	}
	if said := `"` + core.DefaultFormat + `"`; !bytes.Contains(header(t), []byte(said)) {
		t.Errorf("the header does not say %s", said)
	}
}

// extras are what the C library adds to a payload's length and its 255th part.
func extras(t *testing.T) (block, envelope int) {
	t.Helper()
	found := find(t, "storage.c", `BLOCK_EXTRA = (\d+), ENVELOPE_EXTRA = (\d+)`)
	block, _ = strconv.Atoi(found[0])
	envelope, _ = strconv.Atoi(found[1])
	return block, envelope
}

func TestHeaderSaysTheCompressedBound(t *testing.T) {
	block, envelope := extras(t)
	if said := fmt.Sprintf("in_len / 255 + %d + %d", block, envelope); !bytes.Contains(header(t), []byte(said)) {
		t.Errorf("the header does not say %s", said)
	}
}

func TestHeaderSaysTheStackOfHandlers(t *testing.T) {
	if said := find(t, "thread.c", `STACK = (\d+) << 10,`)[0] + " KiB for"; !bytes.Contains(header(t), []byte(said)) {
		t.Errorf("the header does not say %s", said)
	}
}

func TestTextsOfUnknownCodes(t *testing.T) {
	unknown := codes.Code(len(codes.All()))
	found := find(t, "library.c", `errors\[err\]\.text : "(.*)";[^"]*errors\[err\]\.name : "(.*)";`)
	if found[0] != unknown.Text() || found[1] != unknown.Name() {
		t.Errorf("a number that is no code is %q in C, %q, %q in Go", found, unknown.Text(), unknown.Name())
	}
}

// The variables that hold keys are read in C, and their names stand there too.
func TestVariablesOfMasterKeys(t *testing.T) {
	for name, want := range map[string]string{
		"CK_MASTER_KEY":           encryption.MasterKeyVariable,
		"CK_PREVIOUS_MASTER_KEYS": encryption.PreviousMasterKeysVariable,
	} {
		if c := find(t, "keyring.c", `#define `+name+` "(.*)"`)[0]; c != want {
			t.Errorf("%s is %q in C, %q in Go", name, c, want)
		}
		if !bytes.Contains(header(t), []byte(" *   "+want+" ")) {
			t.Errorf("the header does not say %s", want)
		}
	}
}

// Go sees the variables that environment.c names, and no others.
func TestEnvironmentHasTheSettings(t *testing.T) {
	var settings []string
	read := regexp.MustCompile(`setting\.Read\("(\w+)"`)
	for _, dir := range []string{"../core", "../internal"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, m := range read.FindAllStringSubmatch(source(t, path), -1) {
				settings = append(settings, m[1])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var passed []string
	for _, m := range regexp.MustCompile(`"(CACHEKIT_\w+)"`).FindAllStringSubmatch(source(t, "environment.c"), -1) {
		passed = append(passed, m[1])
	}
	slices.Sort(settings)
	slices.Sort(passed)
	if len(settings) < 2 || !slices.Equal(settings, passed) {
		t.Errorf("Go reads %q, environment.c passes %q", settings, passed)
	}
}
