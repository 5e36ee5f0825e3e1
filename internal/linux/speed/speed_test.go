package speed

import "testing"

func TestMeasure(t *testing.T) {
	rounds, err := Measure()
	if err != nil || rounds < 1e6 || rounds > 1e10 {
		t.Errorf("%g rounds a second, %v", rounds, err)
	}
}
