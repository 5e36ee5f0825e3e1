// Package pressure reads how much of the time work of this machine waited for a
// resource (/proc/pressure, PSI). Kernels may be built or started without it.
//
// It tells of the machine, never of a part of it, as package runqueue does.
package pressure

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"openmosix/internal/linux/kernelfile"
)

// Resource is what is waited for.
type Resource string

const (
	CPU    Resource = "cpu"
	Memory Resource = "memory"
)

// Waited is the time in which work waited.
type Waited struct {
	Lately int           // of the last ten seconds, per mille
	Total  time.Duration // since the machine was started
}

// Sample is what the kernel has counted of one resource.
type Sample struct {
	Some Waited // at least one thread waited
	Full Waited // all that had anything to do did
}

// Read reads what is counted of a resource. An error that wraps
// fs.ErrNotExist, or EOPNOTSUPP, says that this kernel counts nothing.
func Read(r Resource) (Sample, error) {
	text, err := kernelfile.Read("/proc/pressure/" + string(r))
	if err != nil {
		return Sample{}, fmt.Errorf("read pressure: %w", err)
	}
	return Parse(text)
}

// Parse takes the lines out of a file of /proc/pressure. There need not be one for Full.
func Parse(text []byte) (Sample, error) {
	var s Sample
	found := false
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		var to *Waited
		switch string(fields[0]) {
		case "some":
			to, found = &s.Some, true
		case "full":
			to = &s.Full
		default:
			continue
		}
		var err error
		if *to, err = parseWaited(fields[1:]); err != nil {
			return Sample{}, fmt.Errorf("parse pressure: %w", err)
		}
	}
	if !found {
		return Sample{}, errors.New("parse pressure: there is no line of some")
	}
	return s, nil
}

// parseWaited reads "avg10=1.23 avg60=0.00 avg300=0.00 total=4567".
func parseWaited(fields [][]byte) (w Waited, err error) {
	found := 0
	for _, field := range fields {
		name, value, _ := bytes.Cut(field, []byte("="))
		switch string(name) {
		case "avg10":
			percent, err := strconv.ParseFloat(string(value), 64)
			if err != nil || !(percent >= 0) {
				return w, fmt.Errorf("avg10 is %q", value)
			}
			w.Lately = int(min(math.Round(percent*10), 1000))
			found++
		case "total":
			micros, err := strconv.ParseInt(string(value), 10, 53)
			if err != nil || micros < 0 {
				return w, fmt.Errorf("total is %q", value)
			}
			w.Total = time.Duration(micros) * time.Microsecond
			found++
		}
	}
	if found != 2 {
		return w, errors.New("a line lacks avg10 or total")
	}
	return w, nil
}
