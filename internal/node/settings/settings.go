// Package settings is what the administrator of a node has told it with mosctl,
// kept in a file so that it survives a restart. What was never told is not in
// the file: then the configuration decides.
//
// It holds and keeps; what a setting means is the daemon's affair. A Store's
// values are guarded by its lock; the file is written under it, so that two
// changes reach the file in the order in which they were made.
package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"openmosix/internal/model/load"
)

// Values are the settings, the configuration's where nothing was told.
type Values struct {
	Stay   bool `json:"stay"`   // nothing leaves this node
	LStay  bool `json:"lstay"`  // this node's own processes do not leave
	Block  bool `json:"block"`  // no guests
	Quiet  bool `json:"quiet"`  // tells other nodes nothing of its load
	NoMFS  bool `json:"nomfs"`  // other nodes do not see its files
	Speed  int  `json:"speed"`  // 0: as measured
	Yard   int  `json:"yard"`   // speed of the processor in whose units load is shown
	Period int  `json:"period"` // seconds between two decays of old statistics
	Slow   int  `json:"slow"`   // what is kept of them then, per mille
	Fast   int  `json:"fast"`
}

// Decay as openMosix had it.
const (
	DefaultPeriod = 1
	DefaultSlow   = 975
	DefaultFast   = 926
)

// Default is what holds when neither the configuration nor anybody says otherwise.
func Default() Values {
	return Values{Yard: load.Standard, Period: DefaultPeriod, Slow: DefaultSlow, Fast: DefaultFast}
}

// Check finds values that make no sense.
func (v Values) Check() error {
	switch {
	case v.Speed != 0 && (v.Speed < load.MinSpeed || v.Speed > load.MaxSpeed):
		return fmt.Errorf("speed %d is not in %d…%d (0: as measured)", v.Speed, load.MinSpeed, load.MaxSpeed)
	case v.Yard < load.MinSpeed || v.Yard > load.MaxSpeed:
		return fmt.Errorf("yardstick %d is not in %d…%d", v.Yard, load.MinSpeed, load.MaxSpeed)
	case v.Period < 1 || v.Period > 65535:
		return fmt.Errorf("decay interval %d is not in 1…65535 seconds", v.Period)
	case v.Slow < 0 || v.Slow > 1000 || v.Fast < 0 || v.Fast > 1000:
		return fmt.Errorf("decay of %d and %d per mille: both are in 0…1000", v.Slow, v.Fast)
	case v.Fast > v.Slow:
		return fmt.Errorf("fast decay (%d per mille are kept) must not keep more than slow decay (%d)", v.Fast, v.Slow)
	}
	return nil
}

// Store is the settings of one node.
type Store struct {
	path string

	mu      sync.Mutex
	values  Values
	base    Values
	changed map[string]bool // names of what was told
}

// Open reads the file over what the configuration says. A file that cannot be
// used is an error beside a store that works without it.
func Open(path string, configured Values) (*Store, error) {
	s := &Store{path: path, values: configured, base: configured, changed: map[string]bool{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read settings: %w", err)
	}
	if err := s.read(text); err != nil {
		return s, fmt.Errorf("the settings in %s are not used (the next change with mosctl replaces the file): %w", path, err)
	}
	return s, nil
}

func (s *Store) read(text []byte) error {
	values := s.base
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&values); err != nil {
		return err
	}
	if err := values.Check(); err != nil {
		return err
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(text, &names); err != nil {
		return err
	}
	for name := range names {
		s.changed[name] = true
	}
	s.values = values
	return nil
}

// Now gives the settings.
func (s *Store) Now() Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values
}

// ErrUnkept is wrapped when a change holds, but not beyond the end of this daemon.
var ErrUnkept = errors.New("it cannot be kept")

// Change applies edit, keeps the settings of these names in the file, and leaves everything as it was when the
// outcome makes no sense. What cannot be kept holds all the same: a node whose disk is full, or has failed, is one
// that somebody wants to block and to empty.
func (s *Store) Change(edit func(*Values), names ...string) (Values, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := s.values
	edit(&values)
	if err := values.Check(); err != nil {
		return s.values, err
	}
	changed := make(map[string]bool, len(s.changed)+len(names))
	for name := range s.changed {
		changed[name] = true
	}
	for _, name := range names {
		changed[name] = true
	}
	s.values, s.changed = values, changed
	if err := write(s.path, values, changed); err != nil {
		return values, fmt.Errorf("%w: %w", ErrUnkept, err)
	}
	return values, nil
}

// Reconfigure takes over a changed configuration; what was told stays.
func (s *Store) Reconfigure(configured Values) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	told, err := marshal(s.values, s.changed)
	if err != nil {
		return err
	}
	values := configured
	if err := json.Unmarshal(told, &values); err != nil {
		return fmt.Errorf("merge settings: %w", err)
	}
	if err := values.Check(); err != nil {
		return err
	}
	s.base, s.values = configured, values
	return nil
}

// marshal gives the values of these names.
func marshal(values Values, names map[string]bool) ([]byte, error) {
	all, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(all, &fields); err != nil {
		return nil, err
	}
	for name := range fields {
		if !names[name] {
			delete(fields, name)
		}
	}
	return json.MarshalIndent(fields, "", "  ")
}

// write replaces the file as a whole: a reader, and a machine that loses its
// power, see the old one or the new one.
func write(path string, values Values, names map[string]bool) error {
	text, err := marshal(values, names)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".settings-*")
	if err != nil {
		return err
	}
	_, err = fresh.Write(append(text, '\n'))
	err = errors.Join(err, fresh.Chmod(0o644), fresh.Sync(), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
	}
	return err
}
