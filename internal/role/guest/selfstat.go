package guest

import (
	"bytes"
	"strconv"
)

// fromHere lists the lines of /proc/pid/status that only the body's kernel
// knows. The others are home's.
var fromHere = []string{"Vm", "Rss", "Hugetlb", "THP_", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "State"}

// statusText joins what two kernels tell of one process. overhead is address
// space that is not the program's; self: it is the caller's own status.
func statusText(home, here []byte, overhead uint64, self bool) []byte {
	lines := map[string][]byte{}
	for line := range bytes.Lines(here) {
		if key, _, ok := bytes.Cut(line, []byte{':'}); ok {
			lines[string(key)] = line
		}
	}
	var out bytes.Buffer
	for line := range bytes.Lines(home) {
		key, _, _ := bytes.Cut(line, []byte{':'})
		name := string(key)
		switch own, known := lines[name]; {
		case name == "State" && self:
			line = []byte("State:\tR (running)\n")
		case name == "TracerPid": // that it is traced is the supervisors' affair
			line = []byte("TracerPid:\t0\n")
		case name == "VmSize" || name == "VmPeak":
			line = lessKilobytes(own, overhead>>10)
		case known && isFromHere(key):
			line = own
		}
		out.Write(line)
	}
	return out.Bytes()
}

func isFromHere(key []byte) bool {
	for _, prefix := range fromHere {
		if bytes.HasPrefix(key, []byte(prefix)) {
			return true
		}
	}
	return false
}

// lessKilobytes takes from the number in a line like "VmSize:	    123 kB".
func lessKilobytes(line []byte, less uint64) []byte {
	words := bytes.Fields(line)
	if len(words) != 3 {
		return line
	}
	n, err := strconv.ParseUint(string(words[1]), 10, 64)
	if err != nil || n < less {
		return line
	}
	number := strconv.AppendUint(nil, n-less, 10)
	const width = 8
	out := append(append([]byte(nil), words[0]...), '\t')
	for i := len(number); i < width; i++ {
		out = append(out, ' ')
	}
	return append(append(out, number...), " kB\n"...)
}

// statmText takes the overhead from the size, in pages.
func statmText(here []byte, overhead uint64) []byte {
	words := bytes.Fields(here)
	if len(words) == 0 {
		return here
	}
	n, err := strconv.ParseUint(string(words[0]), 10, 64)
	if err != nil || n < overhead>>12 {
		return here
	}
	words[0] = strconv.AppendUint(nil, n-overhead>>12, 10)
	return append(bytes.Join(words, []byte{' '}), '\n')
}

// Fields of /proc/pid/stat: proc_pid_stat(5).
const (
	statState, statMinFlt, statMajFlt, statUTime, statSTime, statCUTime, statCSTime, statVSize, statRSS = 3, 10, 12, 14, 15, 16, 17, 23, 24
	statSignal, statSigCatch                                                                            = 31, 34
)

// statText joins what two kernels tell of one process that has used u away from home, as have children
// it has waited for.
func statText(home, here []byte, overhead uint64, u, children usage, self bool) ([]byte, bool) {
	head, mine, ok := statFields(home)
	_, theirs, ok2 := statFields(here)
	if !ok || !ok2 || len(mine) != len(theirs) {
		return nil, false
	}
	at := func(list [][]byte, field int) uint64 {
		n, _ := strconv.ParseUint(string(list[field-statState]), 10, 64)
		return n
	}
	set := func(field int, v uint64) { mine[field-statState] = strconv.AppendUint(nil, v, 10) }
	mine[0] = theirs[0]
	if self {
		mine[0] = []byte("R")
	}
	set(statMinFlt, at(mine, statMinFlt)+at(theirs, statMinFlt))
	set(statMajFlt, at(mine, statMajFlt)+at(theirs, statMajFlt))
	set(statUTime, at(mine, statUTime)+uint64((u.CPU-u.System)/tick))
	set(statSTime, at(mine, statSTime)+uint64(u.System/tick))
	set(statCUTime, at(mine, statCUTime)+uint64((children.CPU-children.System)/tick))
	set(statCSTime, at(mine, statCSTime)+uint64(children.System/tick))
	size := at(theirs, statVSize)
	set(statVSize, size-min(size, overhead))
	set(statRSS, at(theirs, statRSS))
	for f := statSignal; f <= statSigCatch; f++ {
		mine[f-statState] = theirs[f-statState]
	}
	return append(append(head, bytes.Join(mine, []byte{' '})...), '\n'), true
}

// statFields splits a stat line: up to the name, which may hold anything, and
// the fields after it. ok: there are all that are touched.
func statFields(b []byte) (head []byte, fields [][]byte, ok bool) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return nil, nil, false
	}
	fields = bytes.Fields(b[i+1:])
	return append(append([]byte(nil), b[:i+1]...), ' '), fields, len(fields) > statSigCatch-statState
}
