package naming

import (
	"openmosix/internal/linux/filestat"
	"openmosix/internal/model/wire"
	"testing"
	"time"
)

// A header that was read yesterday evening is told of this morning: whole builds were without
// it from the twelfth hour on.
func TestUntraced(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	hours := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	for _, c := range []struct {
		name                    string
		read, changed, modified time.Time
		want                    bool
	}{
		{"read just now", hours(0), hours(-100), hours(-100), true},
		{"read 13 hours ago", hours(-13), hours(-100), hours(-100), true},
		{"read 23 hours ago", hours(-23), hours(-100), hours(-100), true},
		{"read a day ago", hours(-24), hours(-100), hours(-100), false},
		{"written since", hours(-2), hours(-1), hours(-1), false},
		{"renamed since", hours(-2), hours(-1), hours(-100), false},
		{"times set to the future", hours(-2), hours(-100), hours(1), false},
	} {
		if got := noon.Before(untraced(c.read, c.changed, c.modified)); got != c.want {
			t.Errorf("%s: told %v, want %v", c.name, got, c.want)
		}
	}
}

// What is told of a file's state is as long as those who hear it expect.
func TestStateIsAsLongAsTold(t *testing.T) {
	if filestat.Size != wire.StatSize {
		t.Errorf("%d and %d bytes", filestat.Size, wire.StatSize)
	}
}
