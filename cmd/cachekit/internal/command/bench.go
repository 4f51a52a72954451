package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachekit-go/cachekit-core/core"
	"github.com/cachekit-go/cachekit-core/core/encryption"
)

func newBench() *cobra.Command {
	var level int
	var duration time.Duration
	cmd := &cobra.Command{
		Use:   "bench [FILE]",
		Short: "Take a quick look at how fast this machine is",
		Long: `bench times store, retrieve, seal and open for payloads of 64 bytes to 1 MiB, made of FILE or of
records like those of a JSON API, with one thread. It takes about 5 seconds. To compare with
other libraries there is ` + "`make bench`" + ` in the repository.`,
		Example: `  cachekit bench
  cachekit bench --level 9 users.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if duration <= 0 {
				return usageOf(cmd, errors.New("--time is more than 0, as 300ms"))
			}
			source := records()
			if len(args) == 1 {
				var err error
				if source, err = readInput(cmd, args[0]); err != nil {
					return err
				}
				if len(source) == 0 {
					return fmt.Errorf("%s is empty", args[0])
				}
			}
			return runBench(cmd, source, level, duration)
		},
	}
	levelFlag(cmd, &level)
	cmd.Flags().DurationVar(&duration, "time", 300*time.Millisecond, "`time` for each figure")
	return cmd
}

// records are such as an API answers.
func records() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, `{"id":%d,"name":"user %d","email":"user%d@example.com","active":%t,"score":%d},`, i, i*7919%10007, i, i%3 == 0, i*i%1000)
	}
	return b.Bytes()
}

func runBench(cmd *cobra.Command, source []byte, level int, duration time.Duration) error {
	storage := core.NewByteStorage("json")
	if err := storage.SetLevel(level); err != nil {
		return usageOf(cmd, err)
	}
	key, err := encryption.GenerateKey()
	if err != nil {
		return err
	}
	keyring, err := encryption.NewTenantKeyring(key[:], nil, []byte(encryption.DefaultTenant))
	clear(key[:])
	if err != nil {
		return err
	}
	defer keyring.Wipe()
	if err := keyring.SetLevel(level); err != nil {
		return err
	}
	cacheKey := []byte("users:1")
	w := bufio.NewWriter(cmd.OutOrStdout())
	fmt.Fprintf(w, "aes=%s lz4=%s level %d, one thread, times for one call\n\n", encryption.Implementation(), core.Codec(), level)
	fmt.Fprintf(w, "%9s %9s %6s %22s %22s %22s %22s\n", "PAYLOAD", "ENVELOPE", "RATIO", "STORE", "RETRIEVE", "SEAL", "OPEN")
	for _, size := range []int{64, 1 << 10, 64 << 10, 1 << 20} {
		payload := bytes.Repeat(source, size/len(source)+1)[:size]
		envelope, err := storage.Store(payload)
		if err != nil {
			return err
		}
		sealed, err := keyring.Seal(cacheKey, payload, "json")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%9d %9d %6.2f", size, len(envelope), float64(size)/float64(len(envelope)))
		// Memory that is used again, as a program does that is in a hurry.
		bound := encryption.SealBound(size, len("json"))
		buffer := make([]byte, max(bound, size))
		for _, call := range []func() error{
			func() error { _, err := storage.StoreInto(buffer, payload, "json"); return err },
			func() error { _, err := storage.RetrieveInto(buffer, envelope); return err },
			func() error { _, _, err := keyring.SealInto(buffer, cacheKey, payload, "json"); return err },
			func() error { _, _, err := keyring.AppendOpen(buffer[:0], cacheKey, sealed, "json"); return err },
		} {
			each, err := timeOf(call, duration)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, " %10s %6.0f MB/s", rounded(each), float64(size)/each.Seconds()/1e6)
			if err := w.Flush(); err != nil { // one figure after the other, so that people see it go on
				return err
			}
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// timeOf is the time of one call, as the best of several rounds, since whatever else the
// machine does makes a round slower.
func timeOf(call func() error, duration time.Duration) (time.Duration, error) {
	const rounds = 5
	n := 1
	best := time.Duration(0)
	for began := time.Now(); ; {
		start := time.Now()
		for range n {
			if err := call(); err != nil {
				return 0, err
			}
		}
		took := time.Since(start)
		if took < duration/(2*rounds) {
			n *= 2
			continue
		}
		// In nanoseconds, and not less than one.
		each := max(took/time.Duration(n), 1)
		if best == 0 || each < best {
			best = each
		}
		if time.Since(began) > duration {
			return best, nil
		}
	}
}

func rounded(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f µs", float64(d)/1e3)
	}
	return fmt.Sprintf("%.1f ms", float64(d)/1e6)
}
