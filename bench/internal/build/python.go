package build

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// Python makes a virtual environment with the PyPI package cachekit, which the tests pin too, and builds this source
// tree's C extension with its interpreter, whose path it returns. It needs python3 with its headers, and PyPI the first time.
func Python(benchDir, root string) (string, error) {
	requirements := filepath.Join(root, "tests", "redis", "requirements.txt")
	text, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	dir, err := filepath.Abs(filepath.Join(benchDir, Dir, fmt.Sprintf("python-%.12x", sha256.Sum256(text))))
	if err != nil {
		return "", err
	}
	interpreter, complete := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err != nil {
		if err := run("", "python3", "-m", "venv", "--clear", dir); err != nil {
			return "", err
		}
		if err := run("", interpreter, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--only-binary", ":all:",
			"--requirement", requirements); err != nil {
			return "", err
		}
		if err := os.WriteFile(complete, nil, 0o644); err != nil {
			return "", err
		}
	}
	return interpreter, run(root, "make", "-s", "-C", filepath.Join("bindings", "python"), "fast", "PYTHON="+interpreter)
}
