package need

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Vectors returns a file of published test vectors, by its name in
// tests/vectors/list.txt.
func Vectors(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(VectorPath(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Count fails the test unless there are as many of what a file of vectors holds as it
// is known to hold: who read none of them has proved nothing.
func Count(t testing.TB, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Fatalf("%d %s, want %d", got, what, want)
	}
}

// VectorPath returns where a file or folder of published test vectors is.
func VectorPath(t testing.TB, name string) string {
	t.Helper()
	path, ok := FindVectors(name)
	if !ok {
		Missing(t, "the published test vectors are not here: run make vectors")
	}
	return path
}

// FindVectors looks for a file or folder of published test vectors: where make
// put them, in the repository, and beside it.
func FindVectors(name string) (path string, ok bool) {
	var folders []string
	if made := os.Getenv("CACHEKIT_VECTORS"); made != "" {
		folders = append(folders, made)
	}
	for _, root := range modules() {
		folders = append(folders, filepath.Join(root, "build", "vectors"), filepath.Join(root, "..", "shared", "vectors"))
	}
	for _, folder := range folders {
		path = filepath.Join(folder, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}

// repository returns the folder of the repository, above the one that a test runs in.
func repository() string {
	for _, folder := range modules() {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && bytes.HasPrefix(text, []byte("module github.com/cachekit-go/cachekit-core\n")) {
			return folder
		}
	}
	return ""
}

// modules returns all folders with go.mod above the one that a test runs in, the nearest
// first: there are modules within the repository's.
func modules() (folders []string) {
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			folders = append(folders, dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return folders
		}
		dir = parent
	}
}
