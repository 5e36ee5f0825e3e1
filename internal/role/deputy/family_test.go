package deputy

import (
	"errors"
	"testing"

	"openmosix/internal/linux/procfs"
)

// TestFamilyIsNoOther: a process that has ended since it was found to share memory, and whose number is another's by now, is
// not traced in its place.
func TestFamilyIsNoOther(t *testing.T) {
	s := talkative(t)
	s.placesToo.Store(true)
	pid, _ := runs(t, "read line")
	st, err := s.fam.FS.Stat(pid)
	if err != nil {
		t.Fatal(err)
	}
	for name, started := range map[string]func(int) (uint64, error){
		"it was another one": func(int) (uint64, error) { return st.StartTime - 1, nil },
		"it has come since":  func(int) (uint64, error) { return 0, procfs.ErrGone },
	} {
		if all, err := s.family([]int{pid}, started); !errors.Is(err, procfs.ErrGone) || len(all) > 0 {
			t.Errorf("%s: %v, %v", name, all, err)
		}
		if status, err := s.fam.FS.Status(pid); err != nil || status.TracerPid != 0 || len(s.all()) > 0 {
			t.Errorf("%s: it is traced", name)
		}
	}
	all, err := s.family([]int{pid}, func(int) (uint64, error) { return st.StartTime, nil })
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	s.release(all[0])
}
