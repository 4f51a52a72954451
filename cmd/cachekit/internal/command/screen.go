package command

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/entry"
	"github.com/cachekit-go/cachekit-core/cmd/cachekit/internal/show"
)

// shownSize is how much of a plaintext is shown, in bytes, unless all is asked for.
const shownSize = 4096

// names are the kinds for people.
var names = map[entry.Kind]string{
	entry.Empty:       "nothing",
	entry.Envelope:    "an envelope",
	entry.PythonFrame: "a frame of the Python SDK",
	entry.ContainerV2: "a container of the draft of interop v2",
	entry.Document:    "an interop document",
	entry.MessagePack: "MessagePack",
	entry.JSON:        "JSON",
	entry.Sealed:      "a sealed entry",
	entry.Ciphertext:  "a ciphertext",
	entry.Unopened:    "perhaps a ciphertext",
	entry.Checksummed: "a payload behind its checksum",
	entry.Text:        "text",
	entry.Foreign:     "of another format",
	entry.Unknown:     "unknown",
}

// sentence says in one line what was found.
func sentence(r *entry.Report) string {
	text := names[r.Kind]
	switch r.State {
	case entry.Intact:
		text += ", intact: "
	case entry.Damaged:
		return text + ", damaged: " + withoutName(r.Damage)
	default:
		text += ": "
	}
	return text + r.Why
}

// printScreen writes all that was found out about one value.
func printScreen(w *bufio.Writer, found *inspected, shown string) error {
	fmt.Fprintf(w, "%s: %s.\n", found.title, sentence(found.Report))
	if found.Form != formRaw {
		fmt.Fprintf(w, "The input was read as %s.\n", found.Form)
	}
	if found.Note != "" {
		fmt.Fprintf(w, "Note: %s.\n", found.Note)
	}
	printReport(w, found.Report, "")
	if shown == "" || found.State != entry.Intact || len(found.Payload) == 0 {
		return nil
	}
	limit := shownSize
	if shown == "all" {
		limit = 0
	}
	fmt.Fprintf(w, "\n  plaintext, %s:\n", show.What(found.Payload))
	return show.Value(w, found.Payload, show.Options{Limit: limit, Indent: "    "})
}

func printReport(w *bufio.Writer, r *entry.Report, indent string) {
	if len(r.Parts) > 0 {
		width := len("total")
		for _, p := range r.Parts {
			width = max(width, utf8.RuneCountInString(p.Name))
		}
		fmt.Fprintln(w)
		parts := r.Parts
		if len(parts) > 1 {
			parts = append(slices.Clone(parts), entry.Part{Name: "total", Size: r.Size})
		}
		for _, p := range parts {
			unit := "bytes"
			if p.Size == 1 {
				unit = "byte"
			}
			fmt.Fprintf(w, "%s  %-*s %12d %s\n", indent, width, p.Name, p.Size, unit)
		}
	}
	rows := rowsOf(r)
	if len(rows) > 0 {
		fmt.Fprintln(w)
	}
	for _, row := range rows {
		fmt.Fprintf(w, "%s  %-11s %s\n", indent, row[0], row[1])
	}
	if r.Inside != nil && r.Kind != entry.Envelope && r.Kind != entry.ContainerV2 {
		fmt.Fprintf(w, "\n%s  inside: %s\n", indent, sentence(r.Inside))
		printReport(w, r.Inside, indent+"  ")
	}
}

