package deputy

import (
	"encoding/binary"
	"os"
	"os/exec"
	"testing"
	"time"

	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// sleeper is the deputy of a process that sleeps, without a slot.
func sleeper(t *testing.T) (d *deputy, ended <-chan error) {
	t.Helper()
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- sleep.Wait() }()
	t.Cleanup(func() { _ = sleep.Process.Kill() })
	d = idle()
	d.p.s, _, _ = employed(t)
	d.p.Process = d.p.s.fam.NewChild(sleep.Process.Pid, sleep.Process.Pid)
	return d, over
}

// slots is the memory of slots, as the process has it.
func slots(t *testing.T) (*stub.Region, []byte) {
	t.Helper()
	fd, err := unix.MemfdCreate("slots", stub.MemoryFlags)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	r, err := stub.NewRegion(1<<30, fd)
	if err != nil {
		t.Fatal(err)
	}
	its, err := unix.Mmap(fd, 0, stub.SlotSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(its) })
	return r, its
}

// What a call gives stands in the process's memory, into which another node can have anything written: this supervisor
// holds other processes, too.
func TestMoreIsSaidToBeWrittenThanThereWas(t *testing.T) {
	d, ended := sleeper(t)
	r, its := slots(t)
	d.t.Slot = r.Slot(0)
	const doneOff, retOff, first = 0x40, 0xb8, 2 // stub_amd64.s
	binary.LittleEndian.PutUint64(its[retOff:], 1<<20)
	binary.LittleEndian.PutUint32(its[doneOff:], first)
	m := wire.WroteMsg{FD: 1, Data: []byte("ten bytes.")}
	d.wrote(job{frame: frame{data: append(m.Head(), m.Data...)}})
	if <-ended == nil {
		t.Error("the process goes on")
	}
}

// Another thread may execute a program in any moment: then there is no slot any more, and what was still to be done for
// the program before does not concern the new one.
func TestASlotGoesWithAnExecve(t *testing.T) {
	d, ended := sleeper(t)
	for kind, data := range map[uint8][]byte{
		wire.Opened: wire.Encode(wire.OpenedMsg{Path: "/etc/hosts", FD: 3}),
		wire.Behind: wire.BehindMsg{FD: 3, Read: true, Close: true}.Append(nil),
	} {
		d.do(job{frame: frame{kind: kind, data: data}})
	}
	select {
	case err := <-ended:
		t.Error("the new program is killed", err)
	default:
	}
}

// The number of what a clone has made may be that of another process's newborn, or of one that was made long ago.
func TestANewbornIsItsMakersOwn(t *testing.T) {
	s, _, _ := employedOn(t, "/proc")
	one, other := &proc{s: s, Process: s.fam.NewChild(os.Getpid(), 1)}, &proc{s: s, Process: s.fam.NewChild(os.Getpid(), 2)}
	child := &proc{s: s, Process: s.fam.NewChild(os.Getpid(), 3), parent: other}
	for _, p := range []*proc{one, other, child} {
		p.Data = p
	}
	const thread, process = 7, 8
	its := map[int]*tracee.Thread{thread: {Proc: other.Process}, process: {Proc: child.Process}}
	for own, t := range its {
		s.born[own] = &newborn{t: t}
	}
	for own := range its {
		for _, kind := range []bool{true, false} {
			if s.takeBorn(one, own, kind) != nil || s.takeBorn(other, own, own != thread) != nil {
				t.Errorf("%d is given to who has not made it", own)
			}
		}
		if s.takeBorn(other, own, own == thread) != its[own] || s.takeBorn(other, own, own == thread) != nil {
			t.Errorf("%d is not given to who has made it, once", own)
		}
	}
	s.byOwn[os.Getpid()] = idle()
	waited := make(chan *tracee.Thread)
	go func() { waited <- s.waitBorn(one, os.Getpid(), true) }()
	select {
	case born := <-waited:
		if born != nil {
			t.Error("one that was there is new")
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for one that was made long ago")
	}
}
