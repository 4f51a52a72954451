package need

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Python returns the interpreter of a virtual environment with what a file of
// requirements asks for. It is made in build, once for each state of the file.
func Python(t *testing.T, requirements string) string {
	t.Helper()
	python.Lock()
	defer python.Unlock()
	path, err := virtualEnvironment(requirements)
	if err != nil {
		Missing(t, err.Error())
	}
	return path
}

var python sync.Mutex // one is made at a time

const installTime = 5 * time.Minute

func virtualEnvironment(requirements string) (interpreter string, err error) {
	text, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(repository(), "build", fmt.Sprintf("python-%.12x", sha256.Sum256(text)))
	interpreter, complete := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return interpreter, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if said, err := lastLine("python3", "-m", "venv", dir); err != nil {
		return "", fmt.Errorf("python3 cannot make a virtual environment: %v: %s", err, said)
	}
	if said, err := lastLine(interpreter, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps",
		"--only-binary", ":all:", "--requirement", requirements); err != nil {
		return "", fmt.Errorf("what %s asks for cannot be installed: %v: %s", requirements, err, said)
	}
	return interpreter, os.WriteFile(complete, nil, 0o644)
}

// lastLine runs a command and returns the last line that it printed.
func lastLine(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:], err
}
