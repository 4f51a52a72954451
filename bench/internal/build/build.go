// Package build makes the harness and the contestants. Everything lands in bench/build; paths are relative to bench.
package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Dir holds what is built.
const Dir = "build"

func cc() string {
	if c := os.Getenv("CC"); c != "" {
		return c
	}
	return "cc"
}

var cflags = []string{"-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"}

// run shows a command's output only when it fails.
func run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		tail := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w: %s", name, err, strings.Join(tail[max(0, len(tail)-3):], " | "))
	}
	return nil
}

// Harness compiles the harness and returns its path.
func Harness(benchDir string) (string, error) {
	if err := os.MkdirAll(filepath.Join(benchDir, Dir), 0o755); err != nil {
		return "", err
	}
	sources, err := filepath.Glob(filepath.Join(benchDir, "harness", "*.c"))
	if err != nil || len(sources) == 0 {
		return "", fmt.Errorf("no harness sources: run this in bench/ (%v)", err)
	}
	out := filepath.Join(benchDir, Dir, "harness")
	args := append(append([]string{}, cflags...), "-pthread", "-o", out)
	return out, run("", cc(), append(append(args, sources...), "-ldl")...)
}

// Hand compiles the hand-glued contestant.
func Hand(benchDir string) (string, error) {
	out := filepath.Join(benchDir, Dir, "libhand.so")
	args := append(append([]string{}, cflags...), "-fPIC", "-shared", "-o", out,
		filepath.Join(benchDir, "peers", "hand", "hand.c"), "-llz4", "-lxxhash", "-lcrypto")
	return out, run("", cc(), args...)
}

// Ours builds the library of the source tree at root and copies it to bench/build under that name.
func Ours(benchDir, root, name string) (string, error) {
	if err := run(root, "make", "-s", "build/libcachekit_core.so"); err != nil {
		return "", err
	}
	return Copy(benchDir, filepath.Join(root, "build", "libcachekit_core.so"), name)
}

// Revision builds the library of a commit in a worktree of its own that is gone afterwards.
func Revision(benchDir, rev, name string) (string, error) {
	tree, err := os.MkdirTemp("", "cachekit-bench-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tree)
	if err := run(benchDir, "git", "worktree", "add", "--detach", "--force", tree, rev); err != nil {
		return "", err
	}
	defer run(benchDir, "git", "worktree", "remove", "--force", tree)
	return Ours(benchDir, tree, name)
}

// Rust builds the pinned crate as its authors do: its own source, lock file and release profile.
func Rust(benchDir string) (string, error) {
	if _, err := exec.LookPath("cargo"); err != nil {
		return "", err
	}
	source, err := crate(filepath.Join(benchDir, "peers", "rust"))
	if err != nil {
		return "", err
	}
	// A copy, since the crate's build script writes its header beside its source.
	tree := filepath.Join(benchDir, Dir, "rust", filepath.Base(source))
	if _, err := os.Stat(tree); err != nil {
		partial := tree + ".partial" // what an interrupted copy leaves is not taken for the crate
		os.RemoveAll(partial)
		if err := errors.Join(os.CopyFS(partial, os.DirFS(source)), os.Rename(partial, tree)); err != nil {
			return "", err
		}
	}
	if err := run(tree, "cargo", "build", "--locked", "--release", "--features", "encryption,ffi"); err != nil {
		return "", err
	}
	return Copy(benchDir, filepath.Join(tree, "target", "release", "libcachekit_core.so"), "librust.so")
}

// crate fetches what the lock file pins and returns where cargo keeps the source of cachekit-core.
func crate(dir string) (string, error) {
	cmd := exec.Command("cargo", "metadata", "--locked", "--format-version", "1")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("cargo metadata: %w", err)
	}
	var meta struct {
		Packages []struct {
			Name     string
			Manifest string `json:"manifest_path"`
		}
	}
	if err := json.Unmarshal(out, &meta); err != nil {
		return "", err
	}
	for _, p := range meta.Packages {
		if p.Name == "cachekit-core" {
			return filepath.Dir(p.Manifest), nil
		}
	}
	return "", fmt.Errorf("the lock file has no cachekit-core")
}

// Copy brings a library to bench/build under that name, so that two copies of one file count as two libraries.
func Copy(benchDir, from, name string) (string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	to := filepath.Join(benchDir, Dir, name)
	os.Remove(to) // a new file: the old one may be mapped by a running process
	return to, os.WriteFile(to, data, 0o755)
}
