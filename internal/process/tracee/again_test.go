package tracee

import (
	"testing"

	"openmosix/internal/model/image"
)

// A timer whose signal is taken twice has gone off since: that is an overrun, and nothing more is waited for.
func TestATimerThatGoesOffWhileItsSignalIsTaken(t *testing.T) {
	one, other := wentOff(&image.CPUTimer{ID: 1, Signal: 34}), wentOff(&image.CPUTimer{ID: 2, Signal: 34})
	taken := []Pending{one}
	if again(taken, &other) {
		t.Error("another timer is taken for the same")
	}
	if !again(taken, &one) || taken[0].overrun() != 1 {
		t.Errorf("it was not counted: %d overruns", taken[0].overrun())
	}
}
