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

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

// maxInput is the most that is read: the longest entry, in base64 or hexadecimal digits,
// with room for white space.
const maxInput = 3 * (core.MaxEnvelopeSize + encryption.Overhead)

// readInput reads a file, or the standard input where its name is "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		in := cmd.InOrStdin()
		if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			cmd.PrintErrln("cachekit: reading from the terminal: end with Ctrl-D, or name a file")
		}
		return readAll(in, "the standard input", 0)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return readAll(f, name, size)
}

// readAll reads all of in, for which it takes memory of the size at once, if that is known.
func readAll(in io.Reader, name string, size int64) ([]byte, error) {
	if size > maxInput {
		return nil, fmt.Errorf("%s: %d bytes are more than an entry can have", name, size)
	}
	data := make([]byte, 0, max(size+1, 512))
	in = io.LimitReader(in, maxInput+1)
	for {
		n, err := in.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case len(data) > maxInput:
			return nil, fmt.Errorf("%s: more than the %d bytes that an entry can have", name, maxInput)
		case err == io.EOF:
			return data, nil
		case errors.As(err, new(*fs.PathError)):
			return nil, err // which has the name
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// inputName is the argument that names a file, or that of the standard input.
func inputName(args []string) string {
	if len(args) == 0 {
		return "-"
	}
	return args[0]
}

// writeOutput writes bytes to the file that --output names, which comes into being as a
// whole or not at all, or to the standard output, but not to a terminal.
func writeOutput(cmd *cobra.Command, file string, data []byte, mode os.FileMode) error {
	if file != "" && file != "-" {
		return writeFile(file, data, mode)
	}
	out := cmd.OutOrStdout()
	if f, ok := out.(*os.File); ok && file == "" && term.IsTerminal(int(f.Fd())) {
		return usage(errors.New("this output is bytes, which harm a terminal: name a file by -o, or say -o -"))
	}
	_, err := out.Write(data)
	return err
}

func writeFile(name string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
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
	return os.Rename(f.Name(), name)
}

// buffered calls write with a buffered form of the standard output.
func buffered(cmd *cobra.Command, write func(w *bufio.Writer) error) error {
	w := bufio.NewWriter(cmd.OutOrStdout())
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}
