package employer

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestMemoryIsGivenBackWhenItIsQuiet(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it does not happen by itself
	kept := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapSys - m.HeapReleased
	}
	const pieces, size = 32, 1 << 20
	before := kept()
	var q quiet
	for round := range 2 {
		used := make([][]byte, pieces)
		for i := range used {
			used[i] = make([]byte, size)
			used[i][0] = 1
		}
		runtime.KeepAlive(used)
		if round == 0 { // the second time it happens by itself
			q.begin(time.Hour, time.Hour)
			q.begin(time.Millisecond, 100*time.Millisecond)
		}
		for deadline := time.Now().Add(30 * time.Second); kept() > before+pieces*size/2; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("round %d: %d bytes are kept, %d were before %d were used", round, kept(), before, pieces*size)
			}
		}
	}
	q.begin(time.Hour, time.Hour)
}
