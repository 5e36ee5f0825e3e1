// Package cpu tells what this machine's CPU offers to programs, and whether
// that is enough for a program started on another machine.
//
// Libraries and JIT compilers look at CPUID once, when they start, and keep
// using what they saw; so a process may only run where everything that it can
// have seen exists. The comparison is made before a process is frozen. The
// words travel between nodes (see model/supervisor), so Covers takes them as
// they come: of any length and content.
//
// Only bits that change what user code can execute are kept; what concerns
// the kernel, speed or topology is masked out.
package cpu

import (
	"fmt"
	"strings"
)

// Features is what a CPU, as its kernel set it up, offers to programs.
type Features struct {
	Vendor string // "GenuineIntel"
	Model  string // the brand string
	// Words are CPUID registers in the order of the word table, masked to the
	// named bits. New words are only ever added at the end.
	Words []uint32
	XCR0  uint64 // which parts of the extended state the kernel has enabled
	XSave uint32 // bytes of the extended state, standard format
}

// Local asks the CPU that executes it. All CPUs of a machine are taken to be alike.
func Local() Features {
	f := Features{Vendor: vendor(), Model: model(), Words: make([]uint32, len(words))}
	for i, w := range words {
		f.Words[i] = w.read() & w.mask()
	}
	const osxsave = 1 << 27
	if _, _, ecx, _ := leaf(1, 0); ecx&osxsave != 0 {
		low, high := xgetbv()
		f.XCR0 = uint64(high)<<32 | uint64(low)
		_, f.XSave, _, _ = leaf(0xd, 0)
	}
	return f
}

// Covers names what a program started under need would miss under have: none
// means that it can run there.
//
// The extended state must be the same, not just as large: signal frames and
// the dynamic linker's save area were sized by what the program saw at its
// start, and a larger state overruns them.
func Covers(need, have Features) []string {
	var missing []string
	for i, w := range words {
		lacking := at(need.Words, i) &^ at(have.Words, i) & w.mask()
		for _, b := range w.bits {
			if lacking>>b.bit&1 != 0 {
				missing = append(missing, b.name)
			}
		}
	}
	for i := len(words); i < len(need.Words); i++ {
		if need.Words[i] != 0 {
			missing = append(missing, fmt.Sprintf("features of a newer kind (word %d)", i))
		}
	}
	if need.XCR0 != have.XCR0 {
		missing = append(missing, fmt.Sprintf("the same extended state (XCR0 is %#x, needed is %#x)", have.XCR0, need.XCR0))
	} else if need.XSave != have.XSave {
		missing = append(missing, fmt.Sprintf("the same size of extended state (%d bytes, needed are %d)", have.XSave, need.XSave))
	}
	return missing
}

func at(words []uint32, i int) uint32 {
	if i < len(words) {
		return words[i]
	}
	return 0
}

// leaf is cpuid with zeros for leaves that the CPU does not have: Intel's
// answer with the highest leaf's data instead.
func leaf(number, sub uint32) (eax, ebx, ecx, edx uint32) {
	if highest, _, _, _ := cpuid(number&0x80000000, 0); number > highest {
		return 0, 0, 0, 0
	}
	return cpuid(number, sub)
}

func vendor() string {
	_, b, c, d := cpuid(0, 0)
	return text(b, d, c)
}

func model() string {
	var regs []uint32
	for n := uint32(0x80000002); n <= 0x80000004; n++ {
		a, b, c, d := leaf(n, 0)
		regs = append(regs, a, b, c, d)
	}
	return text(regs...)
}

// text reads registers as characters.
func text(regs ...uint32) string {
	var b strings.Builder
	for _, r := range regs {
		for range 4 {
			if c := byte(r); c != 0 {
				b.WriteByte(c)
			}
			r >>= 8
		}
	}
	return strings.TrimSpace(b.String())
}
