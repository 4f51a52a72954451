package command

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/spelling"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/survey"
)

// inspection is what `cachekit inspect` was asked for.
type inspection struct {
	cacheKey string
	tenants  []string
	formats  []string
	keyFile  string
	from     string
	form     *spelling.Form // what from says; nil: all are tried
	show     string
	json     bool
	check    bool
	server   server
	plot     string
	info     bool
}

// inspected is one value and what was found out about it. Its JSON is documented in the
// command's README.
type inspected struct {
	Name    string `json:"name"`
	NameHex string `json:"name_hex,omitempty"`
	Form    string `json:"read_as"`
	Note    string `json:"note,omitempty"`
	*entry.Report

	title string // the name for people
}

// named gives what was found the name of a file or of a key, and returns it.
func named(name string, found *inspected) *inspected {
	found.Name, found.NameHex = name, survey.HexUnlessText(name)
	found.title = quoted(name)
	return found
}

// formRaw is the form of what is bytes already.
var formRaw = spelling.Raw.String()

func newInspect() *cobra.Command {
	var i inspection
	cmd := &cobra.Command{
		Use:   "inspect [FILE | KEY]...",
		Short: "Say what a value is, whether it is damaged, and which key opens it",
		Long: `inspect says what a value from a cache is and by what it was recognised: an envelope, an entry
that was sealed or encrypted, a MessagePack document of interop mode, a frame of the Python SDK,
a container of the draft of interop v2, JSON, text, or nothing of this family. It shows the
sizes of all parts, which add up, whether the checksum matches, and if something is wrong, what
and where.

FILE, or the standard input, holds bytes; hexadecimal digits, base64 and the escapes of
redis-cli --no-raw are recognised, and named in the output. --from decides where that goes
wrong.

Where there are master keys, whatever may be a ciphertext is tried with each of them, for the
tenants and formats named, in all the ways in which the libraries of the family bind entries to
cache keys. The output names all that were tried. A library never does that: it takes the one
way that it was told.

Plaintext appears only with --show: 4 KiB of it, or with --show=all the whole, with control
characters escaped.

Several files give one row each, unless --show is there. One that cannot be read is reported, and
the others are looked at. With --check there is no output for entries in which nothing is wrong.

With --redis the values come from a Redis or Valkey, single, Cluster or Sentinel, which is only
read: those of the KEYs named, or with --match a survey of all keys that a pattern matches:
kinds, sizes, ratio, which master keys are in use, what another level of compression would save.
SCAN may give a key twice while the server moves its table, and it counts twice then. --check
--match names the entries in which something is wrong, and has no survey. --info shows the server
itself: latency, hit ratio, memory; with --match, of keys that the pattern matches.

` + exitHelp,
		Example: `  cachekit inspect value.bin
  redis-cli --no-raw GET users:1 | cachekit inspect --key users:1 --tenant acme --format json
  cachekit inspect --show --key users:1 --key-file keys.txt value.bin
  cachekit inspect --json value.bin
  cachekit inspect --check backup/*.bin || echo "exit code $?"
  cachekit inspect --redis redis://localhost users:1
  cachekit inspect --redis redis://localhost --match 'users:*' --tenant acme --plot sizes.svg
  cachekit inspect --redis redis://localhost --info`,
		RunE: func(cmd *cobra.Command, args []string) error { return i.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&i.cacheKey, "key", "", "cache `key` that the entry is bound to")
	flags.StringArrayVar(&i.tenants, "tenant", nil, "`tenant` to derive keys for; may be repeated (default \"default\")")
	flags.StringArrayVar(&i.formats, "format", nil, "`format` that the entry is bound to; may be repeated (default all of the SDKs)")
	keyFileFlag(cmd, &i.keyFile)
	flags.StringVar(&i.from, "from", "auto", "how the input spells bytes: auto, raw, hex, base64 or redis-cli")
	flags.StringVar(&i.show, "show", "", "show the plaintext: cut, or all")
	flags.Lookup("show").NoOptDefVal = "cut"
	flags.BoolVar(&i.json, "json", false, "print JSON: an object for each file or key, on a line of its own")
	flags.BoolVar(&i.check, "check", false, "print only what is wrong; see the exit codes")
	i.server.flags(cmd)
	flags.StringVar(&i.plot, "plot", "", "`file` for a picture (SVG) of what --match found")
	flags.BoolVar(&i.info, "info", false, "show how the server does")
	fixedValues(cmd, "from", "auto", "raw", "hex", "base64", "redis-cli")
	fixedValues(cmd, "show", "cut", "all")
	return cmd
}

func (i *inspection) run(cmd *cobra.Command, args []string) error {
	if err := i.checkFlags(cmd, args); err != nil {
		return err
	}
	o := entry.Options{Tenants: i.tenants, Formats: i.formats}
	if err := o.Check(); err != nil {
		return usageOf(cmd, err)
	}
	if cmd.Flags().Changed("key") {
		o.CacheKey = []byte(i.cacheKey)
	}
	keys, err := readKeysIfAny(i.keyFile)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	o.Keys = keys
	switch {
	case i.info:
		return i.showInfo(cmd, o)
	case i.server.match != "":
		return i.survey(cmd, o)
	case i.server.url != "":
		return i.inspectKeys(cmd, args, o)
	case len(args) == 0:
		args = []string{"-"}
	}
	return i.inspectAll(cmd, args, func(name string) (*inspected, error) {
		in, err := readInput(cmd, name)
		if err != nil {
			return nil, err
		}
		found, err := i.look(in, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		named(name, found)
		if name == "-" {
			found.title = "standard input"
		}
		return found, nil
	})
}

// checkFlags refuses flags that would have no effect.
func (i *inspection) checkFlags(cmd *cobra.Command, args []string) error {
	if i.show != "" && i.show != "cut" && i.show != "all" {
		return usageOf(cmd, errors.New("--show is cut or all"))
	}
	i.form = nil
	if i.from != "auto" {
		form, err := spelling.ParseForm(i.from)
		if err != nil {
			return usageOf(cmd, err)
		}
		i.form = &form
	}
	if err := i.server.check(cmd, "info", "plot"); err != nil {
		return err
	}
	for _, pair := range [][2]string{{"show", "json"}, {"show", "check"}, {"show", "match"}, {"show", "info"},
		{"check", "info"}, {"plot", "info"}, {"from", "redis"}, {"strip", "key"}, {"batch", "info"}} {
		if cmd.Flags().Changed(pair[0]) && cmd.Flags().Changed(pair[1]) {
			return usageOf(cmd, fmt.Errorf("--%s has no effect beside --%s", pair[0], pair[1]))
		}
	}
	switch {
	case i.plot != "" && i.server.match == "":
		return usageOf(cmd, errors.New("--plot is a picture of what --match finds: say which keys"))
	case i.server.url == "" && count(args, "-") > 1:
		return usageOf(cmd, errors.New("the standard input can be read once"))
	case len(args) > 0 && i.info:
		return usageOf(cmd, errors.New("--info is about the server, not about single keys"))
	case len(args) > 0 && i.server.match != "":
		return usageOf(cmd, errors.New("name keys, or all that a pattern matches by --match"))
	case len(args) == 0 && i.server.url != "" && i.server.match == "" && !i.info:
		return usageOf(cmd, errors.New("name keys, or all that a pattern matches by --match, as in --match 'users:*'"))
	}
	return nil
}

func count(args []string, what string) (n int) {
	for _, arg := range args {
		if arg == what {
			n++
		}
	}
	return n
}

// lost is an error after which more names need not be tried.
type lost struct{ error }

// inspectAll prints what look finds out about each name. One that cannot be read does not
// keep the others from being looked at.
func (i *inspection) inspectAll(cmd *cobra.Command, names []string, look func(name string) (*inspected, error)) error {
	code := exitDone
	var table []string // the names of its rows
	if len(names) > 1 && i.show == "" {
		table = names
	}
	err := buffered(cmd, func(w *bufio.Writer) error {
		if table != nil && !i.check && !i.json {
			printRowTitles(w, table)
		}
		for n, name := range names {
			found, err := look(name)
			if err != nil {
				err = errors.Join(w.Flush(), err)
				if n == len(names)-1 || errors.As(err, new(*lost)) {
					return err
				}
				printError(cmd, err)
				code = exitFailed
				continue
			}
			code = worse(code, stateCode(found.State))
			if i.check && found.State == entry.Intact {
				continue
			}
			if i.show != "" && n > 0 {
				fmt.Fprintln(w)
			}
			if err := i.print(w, found, table); err != nil {
				return err
			}
		}
		return nil
	})
	return cmp.Or(err, codeAlone(code))
}

// print writes one value, as a row if there is a table.
func (i *inspection) print(w *bufio.Writer, found *inspected, table []string) error {
	switch {
	case i.json:
		return json.NewEncoder(w).Encode(found)
	case i.check:
		fmt.Fprintf(w, "%s: %s\n", found.title, sentence(found.Report))
		return nil
	case table != nil:
		printRow(w, found, table)
		return nil
	}
	return printScreen(w, found, i.show)
}

// look takes the reading of the input that explains the most.
func (i *inspection) look(in []byte, o entry.Options) (*inspected, error) {
	if i.form != nil {
		value, err := spelling.Decode(*i.form, in)
		if err != nil {
			return nil, err
		}
		return withoutNewline(*i.form, value, o), nil
	}
	var best *inspected
	for _, candidate := range spelling.Candidates(in) {
		found := withoutNewline(candidate.Form, candidate.Bytes, o)
		if best == nil || explains(found) > explains(best) {
			best = found
		}
	}
	return best, nil
}

// explains tells how much a reading explains: an entry of the family more than what may
// be a ciphertext, and that more than text.
func explains(found *inspected) int {
	switch {
	case found.Kind == entry.Empty, found.State == entry.Strange:
		return 0
	case found.State == entry.Encrypted:
		return 1
	}
	return 2
}

// withoutNewline looks at a value, and where that leads to nothing and a newline ends
// it, which redis-cli adds to what it writes to a file, at the value without it.
func withoutNewline(form spelling.Form, value []byte, o entry.Options) *inspected {
	found := &inspected{Form: form.String(), Report: entry.Look(value, o)}
	short, cut := bytes.CutSuffix(value, []byte("\n"))
	if cut && form == spelling.Raw && found.State != entry.Intact {
		if report := entry.Look(short, o); report.State == entry.Intact {
			found.Report = report
			found.Note = "a newline behind the entry, which redis-cli adds, was left out"
		}
	}
	return found
}
