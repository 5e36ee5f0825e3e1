package tracee

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"
)

// ErrGone: the thread or process ended meanwhile.
var ErrGone = errors.New("the process has ended")

// Role is the supervisor's part of the state machine. All methods run on the
// tracing thread and must not wait for a stop.
type Role interface {
	// Stopped: a thread that nobody holds has stopped.
	Stopped(t *Thread, s ptrace.Stop)
	// Born: the first stop of a tracee that is in no table yet.
	Born(s ptrace.Stop)
	// Gone: a thread has ended and is out of the tables.
	Gone(t *Thread, s ptrace.Stop)
}

// Family is everything one supervisor traces.
type Family struct {
	Loop *ptrace.Loop
	Blob stub.Blob
	FS   procfs.FS
	role Role
	// Owes is told of what is to be set right when nothing else is left to be done; nil: nobody is.
	Owes func(more int)

	ownStack sync.Mutex // held while the supervisor's own stack limit is lifted

	mu      sync.RWMutex
	threads map[int]*Thread
}

// NewFamily starts a tracing thread for a role.
func NewFamily(role Role) *Family {
	f := &Family{Blob: stub.Load(), FS: "/proc", role: role, threads: map[int]*Thread{}}
	f.Loop = ptrace.NewLoop(f.stopped)
	return f
}

// Process is one traced process.
type Process struct {
	Family *Family
	PID    int // as the supervisor sees it
	Own    int // as the process sees itself
	Mem    *mem.Space
	// Base is where the stub's region is; 0: not there.
	Base uint64
	// Slots are those of the region, shared with the processes forked from this one.
	Slots *Slots
	// LocksNew is what was found of image.Image.LocksNew when the stub was mapped.
	LocksNew uint8
	// Execs counts the programs executed while traced. Tracing thread.
	Execs int
	// Sees is told of the calls of threads that run by themselves; nil: nobody is. Tracing thread.
	Sees Seer
	// Data is the role's.
	Data any

	attributes attributes
	widened    widened

	hold    *Hold           // tracing thread
	threads map[int]*Thread // Family.mu
}

// Thread is one traced thread.
type Thread struct {
	TID int // as the supervisor sees it
	Own int // as the process sees it
	// Inner is its id in the namespace in which it is traced, if that is not Own; else 0.
	Inner int
	Proc  *Process
	Slot  *stub.Slot // nil: not in the stub
	// Stands: the role has left the thread in a stop, which is
	// reported only once. Tracing thread.
	Stands bool

	ordered atomic.Pointer[order]
	slice   time.Duration        // of its own, while it has another in the stub: Hasten
	slept   image.Regs           // as last saved, when inside a call that restart_syscall goes on with
	stay    stay                 // as last noted
	looks   bool                 // what it waits for, if it is in no write, is looked at once more when it is told to stop
	room    atomic.Pointer[room] // for which it waits in a write; nil: in none

	hold *Hold // tracing thread
	gone bool  // Family.mu
	data any   // Family.mu

	// Tracing thread.
	told      bool       // its hold has told it to stop, and waits for that
	injection *injection // the call it is to make, nil: none
	group     bool       // the stop it was told to make was a job-control stop
	short     bool       // its stop may have cut a read short
	written   *written   // by a write that goes on; nil: none does
	seen      bool       // it runs until its next call
	asks      bool       // it stands before a call, until GoOnCalling
	turn      uint64     // ... which is this one
	after     func()     // what its next stop, or its end, means to the role; nil: nothing
}

// NewProcess enters a process without threads.
func (f *Family) NewProcess(pid, own int) (*Process, error) {
	m, err := mem.Open(pid, f.Loop)
	if err != nil {
		return nil, err
	}
	return &Process{Family: f, PID: pid, Own: own, Mem: m, threads: map[int]*Thread{}}, nil
}

// NewChild enters a process that the kernel has attached and that has done nothing yet.
func (f *Family) NewChild(pid, own int) *Process {
	return &Process{Family: f, PID: pid, Own: own, Mem: mem.Later(pid, f.Loop), threads: map[int]*Thread{}}
}

// Forced is its memory as its tracer may use it. It may wait for the tracing thread.
func (p *Process) Forced() mem.Forced { return mem.Forced{Space: p.Mem} }

// AddThread enters a thread. data makes what the role has of it, before anybody else sees the thread; nil: nothing yet.
// Precondition: on the tracing thread.
func (f *Family) AddThread(p *Process, tid, own int, data func(t *Thread) any) *Thread {
	t := &Thread{TID: tid, Own: own, Proc: p}
	if data != nil {
		t.data = data(t)
	}
	f.mu.Lock()
	f.threads[tid] = t
	p.threads[tid] = t
	f.mu.Unlock()
	if p.hold != nil {
		t.hold, t.told = p.hold, true // its first stop is yet to come
	}
	return t
}

// Thread finds a thread by the supervisor's id of it.
func (f *Family) Thread(tid int) *Thread {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.threads[tid]
}

// Threads lists a process's live threads, its leader first.
func (p *Process) Threads() []*Thread {
	p.Family.mu.RLock()
	defer p.Family.mu.RUnlock()
	ts := make([]*Thread, 0, len(p.threads))
	if l := p.threads[p.PID]; l != nil {
		ts = append(ts, l)
	}
	for tid, t := range p.threads {
		if tid != p.PID {
			ts = append(ts, t)
		}
	}
	return ts
}

// OneThread tells whether a process has one thread.
func (p *Process) OneThread() bool {
	p.Family.mu.RLock()
	defer p.Family.mu.RUnlock()
	return len(p.threads) == 1
}

