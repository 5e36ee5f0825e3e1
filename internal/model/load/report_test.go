package load

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var example = Report{
	Node: 258, Instance: 0xa1b2c3d4, Sequence: 7, CPUs: 8, Speed: 12345, Demand: 3.25, Utilisation: 0.406,
	MemTotal: 16 << 30, MemFree: 2 << 30, MemAvailable: 3 << 30, Guests: 5, MaxGuests: 64, Away: 2,
	Accepting: true, LStay: true, NoMFS: true, Pressure: Pressure{12, 0, Untold}, CPU: 0x0123456789abcdef, Weight: 1,
}

// golden is what nodes of the first version send: it never changes.
const golden = "39" + "0102" + "a1b2c3d4" + "00000007" + "15" + "0008" + "00003039" + "00000cb2" + "0196" +
	"00040000" + "00008000" + "0000c000" + "0005" + "0040" + "0002" + "000c" + "0000" + "ffff" + "0123456789abcdef" + "ffff"

func TestReportOfTheFirstVersion(t *testing.T) {
	raw := AppendReport(nil, example)
	if got := hex.EncodeToString(raw); got != golden || len(raw) != EncodedSize {
		t.Errorf("%d bytes\n%s, want\n%s", len(raw), got, golden)
	}
	got, rest, err := ReadReport(append(raw, 1, 2))
	if err != nil || got != example || !bytes.Equal(rest, []byte{1, 2}) {
		t.Errorf("%+v, %v, %v", got, rest, err)
	}
}

func TestReportOfALaterVersion(t *testing.T) {
	raw := slices.Insert(AppendReport(nil, example), EncodedSize, 9, 9, 9)
	raw[0] += 3
	got, rest, err := ReadReport(append(raw, 1))
	if err != nil || got != example || !bytes.Equal(rest, []byte{1}) {
		t.Errorf("%+v, %v, %v", got, rest, err)
	}
}

func TestBadReports(t *testing.T) {
	raw := AppendReport(nil, example)
	for n := range raw {
		if _, _, err := ReadReport(raw[:n]); err == nil {
			t.Errorf("%d bytes of %d were accepted", n, len(raw))
		}
	}
	short := slices.Clone(raw)
	short[0]--
	if _, _, err := ReadReport(short); err == nil {
		t.Error("a report without its last byte was accepted")
	}
	for name, spoil := range map[string]func(*Report){
		"node 0":           func(r *Report) { r.Node = 0 },
		"no CPU":           func(r *Report) { r.CPUs = 0 },
		"speed 0":          func(r *Report) { r.Speed = 0 },
		"too fast":         func(r *Report) { r.Speed = MaxSpeed + 1 },
		"used beyond":      func(r *Report) { r.Utilisation = 1.2 },
		"pressure":         func(r *Report) { r.Pressure.CPU = 1001 },
		"no number":        func(r *Report) { r.Demand = math.NaN() },
		"negative demand":  func(r *Report) { r.Demand = -1 },
		"too much memory":  func(r *Report) { r.MemFree = math.MaxUint64 },
		"too many guests":  func(r *Report) { r.Guests = 1 << 16 },
		"negative to lend": func(r *Report) { r.MaxGuests = -1 },
	} {
		bad := example
		spoil(&bad)
		if bad.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
		if b := bad.Bounded(); name != "node 0" && name != "pressure" && name != "no number" && b.Check() != nil {
			t.Errorf("%s, bounded: %v", name, b.Check())
		}
	}
}

func TestHushed(t *testing.T) {
	h := example.Hushed()
	if !h.Quiet || h.Load() != 0 || h.MemFree != 0 || h.MemAvailable != 0 || h.Guests != 0 || h.Pressure != NoPressure || h.Check() != nil {
		t.Errorf("%+v", h)
	}
	if h.CPUs != example.CPUs || h.Speed != example.Speed || !h.Accepting || h.CPU != example.CPU {
		t.Errorf("what the node is was left out: %+v", h)
	}
}

func TestLoadOfAReport(t *testing.T) {
	if l := (Report{CPUs: 2, Speed: 20000, Demand: 4}).Load(); l != 1 {
		t.Errorf("four threads on two processors of double speed are load %v", l)
	}
}

// What is read and written again is the same.
func TestReportsKeep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Report{
			Node: rapid.IntRange(1, 65535).Draw(t, "node"), Instance: rapid.Uint32().Draw(t, "instance"), Sequence: rapid.Uint32().Draw(t, "sequence"),
			CPUs: rapid.IntRange(1, 65535).Draw(t, "cpus"), Speed: rapid.IntRange(MinSpeed, MaxSpeed).Draw(t, "speed"),
			Demand: rapid.Float64Range(0, maxDemand).Draw(t, "demand"), Utilisation: rapid.Float64Range(0, 1).Draw(t, "util"),
			MemTotal: rapid.Uint64Range(0, maxMemory).Draw(t, "total"), Away: rapid.IntRange(0, 65535).Draw(t, "away"),
			Quiet: rapid.Bool().Draw(t, "quiet"), Stay: rapid.Bool().Draw(t, "stay"), CPU: rapid.Uint64().Draw(t, "cpu"),
		}
		once, _, err := ReadReport(AppendReport(nil, r))
		if err != nil {
			t.Fatal(err)
		}
		twice, _, err := ReadReport(AppendReport(nil, once))
		if err != nil || once != twice {
			t.Errorf("%+v\n%+v, %v", once, twice, err)
		}
		if math.Abs(once.Demand-r.Demand) > 0.001 || math.Abs(once.Utilisation-r.Utilisation) > 0.001 || r.MemTotal-once.MemTotal >= memUnit {
			t.Errorf("%+v became %+v", r, once)
		}
	})
}

func FuzzReadReport(f *testing.F) {
	f.Add(AppendReport(nil, example))
	f.Add(append(AppendReport(nil, example.Hushed()), 1, 2, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, rest, err := ReadReport(b)
		if err != nil {
			return
		}
		if len(rest) > len(b)-EncodedSize {
			t.Fatalf("%d bytes follow, %d were there", len(rest), len(b))
		}
		if again, _, err := ReadReport(AppendReport(nil, r)); err != nil || again != r {
			t.Errorf("%+v\n%+v, %v", r, again, err)
		}
	})
}
