package results

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const output = `{"t":"env","name":"MALLOC_TOP_PAD_","value":"67108864"}
{"t":"lib","who":"ours","version":"0.1.0"}
{"t":"lib","who":"H","version":""}
{"t":"note","op":"inspect","who":"H","text":"left out: no such function"}
{"t":"cell","op":"compress","kind":"json","size":64,"who":"H","ratio":1.5,"calls":7,"rounds":5,"out":60,"block":60,"ns":150,"min":149}
{"t":"cell","op":"compress","kind":"json","size":64,"who":"ours","ratio":1,"calls":9,"rounds":5,"out":84,"block":59,"ns":100,"min":99}
{"t":"cell","op":"derive_key","kind":"","size":0,"who":"ours","ratio":1,"calls":9,"rounds":5,"out":32,"block":0,"ns":400,"min":390}
{"t":"latency","op":"encrypt","size":1024,"who":"ours","calls":1000,"p50":300,"p99":400,"p999":500,"max":600}
{"t":"threads","op":"encrypt","size":1024,"who":"ours","one":100,"own":190,"shared":180}
{"t":"peak","op":"store","size":1048576,"who":"ours","extra":4096}
{"t":"cold","who":"ours","load":1,"first":2,"second":3,"handles":4,"encrypt":5}
{"t":"python","op":"encrypt","kind":"json","size":64,"who":"wheel","ns":450,"min":440,"ratio":1.5,"rounds":5,"calls":9}
{"t":"ctypes","what":"bytes as c_void_p","ns":60}
`

func TestRunKeepsEveryLineOfTheHarness(t *testing.T) {
	r := new(Run)
	if err := r.Add(strings.NewReader(output)); err != nil {
		t.Fatal(err)
	}
	if len(r.Notes) != 1 || len(r.Cells) != 3 || len(r.Latency) != 1 || len(r.Threads) != 1 || len(r.Peak) != 1 || len(r.Cold) != 1 || len(r.Python) != 1 || len(r.Ctypes) != 1 {
		t.Errorf("lines lost: %+v", r)
	}
	if c, ok := r.Cell("compress", "json", 64, "H"); !ok || c.Ratio != 1.5 || c.NS != 150 || c.Min != 149 || c.Block != 60 {
		t.Errorf("cell of H: %+v, %v", c, ok)
	}
	if got := r.Contestants(); !reflect.DeepEqual(got, []string{"ours", "H"}) {
		t.Errorf("contestants: %v", got)
	}
	if got := r.Sizes("derive_key"); got != nil {
		t.Errorf("an operation without payload has sizes %v", got)
	}
	path := filepath.Join(t.TempDir(), "results.json")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("saved and loaded: %+v, %v", again, err)
	}
}

func TestUnknownOutputIsRefused(t *testing.T) {
	for _, line := range []string{`{"t":"surprise"}`, `not JSON`, `{"t":"cell","ns":"fast"}`} {
		if err := new(Run).Add(strings.NewReader(line)); err == nil {
			t.Errorf("%s: accepted", line)
		}
	}
}
