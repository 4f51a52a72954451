package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestSumCountsTheFirstThreadByBlocks(t *testing.T) {
	const log = `----------------
IN: main
0x5502933f40:  d503201f  nop
0x5502933f44:  d280001d  movz     x29, #0

Trace 0: 0x7f18 [0000000001009331/0000005502933f40/00000001/00000200] main
Trace 1: 0x7f18 [0000000001009331/0000005502933f40/00000001/00000200] main
Trace 0: 0x7f18 [0000000001009331/0000005502933f40/00000001/00000200] main
`
	got, err := sum(bufio.NewScanner(strings.NewReader(log)))
	if err != nil || got != 4 {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := sum(bufio.NewScanner(strings.NewReader("Trace 0: 0x7f18 [0/1/2/3] f\n"))); err == nil {
		t.Error("a block that was never translated has a length")
	}
}
