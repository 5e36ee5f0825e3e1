package vdso

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/procfs"
)

// own reads the vDSO of the test itself.
func own(t testing.TB) ([]byte, uint64) {
	ms, err := procfs.FS("/proc").Maps(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	s, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, m := range ms {
		if m.Name == "[vdso]" {
			b := make([]byte, m.Len())
			if err := s.Read(m.Start, b); err != nil {
				t.Fatal(err)
			}
			return b, m.Start
		}
	}
	t.Skip("this kernel gives no vDSO")
	return nil, 0
}

func TestEveryFunctionBecomesAJump(t *testing.T) {
	b, base := own(t)
	fs, err := functions(b)
	if err != nil || len(fs) == 0 {
		t.Fatalf("%d functions: %v", len(fs), err)
	}
	out, calls, err := Proxy(b, b, base)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range fs {
		want, behind := standIn(name, base+f.at, f.size)
		if behind > 0 && !slices.Contains(calls, Call{f.at, f.at + behind}) {
			t.Errorf("nothing is told of the call of %s", name)
		}
		if !bytes.Equal(out[f.at:f.at+uint64(len(want))], want) {
			t.Errorf("%s is not replaced", name)
		}
	}
}

func TestProxyRefusesGarbage(t *testing.T) {
	b, base := own(t)
	for _, bad := range [][]byte{nil, b[:100], make([]byte, 8192), make([]byte, MaxSize+1)} {
		if _, _, err := Proxy(bad, b, base); err == nil {
			t.Errorf("%d bytes are taken for a vDSO", len(bad))
		}
	}
}

func FuzzProxy(f *testing.F) {
	b, base := own(f)
	f.Add(b)
	f.Fuzz(func(_ *testing.T, hostile []byte) { _, _, _ = Proxy(hostile, b, base) })
}
