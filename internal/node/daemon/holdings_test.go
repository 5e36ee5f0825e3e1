package daemon

import (
	"io"
	"os"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
)

const mib = 1 << 20

// leave has a process leave something behind, and tells whether there was room.
func leave(t *testing.T, h *holdings, home int, token, text string, bytes, free uint64, now time.Time) bool {
	t.Helper()
	f, err := h.room(home, &supervisor.Hold{Token: []byte(token), Bytes: bytes}, free, now)
	if err != nil {
		return false
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(int64(bytes) + 1); err == nil {
		t.Error("it can be made larger than it is counted for")
	}
	h.filled(home, &supervisor.Hold{Token: []byte(token)})
	return true
}

func sumOf(h *holdings) uint64 {
	sum, _ := h.held()
	return sum
}

// text is what is given back of a process, empty: nothing.
func text(t *testing.T, h *holdings, home int, token string) string {
	t.Helper()
	f := h.claim(home, &supervisor.Hold{Token: []byte(token)})
	if f == nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, 1), b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What a process leaves behind only its home gets back, by its name, and once.
func TestHoldingsAreGivenToTheirOwnerOnly(t *testing.T) {
	now := time.Now()
	var h holdings
	for _, token := range []string{"a", "b"} {
		if !leave(t, &h, 1, token, token, 8*mib, 1<<30, now) {
			t.Fatal("no room")
		}
	}
	if text(t, &h, 2, "a") != "" || text(t, &h, 1, "c") != "" || text(t, &h, 1, "") != "" {
		t.Error("given to others")
	}
	if text(t, &h, 1, "a") != "a" || text(t, &h, 1, "a") != "" || text(t, &h, 1, "b") != "b" || sumOf(&h) != 0 {
		t.Error("not given, or twice", sumOf(&h))
	}
	// What is not there yet is not given.
	f, err := h.room(1, &supervisor.Hold{Token: []byte("d"), Bytes: 8 * mib}, 1<<30, now)
	if err != nil || text(t, &h, 1, "d") != "" {
		t.Error(err)
	}
	f.Close()
	// A later stay counts.
	if !leave(t, &h, 1, "d", "2", 8*mib, 1<<30, now) || sumOf(&h) != 8*mib || text(t, &h, 1, "d") != "2" {
		t.Error("the last stay is not what is held")
	}
	for _, token := range [][]byte{nil, make([]byte, maxToken+1)} {
		if _, err := h.room(1, &supervisor.Hold{Token: token, Bytes: 1}, 1<<30, now); err == nil {
			t.Error("held by no name")
		}
	}
}

// A part of what is free is held, the oldest goes first, and all when nothing is free.
func TestHoldingsGiveWay(t *testing.T) {
	now := time.Now()
	var h holdings
	if leave(t, &h, 1, "large", "", 200*mib, 1000*mib, now) {
		t.Error("a fifth of what is free is held")
	}
	for _, token := range []string{"a", "b", "c"} {
		if !leave(t, &h, 1, token, token, 50*mib, 800*mib-sumOf(&h), now) {
			t.Fatal("no room for", token)
		}
	}
	if sumOf(&h) != 100*mib || text(t, &h, 1, "a") != "" {
		t.Error(sumOf(&h))
	}
	h.fit(350*mib, now) // of 450 with it
	if sumOf(&h) != 50*mib || text(t, &h, 1, "b") != "" {
		t.Error(sumOf(&h))
	}
	h.fit(0, now)
	if sumOf(&h) != 0 || text(t, &h, 1, "c") != "" {
		t.Error(sumOf(&h))
	}
	leave(t, &h, 1, "a", "a", 50*mib, 1000*mib, now)
	leave(t, &h, 1, "b", "b", 50*mib, 1000*mib, now.Add(time.Minute))
	h.fit(1000*mib, now.Add(holdTime+time.Second))
	if text(t, &h, 1, "a") != "" || sumOf(&h) != 50*mib {
		t.Error("held for ever", sumOf(&h))
	}
	h.yield(50*mib + 1) // a node asks for more than there is room for: it does not cost others what is held of theirs
	if sumOf(&h) != 50*mib {
		t.Error(sumOf(&h))
	}
	h.yield(1)
	if sumOf(&h) != 0 {
		t.Error(sumOf(&h))
	}
	for i := range 2 * maxHoldings {
		leave(t, &h, 1, string(rune('a'+i)), "x", 4096, 1<<30, now)
	}
	if len(h.all) > maxHoldings {
		t.Error(len(h.all))
	}
	if n, err := os.ReadDir("/proc/self/fd"); err != nil || len(n) > maxHoldings+64 {
		t.Error(len(n), err)
	}
	h.fit(0, now)
}
