package core_test

import (
	"fmt"

	"github.com/cachekit-go/cachekit-core/core"
)

// One call for what a cache has returned for three keys, of which it lacks one.
func ExampleByteStorage_RetrieveMany() {
	storage := core.NewByteStorage("json")
	if err := storage.SetMaxPayload(1 << 20); err != nil { // more is never stored
		fmt.Println(err)
		return
	}
	payloads := []core.Item{{In: []byte(`{"id":1}`)}, {In: []byte(`{"id":2}`)}}
	if err := storage.StoreMany(payloads, "json"); err != nil {
		fmt.Println(err)
		return
	}

	read := []core.Item{{In: payloads[0].Out}, {In: nil}, {In: payloads[1].Out}}
	err := storage.RetrieveMany(read)
	fmt.Println(core.IsMiss(err), err)
	for _, item := range read {
		if item.Err == nil {
			fmt.Printf("%s\n", item.Out)
		}
	}
	// Output:
	// true cachekit: invalid input: items[1]: truncated at byte 0
	// {"id":1}
	// {"id":2}
}

// A higher level takes more time to store, and less memory in the cache.
func ExampleByteStorage_SetLevel() {
	storage := core.NewByteStorage("json")
	var orders []byte
	for i := range 200 {
		orders = fmt.Appendf(orders, `{"order":%d,"customer":"customer-%d","state":"paid"},`, 10_000+i, i*i%97)
	}
	fast, err := storage.EstimateCompression(orders)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := storage.SetLevel(core.MaxLevel); err != nil {
		fmt.Println(err)
		return
	}
	small, err := storage.EstimateCompression(orders)
	fmt.Println(small > fast, err)
	// Output:
	// true <nil>
}
