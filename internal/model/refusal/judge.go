package refusal

import (
	"fmt"
	"slices"
	"strings"

	"openmosix/internal/model/cpuclock"
)

// Judge names every reason why the process cannot move; none means that it
// seems movable. Each reason comes once, in the order of the table, with the
// first few of its causes.
func Judge(f Facts) []Finding {
	if decisive := whatItIs(&f); decisive != nil {
		return decisive
	}
	var c causes
	c.relations(&f)
	for _, m := range f.Mappings {
		if code, ok := ofMapping(&f, m); ok {
			c.add(code, nameOf(m))
		}
	}
	c.descriptors(&f)
	return c.findings()
}

// JudgeDescriptors names the reasons that the descriptors give: they may have changed until a
// process stands still.
func JudgeDescriptors(f Facts) []Finding {
	var c causes
	c.descriptors(&f)
	return c.findings()
}

func (c *causes) descriptors(f *Facts) {
	for _, d := range f.Descriptors {
		if code, ok := ofDescriptor(f, d); ok {
			c.add(code, fmt.Sprintf("descriptor %d (%s)", d.Number, printable(d.Target)))
		}
	}
}

// whatItIs judges by what the process is. Where that alone says no, nothing
// else is worth saying, or can be known: a zombie has no memory to look at.
func whatItIs(f *Facts) []Finding {
	live := 0 // threads beside the first
	for _, t := range f.Threads {
		if !t.Ending && t.TID != f.PID {
			live++
		}
	}
	switch {
	case f.Kernel:
		return []Finding{{Code: KernelThread}}
	case f.DumpingCore:
		return []Finding{{Code: DumpingCore}}
	// A leader that has ended stays a zombie until the last thread ends.
	case f.State == 'Z' && live > 0:
		return []Finding{{Code: LeaderExited, Detail: fmt.Sprintf("threads left: %d", live)}}
	case f.State == 'Z' || f.State == 'X':
		return []Finding{{Code: Zombie}}
	// Before Ours: a guest's first executable is a part of us.
	case f.Guest:
		return []Finding{{Code: AlreadyGuest}}
	case f.Ours:
		return []Finding{{Code: Self}}
	}
	return nil
}

// relations judges what it is to others, and how it runs.
func (c *causes) relations(f *Facts) {
	if f.PID == 1 {
		c.add(Init, "")
	}
	if f.Tracer != "" && !f.Supervised {
		c.add(Traced, "by "+printable(f.Tracer))
	}
	for _, pid := range f.Traced {
		c.add(TracesOthers, fmt.Sprintf("process %d", pid))
	}
	if f.Class32 {
		c.add(ThirtyTwoBit, "")
	}
	for _, t := range f.Threads {
		switch t.Policy {
		case policyFIFO, policyRR, policyDeadline:
			c.add(RealTime, fmt.Sprintf("thread %d", t.TID))
		}
		if t.Worker {
			c.add(IOUring, fmt.Sprintf("kernel worker %d", t.TID))
		}
	}
	if f.SeccompStrict {
		c.add(SeccompStrict, "")
	}
	for _, pid := range f.SharesMemory {
		c.add(SharedSpace, fmt.Sprintf("with process %d", pid))
	}
	for _, t := range f.CPUTimers {
		switch {
		case !t.Clock.Timed(f.self()):
			c.add(CPUTimer, fmt.Sprintf("timer %d, on the time of process %d", t.ID, t.Clock.ID))
		case !cpuclock.Raised(t.Signal):
			c.add(CPUTimer, fmt.Sprintf("timer %d, with signal %d", t.ID, t.Signal))
		}
	}
	if f.ShadowStack {
		c.add(ShadowStack, "")
	}
}

// causes collects, by reason, what causes it.
type causes map[Code][]string

func (c *causes) add(code Code, cause string) {
	if *c == nil {
		*c = make(causes)
	}
	if cause == "" || !slices.Contains((*c)[code], cause) {
		(*c)[code] = append((*c)[code], cause)
	}
}

// maxCauses bounds how many causes of one reason are spelled out.
const maxCauses = 3

func (c *causes) findings() []Finding {
	var all []Finding
	for _, r := range Table {
		list := (*c)[r.Code]
		if len(list) == 0 {
			continue
		}
		detail := strings.Join(list[:min(len(list), maxCauses)], ", ")
		if more := len(list) - maxCauses; more > 0 {
			detail += fmt.Sprintf(" and %d more", more)
		}
		all = append(all, Finding{Code: r.Code, Detail: detail})
	}
	return all
}

// printable keeps names that processes chose from playing with a terminal.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\uFFFD' {
			return '?'
		}
		return r
	}, name)
}
