package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

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
