package procfs

import (
	"os"
	"testing"
)

func TestTimeOffsets(t *testing.T) {
	o, err := ParseTimeOffsets([]byte("monotonic      100000         5\nboottime           -3 999999999\n"))
	if err != nil || o.Monotonic != 100000e9+5 || o.Boottime != -3e9+999999999 {
		t.Errorf("%+v %v", o, err)
	}
	if _, err := ParseTimeOffsets([]byte("monotonic x 0\n")); err == nil {
		t.Error("garbage is taken")
	}
	if _, err := FS("/proc").TimeOffsets(os.Getpid()); err != nil {
		t.Error(err)
	}
}
