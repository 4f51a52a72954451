package core_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/cachekit-go/cachekit-core/core"
)

func Example() {
	storage := core.NewByteStorage(core.DefaultFormat)
	data := []byte(strings.Repeat("a cache entry, ", 100))

	envelope, err := storage.Store(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := storage.Retrieve(envelope)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(data), "bytes, smaller in the envelope:", len(envelope) < len(data)/10)
	fmt.Println("the same came back:", bytes.Equal(back, data))
	// Output:
	// 1500 bytes, smaller in the envelope: true
	// the same came back: true
}

// A loop that stores many payloads can reuse one buffer, and then allocates
// nothing.
func ExampleByteStorage_AppendStore() {
	storage := core.NewByteStorage(core.DefaultFormat)
	var buffer []byte
	for _, page := range []string{"<h1>one</h1>", "<h1>two</h1>"} {
		envelope, err := storage.AppendStore(buffer[:0], []byte(page), "html")
		if err != nil {
			fmt.Println(err)
			return
		}
		buffer = envelope // perhaps longer now, to be used again

		header, err := core.Inspect(envelope)
		fmt.Printf("%d bytes of %s, %v\n", header.OriginalSize, header.Format, err)
	}
	// Output:
	// 12 bytes of html, <nil>
	// 12 bytes of html, <nil>
}

// Damage is found, and each kind has its own error.
func ExampleByteStorage_Retrieve() {
	storage := core.NewByteStorage(core.DefaultFormat)
	envelope, err := storage.Store([]byte("hello, cachekit!"))
	if err != nil {
		fmt.Println(err)
		return
	}
	envelope[10] ^= 1
	_, err = storage.Retrieve(envelope)
	fmt.Println(err)
	fmt.Println(errors.Is(err, core.ErrChecksumMismatch), core.IsMiss(err))

	_, err = storage.Retrieve(envelope[:20])
	fmt.Println(err)
	// Output:
	// cachekit: checksum mismatch: 16 bytes decompressed, original size 16
	// true true
	// cachekit: invalid input: truncated at byte 20, in compressed_data
}

// Inspect tells what an envelope holds before any memory is spent on it.
func ExampleInspect() {
	storage := core.NewByteStorage("raw")
	envelope, err := storage.Store(make([]byte, 1<<20))
	if err != nil {
		fmt.Println(err)
		return
	}
	header, err := core.Inspect(envelope)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d bytes of %s\n", header.OriginalSize, header.Format)

	data := make([]byte, header.OriginalSize)
	n, err := storage.RetrieveInto(data, envelope)
	fmt.Println(n, err)
	// Output:
	// 1048576 bytes of raw
	// 1048576 <nil>
}

// Compress and Decompress are for programs that need no metrics.
func ExampleCompress() {
	data := []byte(strings.Repeat("a cache entry, ", 100))
	envelope, err := core.Compress(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := core.Decompress(envelope)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the same came back:", bytes.Equal(back, data))
	// Output:
	// the same came back: true
}

// An entry that cannot be used is as good as none; other errors are the
// program's own to mend.
func ExampleIsMiss() {
	storage := core.NewByteStorage(core.DefaultFormat)
	for _, entry := range []string{"not an envelope", "\x94\xc4"} {
		if _, err := storage.Retrieve([]byte(entry)); core.IsMiss(err) {
			fmt.Println("not in the cache:", err)
		}
	}
	var never core.ByteStorage // which no constructor made
	_, err := never.Retrieve(nil)
	fmt.Println(core.IsMiss(err), err)
	// Output:
	// not in the cache: cachekit: invalid input: neither an array nor a map at byte 0
	// not in the cache: cachekit: invalid input: truncated at byte 2
	// false cachekit: invalid handle: a ByteStorage not made by its constructor, or a copy
}

func ExampleByteStorage_Metrics() {
	storage := core.NewByteStorage(core.DefaultFormat)
	envelope, err := storage.Store([]byte("hello, cachekit!"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = storage.Retrieve(envelope[1:])
	m := storage.Metrics()
	fmt.Println(err)
	fmt.Println(m.Store.Operations, "stored,", m.Store.BytesIn, "bytes to", m.Store.BytesOut)
	fmt.Println(m.Retrieve.Errors, "of", m.Retrieve.Operations, "retrievals failed")
	// Output:
	// cachekit: invalid input: neither an array nor a map at byte 0
	// 1 stored, 16 bytes to 42
	// 1 of 1 retrievals failed
}

// Metrics need no library of their own. Package expvar, which serves them as JSON at
// /debug/vars, takes the struct as it is.
func ExampleMetrics_expvar() {
	storage := core.NewByteStorage(core.DefaultFormat)
	expvar.Publish("cachekit", expvar.Func(func() any { return storage.Metrics() }))

	if _, err := storage.Store([]byte("hello, cachekit!")); err != nil {
		log.Fatal(err)
	}
	var shown core.Metrics
	err := json.Unmarshal([]byte(expvar.Get("cachekit").String()), &shown)
	fmt.Println(shown.Store.Operations, "stored,", shown.Store.BytesIn, "bytes to", shown.Store.BytesOut, err)
	// Output:
	// 1 stored, 16 bytes to 42 <nil>
}

// Prometheus reads the metrics of all objects as one text.
func ExampleAppendPrometheus() {
	pages, images := core.NewByteStorage("html"), core.NewByteStorage("png")
	metrics := func(w http.ResponseWriter, _ *http.Request) {
		text, err := core.AppendPrometheus(nil,
			core.NamedMetrics{Name: "pages", Metrics: pages.Metrics()},
			core.NamedMetrics{Name: "images", Metrics: images.Metrics()})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		if _, err := w.Write(text); err != nil {
			log.Print(err)
		}
	}
	http.HandleFunc("/metrics", metrics)

	if _, err := pages.Store([]byte("<h1>one</h1>")); err != nil {
		log.Fatal(err)
	}
	answer := httptest.NewRecorder()
	metrics(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		if strings.Contains(line, "cachekit_operations_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// # HELP cachekit_operations_total Operations, including those that failed.
	// # TYPE cachekit_operations_total counter
	// cachekit_operations_total{name="pages",operation="store"} 1
	// cachekit_operations_total{name="pages",operation="retrieve"} 0
	// cachekit_operations_total{name="pages",operation="encrypt"} 0
	// cachekit_operations_total{name="pages",operation="decrypt"} 0
	// cachekit_operations_total{name="images",operation="store"} 0
	// cachekit_operations_total{name="images",operation="retrieve"} 0
	// cachekit_operations_total{name="images",operation="encrypt"} 0
	// cachekit_operations_total{name="images",operation="decrypt"} 0
}

func ExampleChecksum() {
	sum := core.Checksum([]byte("hello, cachekit!"))
	fmt.Printf("%x\n", sum)
	fmt.Println(core.VerifyChecksum([]byte("hello, cachekit?"), sum))
	// Output:
	// 6d8a34b63a3c52d3
	// cachekit: checksum mismatch: of 16 bytes
}
