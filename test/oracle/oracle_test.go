package oracle

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/abi"
	"openmosix/internal/model/syscalls"
)

var (
	trials = flag.Int("trials", 6, "trials of each row")
	seed   = flag.Uint64("seed", 1, "where the random arguments start")
	only   = flag.String("row", "", "try this row alone")
)

// outcome is what a call did that can be seen.
type outcome struct {
	ret    int64
	memory []byte
}

func TestOracle(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The collector's signals would end calls early.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer blockSignals(t)()
	w := newWorld(t)
	tried, succeeded := 0, 0
	for _, r := range syscalls.Rows() {
		variants(r, nil, func(row *syscalls.Row, by [][2]uint64) {
			if (*only != "" && row.Name != *only) || (!row.Forwardable()) || exclusion(row.Name) != "" {
				return
			}
			tried++
			if w.try(t, row, by) {
				succeeded++
			} else {
				t.Logf("%s never succeeded", row.Name)
			}
		})
		runtime.GC()
	}
	t.Logf("%d rows tried, %d of them with success", tried, succeeded)
}

// blockSignals keeps signals from ending calls early on this thread.
func blockSignals(t *testing.T) (restore func()) {
	var all, old unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old); err != nil {
		t.Fatal(err)
	}
	return func() { unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) }
}

// variants visits a row and its variants, with the arguments that select them.
func variants(r *syscalls.Row, by [][2]uint64, f func(*syscalls.Row, [][2]uint64)) {
	if r.Variants == nil {
		f(r, by)
		return
	}
	for i := range r.Variants.List {
		v := &r.Variants.List[i]
		variants(&v.Row, append(by[:len(by):len(by)], [2]uint64{uint64(r.Variants.By), uint64(v.Value)}), f)
	}
	f(r, by)
}

// try makes some trials of a row and tells whether any call succeeded.
func (w *world) try(t *testing.T, row *syscalls.Row, by [][2]uint64) bool {
	t.Helper()
	success := false
	for trial := range *trials {
		g := &generator{Rand: rand.New(rand.NewPCG(*seed+uint64(trial), uint64(row.Nr))), w: w}
		g.favourite = uint64(firstFd + (7*trial+row.Nr)%(lastFd-firstFd))
		a := g.call(row, by)
		if chosen, _ := syscalls.Lookup(row.Nr).Resolve(a); exclusion(chosen.Name) != "" || !chosen.Forwardable() {
			continue
		}
		var difference string
		for range 3 { // something else on the machine may change what a call sees
			w.terminals = row.Nr == 16 || trial%4 == 0
			before := w.native(row.Nr, a, g.memory)
			away := w.forwarded(row.Nr, a, g.memory)
			after := w.native(row.Nr, a, g.memory)
			success = success || before.ret >= 0
			if difference = compare(row, before, away, after); difference == "" {
				break
			}
		}
		if difference != "" {
			t.Errorf("%s(%s), -seed %d trial %d: %s", row.Name, w.arguments(a), *seed, trial, difference)
		}
	}
	return success
}

func (w *world) arguments(a [6]uint64) string {
	s := ""
	for _, v := range a {
		if v-uint64(w.arena) <= arenaSize {
			s += fmt.Sprintf("arena+%#x ", v-uint64(w.arena))
		} else {
			s += fmt.Sprintf("%#x ", v)
		}
	}
	return s[:len(s)-1]
}

// compare ignores what two native calls do not agree about either: times, inode numbers.
func compare(row *syscalls.Row, before, away, after outcome) string {
	if away.ret == tooLarge {
		return ""
	}
	if before.ret == after.ret && away.ret != before.ret {
		return fmt.Sprintf("natively %d, forwarded %d", before.ret, away.ret)
	}
	if before.ret == -int64(unix.EFAULT) {
		return "" // what a call stored before it faulted is nobody's business
	}
	if before.ret != after.ret || bytes.Equal(before.memory, away.memory) {
		return ""
	}
	if row.Nr == 78 || row.Nr == 217 { // the padding of directory entries is not written
		return ""
	}
	for i := range before.memory {
		if before.memory[i] == after.memory[i] && away.memory[i] != before.memory[i] {
			return fmt.Sprintf("result %d, byte %#x of the arena: natively %#x, forwarded %#x", away.ret, i, before.memory[i], away.memory[i])
		}
	}
	return ""
}

func (w *world) native(nr int, a [6]uint64, memory []byte) outcome {
	w.reset(memory)
	o := outcome{ret: raw(nr, a), memory: make([]byte, arenaSize)}
	w.peek(w.arena, o.memory)
	return o
}

func raw(nr int, a [6]uint64) int64 {
	r, _, e := unix.RawSyscall6(uintptr(nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
	if e != 0 {
		return -int64(e)
	}
	return int64(r)
}

// forwarded takes the call through the table, with this process as its own deputy.
func (w *world) forwarded(nr int, a [6]uint64, before []byte) outcome {
	w.reset(before)
	o := outcome{memory: make([]byte, arenaSize)}
	guest, e := syscalls.Lookup(nr).Gather(a, memory{})
	if e != abi.OK {
		o.ret = e.Result()
	} else {
		o.ret = w.deputy(guest)
	}
	w.peek(w.arena, o.memory)
	return o
}

const (
	canary = 128
	// tooLarge marks a call that does not fit into this deputy's window.
	tooLarge = -1 << 40
)

func (w *world) deputy(guest *syscalls.Call) int64 {
	home, err := syscalls.DecodeCall(guest.Append(nil))
	if err != nil {
		w.t.Fatal(err)
	}
	sizes := make([]uint32, len(home.Segs))
	for i := range home.Segs {
		sizes[i] = home.Segs[i].Size
		home.Segs[i].Size += canary
	}
	buf := bytes.Repeat([]byte{0xa5}, windowSize)
	args, offs, need, ok := home.Place(uint64(w.window), buf, len(buf))
	if !ok {
		return tooLarge
	}
	placed := bytes.Clone(buf[:need])
	w.poke(w.window, buf[:need])
	ret := raw(home.Nr, args)
	w.peek(w.window, buf[:need])
	for i, n := range sizes {
		home.Segs[i].Size = n
		from, to := offs[i]+int(n), offs[i]+int(n)+canary
		if !bytes.Equal(buf[from:to], placed[from:to]) {
			w.t.Errorf("call %d: the kernel wrote beyond the %d bytes of segment %d (argument %d)", home.Nr, n, i, home.Segs[i].Arg)
		}
	}
	result, outs, err := syscalls.DecodeReply(syscalls.AppendReply(nil, ret, home.Returned(ret, buf, offs, nil)))
	if err != nil {
		w.t.Fatal(err)
	}
	return guest.Scatter(result, outs, memory{})
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}
