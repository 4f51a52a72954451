package batch

import (
	"errors"
	"math"
	"testing"
)

func TestAdd(t *testing.T) {
	for _, c := range []struct{ total, size, want int }{
		{0, 0, 0}, {0, 1, Align}, {Align, Align, 2 * Align}, {2 * Align, Align + 1, 4 * Align},
	} {
		if got := Add(c.total, c.size); got != c.want {
			t.Errorf("Add(%d, %d) = %d", c.total, c.size, got)
		}
	}
	total := 0
	for range 100 {
		if total = Add(total, math.MaxInt/9); total < 0 {
			t.Fatal("the sum came round")
		}
	}
	if total < math.MaxInt/4 {
		t.Errorf("%d are had", total)
	}
}

var errTest = errors.New("a failure")

// The error of a call is that of the item with the lowest number, in whatever pass it
// failed, and items that failed are not tried again.
func TestRun(t *testing.T) {
	items := Of(make([]Item, 6))
	for i := range items {
		items[i].In = []byte{byte(i)}
	}
	items[5].Err = errTest // it came with an error
	run := Run{Items: items}
	late := errors.New("another")
	room, left := run.Measure(func(i int, in []byte) (int, error) {
		if i == 3 {
			return 0, errTest
		}
		return int(in[0]), nil
	})
	if room != 3*Align || left != 4 || run.Untried != 1 || !errors.Is(run.Err(), errTest) {
		t.Errorf("room %d, %d left, %d came with an error, %v", room, left, run.Untried, run.Err())
	}
	memory := make([]byte, room)
	results := run.Fill(memory, func(i int, in, room []byte) ([]byte, error) {
		if i == 1 {
			return nil, late
		}
		for k := range in[0] {
			room[k] = in[0]
		}
		return room[:in[0]], nil
	})
	if !errors.Is(run.Err(), late) {
		t.Errorf("the error is %v", run.Err())
	}
	if string(items[2].Out) != "\x02\x02" || string(items[4].Out) != "\x04\x04\x04\x04" || items[0].Out == nil ||
		items[1].Out != nil || items[1].Err != late || items[3].Err != errTest || len(results) != Align+4 {
		t.Errorf("%d bytes of %+v", len(results), items)
	}
}

func TestFillWipesAfterAPanic(t *testing.T) {
	run := Run{Items: Of(make([]Item, 2))}
	memory := make([]byte, 100)
	func() {
		defer func() { _ = recover() }()
		run.Fill(memory, func(i int, _, room []byte) ([]byte, error) {
			if i == 1 {
				panic("a defect")
			}
			return room[:copy(room, "secret")], nil
		})
	}()
	for _, b := range memory {
		if b != 0 {
			t.Fatalf("%q is left", memory)
		}
	}
}

func TestRefuse(t *testing.T) {
	items := Of(make([]Item, 3))
	items[1].Err = errTest
	run := Run{Items: items}
	late := errors.New("another")
	if err := run.Refuse(late); err != late || items[0].Err != late || items[1].Err != errTest || items[2].Err != late {
		t.Errorf("%v, %+v", err, items)
	}
}

func TestMoveTo(t *testing.T) {
	items := Of(make([]Item, 3))
	memory := []byte("first, and then  the second, and nothing more")
	items[0].Out, items[1].Err, items[2].Out = memory[:5], errTest, memory[Align:Align+4]
	moved := append([]byte(nil), memory[:Align+4]...)
	items.MoveTo(moved)
	if &items[0].Out[0] != &moved[0] || &items[2].Out[0] != &moved[Align] || len(items[0].Out) != 5 || len(items[2].Out) != 4 || cap(items[2].Out) != 4 || items[1].Out != nil {
		t.Errorf("%+v", items)
	}
}
