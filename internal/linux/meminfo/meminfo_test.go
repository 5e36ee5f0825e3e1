package meminfo

import "testing"

func TestParse(t *testing.T) {
	got, err := Parse([]byte("MemTotal:       2048 kB\nMemFree:  10 kB\nMemAvailable:    1024 kB\n"))
	if err != nil || got != (Info{2 << 20, 1 << 20}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "MemTotal: 1 kB\n", "MemTotal: x kB\nMemAvailable: 1 kB\n", "MemTotal: -1 kB\nMemAvailable: 1 kB\n"} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if real, err := Read(); err != nil || real.Available == 0 || real.Available > real.Total {
		t.Errorf("%+v, %v", real, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("MemTotal: 1 kB\nMemAvailable: 1 kB\n"))
	f.Fuzz(func(t *testing.T, b []byte) { Parse(b) })
}

func TestKills(t *testing.T) {
	before, err := Kills()
	if err != nil {
		t.Fatal(err)
	}
	if after, err := Kills(); err != nil || after < before {
		t.Errorf("%d after %d, %v", after, before, err)
	}
}
