package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsSurvive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "settings.json")
	s, err := Open(path, Default())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(func(v *Values) { v.Block = true }, "block"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(func(v *Values) { v.Speed = 7 }, "speed"); err != nil {
		t.Fatal(err)
	}
	// What was not told is the configuration's, also when that changes.
	other := Default()
	other.Quiet = true
	again, err := Open(path, other)
	if v := again.Now(); err != nil || !v.Block || v.Speed != 7 || !v.Quiet || v.Stay {
		t.Errorf("%+v, %v", v, err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".settings-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBadSettings(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "EOF",
		"{":                     "unexpected",
		`{"colour":1}`:          "colour",
		`{"block":"yes"}`:       "block",
		`{"speed":-1}`:          "speed -1",
		`{"slow":10,"fast":20}`: "must not keep more",
		`{"period":0}`:          "interval 0",
		"[]":                    "cannot unmarshal",
	} {
		path := filepath.Join(t.TempDir(), "settings.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Default())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if s.Now() != Default() {
			t.Errorf("%q: %+v", text, s.Now())
		}
		if _, err := s.Change(func(v *Values) { v.Stay = true }, "stay"); err != nil {
			t.Error(err)
		}
		if back, err := Open(path, Default()); err != nil || !back.Now().Stay {
			t.Errorf("%q is not replaced: %v", text, err)
		}
	}
}

func TestWhatMakesNoSenseChangesNothing(t *testing.T) {
	dir := t.TempDir()
	s, _ := Open(filepath.Join(dir, "settings.json"), Default())
	if _, err := s.Change(func(v *Values) { v.Speed = -5 }, "speed"); err == nil || s.Now() != Default() {
		t.Errorf("%+v, %v", s.Now(), err)
	}
}

// What cannot be kept holds, and is kept with the next change that can be.
func TestUnkept(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(state, "settings.json")
	s, _ := Open(path, Default())
	if v, err := s.Change(func(v *Values) { v.Stay = true }, "stay"); !errors.Is(err, ErrUnkept) || !v.Stay || !s.Now().Stay {
		t.Errorf("%+v, %v", s.Now(), err)
	}
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(func(v *Values) { v.Block = true }, "block"); err != nil {
		t.Error(err)
	}
	if back, err := Open(path, Default()); err != nil || !back.Now().Stay || !back.Now().Block {
		t.Errorf("%+v, %v", back.Now(), err)
	}
}
