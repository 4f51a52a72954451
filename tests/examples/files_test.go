// Package examples tests what a newcomer meets first: the README, the example
// programs in every language, and the installation.
package examples

import (
	"os"
	"testing"
)

// root is the repository's folder, seen from this package.
const root = "../.."

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
