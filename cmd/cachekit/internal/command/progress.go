package command

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// progress says on the standard error how far a long run has come: on a terminal on one
// line, and elsewhere a line every ten seconds.
type progress struct {
	w        io.Writer
	terminal bool
	total    int64 // about; 0 if it is not known
	what     string
	began    time.Time
	last     time.Time
	shown    bool
}

func newProgress(cmd *cobra.Command, what string) *progress {
	w := cmd.ErrOrStderr()
	f, ok := w.(*os.File)
	now := time.Now()
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd())), what: what, began: now, last: now}
}

// done says that n are done.
func (p *progress) done(n int64) {
	every := 10 * time.Second
	if p.terminal {
		every = 200 * time.Millisecond
	}
	now := time.Now()
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	text := fmt.Sprintf("%d %s", n, p.what)
	if p.total > 0 {
		text += fmt.Sprintf(" of about %d", p.total)
	}
	rate := float64(n) / now.Sub(p.began).Seconds()
	text += fmt.Sprintf(", %.0f a second", rate)
	if p.total > n && rate > 0 {
		left := time.Duration(float64(p.total-n) / rate * float64(time.Second))
		text += fmt.Sprintf(", about %s left", left.Round(time.Second))
	}
	if p.terminal {
		fmt.Fprintf(p.w, "\r%s\x1b[K", text)
		p.shown = true
		return
	}
	fmt.Fprintln(p.w, text)
}

// hide takes the line away, until the next one.
func (p *progress) hide() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
