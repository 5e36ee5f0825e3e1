package wire

import (
	"bytes"
	"runtime"
	"testing"

	"openmosix/internal/model/image"
)

// TestSmallMessagesStaySmall: no message makes the decoder build many times what it has itself; and the least that honest
// processes have is no less than is asked for.
func TestSmallMessagesStaySmall(t *testing.T) {
	const most = 1 << 20
	for field, of := range map[string]func(n int) any{
		"VMAs":      func(n int) any { return map[string]any{"Image": map[string]any{"VMAs": make([]any, n)}} },
		"Files":     func(n int) any { return map[string]any{"Image": map[string]any{"Files": make([]any, n)}} },
		"Threads":   func(n int) any { return map[string]any{"Image": map[string]any{"Threads": make([]any, n)}} },
		"CPUTimers": func(n int) any { return map[string]any{"Image": map[string]any{"CPUTimers": make([]any, n)}} },
		"Signals":   func(n int) any { return map[string]any{"Signals": make([]any, n)} },
	} {
		b := Encode(of(most))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := Decode(b, new(ThawMsg))
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: %d in %d bytes are taken", field, most, len(b))
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 16*uint64(len(b)) {
			t.Errorf("%s: %d bytes take %d", field, len(b), took)
		}
	}
	const many = 1000
	least := ThawMsg{Image: image.Image{VMAs: make([]image.VMA, many), Files: make([]image.FileID, many), Threads: make([]image.Thread, many),
		CPUTimers: make([]image.CPUTimer, many)}, Signals: make([]PendingSignal, many)}
	for i := range least.Signals {
		least.Signals[i].Info = make([]byte, 128)
	}
	var m ThawMsg
	if b := Encode(least); Decode(b, &m) != nil || len(m.Image.VMAs) != many || !bytes.Equal(Encode(m), b) {
		t.Error("an honest one is refused")
	}
	for name, one := range map[string]ThawMsg{
		"mappings": {Image: image.Image{VMAs: least.Image.VMAs}}, "files": {Image: image.Image{Files: least.Image.Files}},
		"threads": {Image: image.Image{Threads: least.Image.Threads}}, "timers": {Image: image.Image{CPUTimers: least.Image.CPUTimers}},
		"signals": {Signals: least.Signals},
	} {
		if err := Decode(Encode(one), new(ThawMsg)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