// rowsOf are the facts of a report, with their names.
func rowsOf(r *entry.Report) (rows [][2]string) {
	add := func(name, format string, values ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, values...)})
	}
	if h := r.Envelope; h != nil {
		if h.Format != "" {
			add("format", "%s", quoted(h.Format))
		}
		add("payload", "%d bytes, %.2f times the size of the whole", h.PayloadSize, h.Ratio)
		add("form", "%s", h.Form)
		switch {
		case h.Checksum == "":
		case h.Verified:
			add("checksum", "%s, matches", h.Checksum)
		case r.Code == "CACHEKIT_CHECKSUM_MISMATCH":
			add("checksum", "%s, differs from that of the payload", h.Checksum)
		default:
			add("checksum", "%s, not compared", h.Checksum)
		}
		if r.Inside != nil {
			add("content", "%s", sentence(r.Inside))
		}
	}
	if f := r.Frame; f != nil {
		add("serializer", "%s, version %s", quoted(f.Serializer), quoted(f.Version))
		add("claims", "%s", frameClaims(f))
		if f.Fingerprint != "" {
			add("key", "fingerprint %s, says the header", quoted(f.Fingerprint))
		}
	}
	if o := r.Opened; o != nil {
		add("keys", "%s tried, index %d opened it (%s)", countOf(r.KeyCount, "key", "keys"), o.KeyIndex, keyRole(o.KeyIndex))
		add("fingerprint", "%s, of the key of tenant %s", o.Fingerprint, quoted(o.Binding.Tenant))
		add("bound by", "%s", o.Binding)
	}
	if r.Kind == entry.Unopened {
		if r.KeyCount > 0 {
			add("keys", "%s tried, none opened it", countOf(r.KeyCount, "key", "keys"))
		}
		if r.Missing != "" {
			add("missing", "%s", missing[r.Missing])
		}
	}
	if r.Opened == nil || len(r.Tried) > 1 {
		for i, b := range r.Tried {
			name := ""
			if i == 0 {
				name = "tried"
			}
			add(name, "%s; tenant %s", b, quoted(b.Tenant))
		}
	}
	return rows
}

// missing says how to name what could be tried if it were known.
var missing = map[string]string{
	entry.MissingKeys:     "master keys: set CACHEKIT_MASTER_KEY, or name a file by --key-file",
	entry.MissingCacheKey: "the cache key, which nearly all entries are bound to: name it by --key",
}

func keyRole(index int) string {
	if index == 0 {
		return "the current key"
	}
	return "a key that only decrypts"
}

func frameClaims(f *entry.Frame) string {
	text := "format " + quoted(f.Format)
	if f.OriginalType != "" {
		text += ", original type " + quoted(f.OriginalType)
	}
	if f.Compressed {
		text += ", compressed"
	} else {
		text += ", not compressed"
	}
	if f.Encrypted {
		text += ", encrypted for tenant " + quoted(f.Tenant)
	}
	return text
}

// quoted is text from an entry, safe on a terminal.
func quoted(text string) string { return entry.Printable(text) }

// harmless is a message in which nothing is left that a terminal would obey, but for the
// ends of lines.
func harmless(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c == '\n' || c == '\t' || unicode.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return b.String()
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// withoutName is an error's text without the name that the errors of the library begin
// with.
func withoutName(text string) string { return strings.TrimPrefix(text, "cachekit: ") }

func nameWidth(names []string) int {
	width := len("NAME")
	for _, name := range names {
		width = max(width, utf8.RuneCountInString(name))
	}
	return min(width, 40)
}

func printRowTitles(w *bufio.Writer, names []string) {
	fmt.Fprintf(w, "%-*s %-20s %-9s %12s %12s %6s %s\n", nameWidth(names), "NAME", "KIND", "STATE", "BYTES", "PAYLOAD", "RATIO", "WHAT")
}

// printRow writes one value of many.
func printRow(w *bufio.Writer, found *inspected, names []string) {
	payload, ratio, what := "-", "-", ""
	e := found.Envelope
	if e == nil && found.Inside != nil {
		e = found.Inside.Envelope
	}
	if e != nil {
		payload, ratio = fmt.Sprint(e.PayloadSize), fmt.Sprintf("%.2f", float64(e.PayloadSize)/float64(found.Size))
		if e.Format != "" {
			what = "format " + quoted(e.Format)
		}
	}
	if found.Opened != nil {
		if what != "" {
			what += ", "
		}
		what += fmt.Sprintf("key %d", found.Opened.KeyIndex)
	}
	if found.Damage != "" {
		what = withoutName(found.Damage)
	}
	line := fmt.Sprintf("%-*s %-20s %-9s %12d %12s %6s %s", nameWidth(names), found.title, found.Kind, found.State,
		found.Size, payload, ratio, what)
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}
