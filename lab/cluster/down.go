package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Patience with a hub that was asked to take its lab down, and with processes
// that were killed.
const (
	politeTime = 5 * time.Second
	killTime   = 10 * time.Second
)

// Down takes the lab down.
func (l *Lab) Down() error {
	if l.leash != nil {
		l.leash.Close()
	}
	return takeDown(l.place)
}

// Down takes a lab down, whatever state it is in; one that does not exist is
// down already.
func Down(base, name string) error {
	o := Options{Base: base, Name: name, Nodes: 1}
	if err := o.complete(); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("taking down what root has made takes root: use sudo")
	}
	return takeDown(place{o.Base, o.Name})
}

// Names lists the labs below base, complete or in pieces.
func Names(base string) ([]string, error) {
	o := Options{Base: base, Nodes: 1}
	if err := o.complete(); err != nil {
		return nil, err
	}
	all, err := members("")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, m := range all {
		if filepath.Dir(m.dir) == o.Base {
			seen[filepath.Base(m.dir)] = true
		}
	}
	entries, err := os.ReadDir(o.Base)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list labs: %w", err)
	}
	for _, e := range entries {
		seen[e.Name()] = e.IsDir()
	}
	var names []string
	for name, is := range seen {
		if is && checkName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

func takeDown(p place) error {
	found, err := members(p.dir())
	if err != nil {
		return err
	}
	for _, m := range found {
		if m.verb == HubVerb {
			err = errors.Join(err, m.signal(unix.SIGTERM))
		}
	}
	hasHub := func(m member) bool { return m.verb == HubVerb }
	if err == nil && anyOf(found, hasHub) && gone(p, politeTime) {
		return p.purge()
	}
	// No hub, or one that does not obey: its part is done here. The death of
	// an init is the death of all that runs in its node.
	found, err = members(p.dir())
	for _, m := range found {
		err = errors.Join(err, m.signal(unix.SIGKILL))
	}
	if err != nil {
		return err
	}
	if !gone(p, killTime) {
		return fmt.Errorf("lab %q: some of its processes do not die; try again later", p.name)
	}
	return p.purge()
}

func anyOf(list []member, is func(member) bool) bool {
	for _, m := range list {
		if is(m) {
			return true
		}
	}
	return false
}

// gone waits until no process of the lab is left.
func gone(p place, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if left, err := members(p.dir()); err == nil && len(left) == 0 {
			return true
		}
	}
	return false
}

// purge removes what does not die with the processes.
func (p place) purge() error {
	return errors.Join(removeNodeGroups(p), removeCPUSets(p), p.erase(), removeMountPoints())
}
