package examples

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write examples/data/orders.json again")

// TestOrdersFile proves that the file which pipeline reads by default is the
// one that orders makes.
func TestOrdersFile(t *testing.T) {
	path := root + "/examples/data/orders.json"
	want := orders()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := []byte(readFile(t, path)); !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes and is not what orders makes (%d bytes); go test -update writes it",
			path, len(got), len(want))
	}
}

// orders makes a shop's orders as JSON, the same at every call: names and
// towns repeat, numbers, times and tokens hardly do.
func orders() []byte {
	random := rand.New(rand.NewPCG(2026, 4))
	pick := func(words string) string {
		list := strings.Fields(words)
		return list[random.IntN(len(list))]
	}
	var b bytes.Buffer
	b.WriteString("[\n")
	const count = 400
	for i := range count {
		fmt.Fprintf(&b, ` {"order":%d,"placed":"2026-%02d-%02dT%02d:%02d:%02dZ","token":"%016x",`,
			100000+i, 1+random.IntN(12), 1+random.IntN(28), random.IntN(24), random.IntN(60), random.IntN(60),
			random.Uint64())
		fmt.Fprintf(&b, `"customer":{"id":%d,"name":"%s %s","town":"%s"},"items":[`, random.IntN(90000),
			pick("Ada Grace Alan Edsger Barbara Donald Frances Niklaus Radia Ken"),
			pick("Okafor Lindqvist Moreau Tanaka Silva Novak Haddad Byrne Schulz Petrov"),
			pick("Lagos Uppsala Lyon Osaka Porto Brno Amman Cork Ulm Plovdiv"))
		for j := range 1 + random.IntN(5) {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"sku":"%s-%04d","title":"%s %s","quantity":%d,"price":%d.%02d}`,
				pick("BK TL GR EL"), random.IntN(10000), pick("small large blue green folding spare"),
				pick("lamp notebook kettle rope charger hinge shelf funnel"), 1+random.IntN(9),
				random.IntN(300), random.IntN(100))
		}
		fmt.Fprintf(&b, `],"paid":%t,"note":`, random.IntN(4) > 0)
		if random.IntN(3) == 0 {
			fmt.Fprintf(&b, `"please leave it %s the %s"}`, pick("at behind under beside"), pick("door garage neighbour's bench desk"))
		} else {
			b.WriteString("null}")
		}
		if i < count-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return b.Bytes()
}
