package tracee

import (
	"testing"
	"time"

	"openmosix/internal/model/image"
)

// TestAwaitClocks: whatever is behind comes to where the process has read it, unless that takes too long.
func TestAwaitClocks(t *testing.T) {
	began := time.Now()
	for _, c := range []struct {
		name            string
		monotonic, boot time.Duration // how far they are ahead
		limit           time.Duration
		least           time.Duration // how long it is waited
		reached         bool
	}{
		{"both ahead", time.Millisecond, time.Hour, time.Minute, 0, true},
		{"neither", 0, 0, time.Minute, 0, true},
		{"one behind", -20 * time.Millisecond, time.Second, time.Minute, 20 * time.Millisecond, true},
		{"the other one", time.Second, -20 * time.Millisecond, time.Minute, 20 * time.Millisecond, true},
		{"too far", -time.Hour, 0, 20 * time.Millisecond, 20 * time.Millisecond, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			frozen := time.Since(began)
			img := &image.Image{Monotonic: int64(frozen), Boottime: int64(frozen)}
			now := func() (int64, int64) {
				at := time.Since(began)
				return int64(at + c.monotonic), int64(at + c.boot)
			}
			reached := AwaitClocks(img, now, c.limit)
			took := time.Since(began) - frozen
			monotonic, boot := now()
			if reached != c.reached || reached && (monotonic < img.Monotonic || boot < img.Boottime) || took < c.least {
				t.Errorf("%v after %v: %v and %v behind", reached, took, img.Monotonic-monotonic, img.Boottime-boot)
			}
		})
	}
}
