package member

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

var eventCount = flag.Int("events", 60, "how often a node joins and leaves in TestComingAndGoing; the long form has 1000")

// Nodes come and go, by goodbyes and crashes, many at a time: those that stay
// know in the end who is there, and nothing is left of the others.
func TestComingAndGoing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute where crashes are noticed slowly")
	}
	stay := cluster(t, 5)
	const atOnce = 10
	comeAndGo(t, stay, atOnce, atOnce) // what is made once is made now
	settled(t, stay)
	before := resources()
	comeAndGo(t, stay, *eventCount, atOnce)
	settled(t, stay)
	eventually(t, fmt.Sprintf("as much is in use as before, %+v", before), func() bool {
		now := resources()
		// memberlist forgets the dead after half a minute, in its own time; what
		// it knows of them is all that may have been added.
		return now.goroutines <= before.goroutines+3 && now.files <= before.files+3
	})
	after := resources()
	if grown := int64(after.heap) - int64(before.heap); grown > 8<<20 {
		t.Errorf("%d KiB more are in use", grown>>10)
	}
	for _, n := range stay {
		n.mu.Lock()
		if len(n.others) > maxGone+len(stay) {
			t.Errorf("node %d remembers %d others", n.self.Number, len(n.others))
		}
		n.mu.Unlock()
	}
}

// comeAndGo has nodes join one of those that stay, see them all, and go. One in
// fifty crashes.
func comeAndGo(t *testing.T, stay []*node, times, atOnce int) {
	t.Helper()
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range times {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			n := begin(t, 100+i, 0, nil)
			if err := n.Join([]string{stay[rand.IntN(len(stay))].self.Address.String()}); err != nil {
				t.Errorf("node %d: %v", n.self.Number, err)
			}
			if i%50 != 0 {
				_ = n.Leave()
			}
			n.crash()
		})
	}
	all.Wait()
}

// settled waits until those that stay see each other and nobody else.
func settled(t *testing.T, stay []*node) {
	t.Helper()
	for end := time.Now().Add(3 * patience); ; time.Sleep(20 * time.Millisecond) {
		var counts []int
		right := true
		for _, n := range stay {
			counts = append(counts, n.count())
			right = right && n.count() == len(stay)-1
		}
		if right {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("they see %v others", counts)
		}
	}
}

type used struct {
	goroutines, files int
	heap              uint64
}

func resources() used {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return used{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}
