package syscalls

import (
	"slices"
	"testing"
)

// only is a filter that lets these calls pass, and answers all others so.
func only(others uint32, names ...string) []Instr {
	prog := []Instr{{Code: bpfLoad, K: dataArch}, {Code: bpfJeq, K: archX86, Jt: 1}, {Code: bpfRet, K: killProcess}, {Code: bpfLoad, K: dataNr}}
	for _, name := range names {
		prog = append(prog, Instr{Code: bpfJeq, K: uint32(byName(name).Nr), Jf: 1}, Instr{Code: bpfRet, K: allow})
	}
	return append(prog, Instr{Code: bpfRet, K: others})
}

// when answers a call so whose first argument is 1.
func when(name string, word uint32) []Instr {
	return []Instr{
		{Code: bpfLoad, K: dataNr}, {Code: bpfJeq, K: uint32(byName(name).Nr), Jf: 3},
		{Code: bpfLoad, K: dataArgs}, {Code: bpfJeq, K: 1, Jf: 1}, {Code: bpfRet, K: word},
		{Code: bpfRet, K: allow},
	}
}

func TestHindered(t *testing.T) {
	without := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(deputyCalls), func(n string) bool { return n == name })
	}
	for _, c := range []struct {
		what   string
		filter []Instr
		want   []string
	}{
		{"everything is allowed", only(allow), nil},
		{"everything is logged", only(logged), nil},
		{"all that is needed is allowed", only(killProcess, deputyCalls...), nil},
		{"one call kills", only(killProcess, without("futex")...), []string{"futex"}},
		{"one call fails", only(errnoReturn|1, without("rseq")...), []string{"rseq"}},
		{"one call goes to another process", only(userNotif, without("close")...), []string{"close"}},
		{"nothing is allowed", only(killProcess), deputyCalls},
		{"some arguments fail", when("prctl", errnoReturn|1), nil},
		{"some arguments kill", when("prctl", killProcess), []string{"prctl"}},
		{"some arguments of a call nobody needs kill", when("ptrace", killProcess), nil},
		{"numbers from the 32-bit kind on fail", append([]Instr{{Code: bpfLoad, K: dataNr}, {Code: bpfJge, K: x32Bit, Jf: 1}, {Code: bpfRet, K: killProcess}}, only(allow)...), nil},
		{"what it answers is computed", []Instr{{Code: 0x16}}, deputyCalls},
		{"it has no end", []Instr{{Code: bpfLoad, K: dataNr}}, deputyCalls},
		{"it is a guest supervisor's own", SupervisorFilter(), []string{"personality", "set_tid_address", "rt_sigtimedwait", "getitimer", "open"}},
	} {
		if besides := Hindered(c.filter, "mlock"); len(besides) != len(c.want) && (len(besides) != len(c.want)+1 || besides[len(c.want)] != "mlock") {
			t.Errorf("%s: %v with mlock, %v without", c.what, besides, c.want)
		}
		if got := Hindered(c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	if got := Hindered(only(killProcess, deputyCalls...), TimerCalls()...); !slices.Equal(got, TimerCalls()) {
		t.Errorf("with timers: %v", got)
	}
}