// Leader is the thread group leader, nil when it is gone.
func (p *Process) Leader() *Thread {
	p.Family.mu.RLock()
	defer p.Family.mu.RUnlock()
	return p.threads[p.PID]
}

// ThreadByOwn finds a thread by the id the process knows it by.
func (p *Process) ThreadByOwn(own int) *Thread {
	p.Family.mu.RLock()
	defer p.Family.mu.RUnlock()
	for _, t := range p.threads {
		if t.Own == own {
			return t
		}
	}
	return nil
}

// Data is what the role has of a thread: read anywhere, while another goroutine sets it.
func (t *Thread) Data() any {
	f := t.Proc.Family
	f.mu.RLock()
	defer f.mu.RUnlock()
	return t.data
}

// SetData gives a thread what the role has of it.
func (t *Thread) SetData(data any) {
	f := t.Proc.Family
	f.mu.Lock()
	defer f.mu.Unlock()
	t.data = data
}

// Alive tells whether the thread has not been reported gone.
func (t *Thread) Alive() bool {
	t.Proc.Family.mu.RLock()
	defer t.Proc.Family.mu.RUnlock()
	return !t.gone
}

// Forget takes a thread out of the tables, as after a detach. Precondition: on the tracing thread.
func (f *Family) Forget(t *Thread) {
	f.mu.Lock()
	t.dropRoom()
	delete(f.threads, t.TID)
	delete(t.Proc.threads, t.TID)
	t.gone = true
	f.mu.Unlock()
	if t.Slot != nil {
		t.Slot.Kill()
		t.Proc.Slots.Free(t.Slot)
	}
}

// stopped routes one stop. It runs on the tracing thread.
func (f *Family) stopped(s ptrace.Stop) {
	t := f.Thread(s.TID)
	if t == nil {
		f.role.Born(s)
		return
	}
	if t.written != nil && !s.Gone() && t.writesOn(s) {
		return
	}
	seen := t.seen
	t.seen = false
	if after := t.after; after != nil {
		t.after = nil
		after()
	}
	if s.Gone() {
		f.gone(t, s)
		return
	}
	if seen && s.Kind == ptrace.SyscallStop {
		t.atCall()
		return
	}
	if s.Kind == ptrace.Event && s.Value == ptrace.EventExec {
		f.executed(t)
	}
	if t.hold != nil {
		if !t.hold.stray(t, s) && (t.injection == nil || !t.injection.passes(t, s)) {
			t.hold.deliver(s)
		}
		return
	}
	f.role.Stopped(t, s)
}

func (f *Family) gone(t *Thread, s ptrace.Stop) {
	h := t.hold
	f.Forget(t)
	if h != nil {
		h.deliver(s)
	}
	f.role.Gone(t, s)
}

// executed applies the rules of "execve(2) under ptrace" in ptrace(2): the
// thread that called execve now has the leader's id, and of its own former id
// no end is reported. The address space is another one.
func (f *Family) executed(t *Thread) {
	if former, err := ptrace.EventMessage(t.TID); err == nil && int(former) != t.TID {
		if old := f.Thread(int(former)); old != nil {
			f.gone(old, ptrace.Stop{TID: old.TID, Kind: ptrace.Exited})
		}
	}
	p := t.Proc
	for _, t := range p.Threads() {
		if t.Slot != nil {
			t.Slot.Kill() // whoever waits there still has the slot in hand
			p.Slots.Free(t.Slot)
		}
	}
	if p.Base != 0 { // what runs at home has none, and is looked at meanwhile
		p.Base, p.Slots = 0, nil
	}
	p.Execs++
	p.Mem.Renew()
}

// Adopt enters a newborn tracee as a thread of p and passes its first stop to
// whoever holds p; otherwise it stays stopped for the caller to continue.
// Precondition: on the tracing thread. The result tells whether a hold took it.
func (f *Family) Adopt(p *Process, s ptrace.Stop, own int) (*Thread, bool) {
	t := f.AddThread(p, s.TID, own, nil)
	if t.hold != nil {
		t.told = false // this is the stop: the next one is a stray one
		t.hold.deliver(s)
		return t, true
	}
	return t, false
}

// whereabouts says for the log what the kernel knows of a thread that does not
// do what it should. Not on the tracing thread.
func (t *Thread) whereabouts() string {
	p := t.Proc
	state := "gone"
	if st, err := p.Family.FS.ThreadStatus(p.PID, t.TID); err == nil {
		state = string(st.State)
	}
	call, _ := os.ReadFile(p.Family.FS.Path(p.PID, fmt.Sprintf("task/%d/syscall", t.TID)))
	if t.told {
		state += " told"
	}
	if ptrace.Unreported(t.TID) {
		state += " unreported"
	}
	var why ptrace.SigInfo
	var err error
	p.Family.Loop.Do(func() { why, err = ptrace.GetSigInfo(t.TID) })
	if err == nil {
		state += fmt.Sprintf(" for signal %d code %#x at %#x", why.Signal(), le.Uint32(why[8:]), le.Uint64(why[16:]))
	}
	return fmt.Sprintf("thread %d as %d: %s %s", t.TID, t.Own, state, strings.TrimSpace(string(call)))
}

func (p *Process) whereabouts() string {
	var all []string
	for _, t := range p.Threads() {
		all = append(all, t.whereabouts())
	}
	return strings.Join(all, "; ")
}

// callLimit bounds a call in the stub that cannot block for long.
const callLimit = 20 * time.Second
