package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// standardOutput remembers the first write that failed, since not all who print look at
// their errors.
type standardOutput struct {
	w      io.Writer
	failed error
}

func (o *standardOutput) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.failed == nil {
		o.failed = err
	}
	return n, err
}

// outputFile is the file that the standard output goes to, nil in a test.
func outputFile(cmd *cobra.Command) *os.File {
	o, _ := cmd.OutOrStdout().(*standardOutput)
	if o == nil {
		return nil
	}
	f, _ := o.w.(*os.File)
	return f
}

// writeOutput writes bytes to the file that --output names, or to the standard output,
// but not to a terminal.
func writeOutput(cmd *cobra.Command, name string, data []byte, mode os.FileMode) error {
	out := outputFile(cmd)
	switch {
	case name != "" && name != "-" && !isFile(name, out):
		return writeFile(name, data, mode)
	case name == "" && out != nil && term.IsTerminal(int(out.Fd())):
		return usage(errors.New("this output is bytes, which harm a terminal: name a file by -o, or say -o -"))
	}
	_, err := cmd.OutOrStdout().Write(data)
	return err
}

// isFile reports whether the name is one of f, as /dev/stdout may be.
func isFile(name string, f *os.File) bool {
	if f == nil {
		return false
	}
	named, err := os.Stat(name)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(named, info)
}

// writeFile writes a file, which comes into being as a whole or not at all. A symbolic
// link stays one, and what is no regular file, as a device or a pipe, is written to.
func writeFile(name string, data []byte, mode os.FileMode) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s: this is a folder: name a file in it", name)
	case err == nil && !info.Mode().IsRegular():
		return ofFile(name, writeInto(name, data))
	}
	path := name
	if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if path, err = filepath.EvalSymlinks(name); err != nil {
			return fmt.Errorf("%s: a symbolic link that leads to no file", name)
		}
	}
	return ofFile(name, replaceFile(path, data, mode))
}

// ofFile is an error with the name that the user knows, and not that of a temporary file.
func ofFile(name string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be written: %w", name, err)
}

func writeInto(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func replaceFile(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".cachekit-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// buffered calls write with a buffered form of the standard output.
func buffered(cmd *cobra.Command, write func(w *bufio.Writer) error) error {
	w := bufio.NewWriter(cmd.OutOrStdout())
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}
