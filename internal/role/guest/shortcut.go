package guest

import (
	"fmt"
	"strings"
	"sync"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/names"
	"openmosix/internal/process/shortcut"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A body that asks often of names that are known is answered inside itself
// (process/shortcut). What the answers say is what known and quick would say: an answer is entered
// when one of them has given it, and is dropped when a fact is taken back that it needs, before
// anything that home sends behind that.

// answers are those of the session. Guarded by Guest.mu.
type answers struct {
	table *shortcut.Table // nil: there is none
	at    uint64          // where the bodies have it
	code  shortcut.Code
	views map[string]uint32 // working directories, by path; the number of one stays
}

// mostViews is how many working directories have a number.
const mostViews = 1 << 12

// view is the number of a working directory, 0: it has none.
func (a *answers) view(directory string) uint32 {
	if directory == "" {
		return 0
	}
	n, known := a.views[directory]
	if !known && len(a.views) < mostViews {
		if a.views == nil {
			a.views = map[string]uint32{}
		}
		n = uint32(len(a.views) + 1)
		a.views[directory] = n
	}
	return n
}

// shortcuts are those of one body.
type shortcuts struct {
	mu      sync.Mutex // held while instructions are changed; taken before Guest.mu
	made    []shortcut.Patch
	word    int            // its control word, if any is made
	asked   map[uint64]int // calls that could have been answered, by the address behind the instruction; -1: never
	landing image.Range    // where its landings are
}

// worth is how many calls of one instruction that could have been answered show that
// more of them will come. Changing it costs as much as ten. mostSites are counted.
const (
	worth     = 24
	mostSites = 24
)

// answersTable gives the session's bodies, all of which are made after this, the table and the code.
func (g *Guest) answersTable(in *nsInit) error {
	fd, err := in.t.Must("make the answers' memory", unix.SYS_MEMFD_CREATE, in.t.Put(0, []byte("openmosix\x00")), unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return err
	}
	defer func() { _, _ = in.t.Call(unix.SYS_CLOSE, uint64(fd)) }()
	ours, err := tracee.Borrow(in.p.PID, int(fd))
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(ours) }()
	table, err := shortcut.NewTable(ours)
	if err != nil {
		return err
	}
	code, base := shortcut.Load(), in.p.Base
	if err := in.p.Forced().Write(base+shortcut.CodeOff, code); err != nil {
		return err
	}
	at := base + shortcut.TableOff
	if _, err := in.t.Must("map the answers", unix.SYS_MMAP, at, shortcut.TableSize, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_FIXED_NOREPLACE, uint64(fd), 0); err != nil {
		return err
	}
	g.mu.Lock()
	g.answers = answers{table: table, at: at, code: code}
	g.mu.Unlock()
	return nil
}

// answered notes with which error a call ended because of what is known of its
// path. Precondition: Guest.mu is held.
func (b *body) answered(nr int, path []byte, errno int64) {
	a := &b.g.answers
	if a.table == nil || !shortcut.Answered(nr) || len(path) == 0 {
		return
	}
	if view := b.viewOf(path); !shortcut.Has(a.table, nr, view, path) {
		a.table.Put(shortcut.Key{Nr: nr, View: view, Path: string(path)}, int32(-errno))
	}
}

// viewOf is from where the body sees a path. Preconditions: Guest.mu is held, and the path is not empty.
func (b *body) viewOf(path []byte) uint32 {
	if path[0] == '/' {
		return 0
	}
	return b.g.answers.view(b.directory)
}

// recheck drops the answers that do not follow any more from what is known, now that facts of a name, or of
// what is below it, have been taken back. Precondition: Guest.mu is held.
func (g *Guest) recheck(top string) {
	a := &g.answers
	if a.table == nil || a.table.Len() == 0 {
		return
	}
	directories := make([]string, len(a.views)+1)
	for path, n := range a.views {
		directories[n] = path
	}
	last := top[strings.LastIndexByte(top, '/')+1:] // nothing of the root, which every path contains
	a.table.Keep(func(k shortcut.Key, place int32) bool {
		if place > 0 {
			return true // conceal drops those
		}
		from := directories[k.View]
		if !strings.Contains(k.Path, last) && (from == "" || !names.Below(from, top)) {
			return true
		}
		path := names.Resolve(from, k.Path, g.names.IsDirectory)
		return path != "" && names.OfCall(k.Nr).Answer(names.Look(&g.names, path)) != 0
	})
}

// allow says whether the body may be answered, and from where. Precondition: Guest.mu is held.
func (b *body) allow() {
	if a := &b.g.answers; b.shortcut {
		a.table.Control(b.shortcuts.word, b.sharesNames && b.kept.Load() == 0, a.view(b.directory))
	}
}

// consider makes the instruction of a call that was answered one that leads past it,
// if it is worth it. Receiver: the thread waits for the answer.
func (s *strand) consider(nr int, behind uint64) {
	b := s.b
	if !shortcut.Answered(nr) || b.kept.Load() != 0 || b.waitsForPages() {
		return
	}
	if !b.shortcuts.due(behind) {
		return
	}
	var err error
	b.Family.Loop.On(func() {
		b.shortcuts.mu.Lock()
		defer b.shortcuts.mu.Unlock()
		err = s.shortCut(behind, nr)
	})
	if err != nil {
		b.g.log.Debug("a call is not answered inside the process", "process", b.Own, "call", nr, "why", err)
	}
}

// due counts a call by its instruction, and tells whether that is now worth a patch. It is once.
func (c *shortcuts) due(behind uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	times := c.asked[behind]
	if times < 0 || len(c.asked) >= mostSites && times == 0 {
		return false
	}
	if c.asked == nil {
		c.asked = map[uint64]int{}
	}
	if c.asked[behind] = times + 1; times+1 < worth {
		return false
	}
	c.asked[behind] = -1
	return true
}

// shortCut makes the patch. Preconditions: on the tracing thread, who alone may write into code (mem.Forced), and shortcuts.mu is held.
func (s *strand) shortCut(behind uint64, nr int) error {
	b, c := s.b, &s.b.shortcuts
	b.mu.Lock()
	may := b.running && !b.freezing && !b.want && !b.gone && !b.borrows
	b.mu.Unlock()
	if !may || !b.OneThread() || b.g.alias {
		return fmt.Errorf("it moves, or is not the only thread in its memory")
	}
	slack := c.landing
	if len(c.made) == 0 {
		var err error
		if slack, err = b.slackFor(behind); err != nil {
			return err
		}
	}
	landing, room := shortcut.Landings(slack, len(c.made))
	if !room {
		return fmt.Errorf("there is no room for a landing")
	}
	b.g.mu.Lock()
	defer b.g.mu.Unlock()
	a := &b.g.answers
	if len(c.made) == 0 {
		var free bool
		if c.word, free = a.table.Take(); !free {
			return fmt.Errorf("all control words are in use")
		}
	}
	p, err := shortcut.New(b.Mem, behind, landing, nr, b.Base+shortcut.CodeOff, a.at+8*uint64(c.word))
	if err == nil {
		err = p.Make(b.Forced())
	}
	if err != nil {
		if len(c.made) == 0 {
			a.table.Return(c.word)
		}
		return err
	}
	c.made, c.landing, b.shortcut = append(c.made, p), slack, true
	b.allow()
	return nil
}

// slackFor finds room for landings near an instruction.
func (b *body) slackFor(behind uint64) (image.Range, error) {
	maps, err := b.Family.FS.Maps(b.PID)
	if err != nil {
		return image.Range{}, err
	}
	for i := range maps {
		if m := &maps[i]; behind > m.Start && behind <= m.End {
			for j := range maps[:i+1] {
				if first := &maps[j]; first.Ino == m.Ino && first.Dev == m.Dev && first.Off == 0 && m.Ino != 0 {
					var head [4096]byte
					if err := b.Mem.Read(first.Start, head[:]); err != nil {
						return image.Range{}, err
					}
					return shortcut.Slack(head[:], m.Range, m.Off), nil
				}
			}
		}
	}
	return image.Range{}, fmt.Errorf("it is not the code of a program or library")
}

// straighten gives a body its own instructions back. Precondition: its threads stand still, and those
// that stand in the code are put back by upright.
func (b *body) straighten() error {
	c := &b.shortcuts
	c.mu.Lock()
	none := len(c.made) == 0
	c.mu.Unlock()
	if none {
		return nil
	}
	var err error = unix.ESRCH // if the tracing thread has ended
	b.Family.Loop.On(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		err = b.undoShortcuts()
	})
	return err
}

// undoShortcuts preconditions: on the tracing thread, and shortcuts.mu is held.
func (b *body) undoShortcuts() error {
	c := &b.shortcuts
	for i := range c.made {
		if err := c.made[i].Undo(b.Forced()); err != nil {
			return fmt.Errorf("give the process its instructions back: %w", err)
		}
	}
	b.unanswered()
	c.made, c.asked = nil, nil
	return nil
}

// unanswered gives the control word back.
func (b *body) unanswered() {
	b.g.mu.Lock()
	defer b.g.mu.Unlock()
	if b.shortcut {
		b.g.answers.table.Return(b.shortcuts.word)
		b.shortcut = false
	}
}

// upright puts the registers of a stopped thread that stands in the code back to the call that it
// would make. The result tells whether it was there.
func (b *body) upright(r *image.Regs) bool {
	c := &b.shortcuts
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.made) == 0 {
		return false
	}
	for i := range c.made {
		if c.made[i].UndoRegs(r) {
			return true
		}
	}
	return b.g.answersCode().Undo(r, b.Base+shortcut.CodeOff, c.site, b.Mem.Read)
}

// site is the call made by the instruction that ends at an address. Precondition: mu is held.
func (c *shortcuts) site(behind uint64) (nr uint32, known bool) {
	for i := range c.made {
		if c.made[i].Behind() == behind {
			return c.made[i].Nr, true
		}
	}
	return 0, false
}

func (g *Guest) answersCode() shortcut.Code {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.answers.code
}

// straightened is upright for a thread that is about to take a signal. The result tells whether that
// is none of the program's: a fault of the code, at a string that the kernel is to find that it cannot
// read, or at a stack that a system call does not need. Tracing thread.
func (s *strand) straightened(info *ptrace.SigInfo) (ours bool) {
	r, err := ptrace.Regs(s.t.TID)
	if err != nil {
		return false
	}
	if !s.b.upright(&r) {
		ours = s.undone && isFault(info)
		s.undone = s.undone && !ours
		return ours
	}
	return ptrace.SetRegs(s.t.TID, r) == nil && isFault(info)
}

// isFault tells whether the thread itself has just met this signal, by what it did to memory.
func isFault(info *ptrace.SigInfo) bool {
	sig := unix.Signal(info.Signal())
	return siCode(info) > 0 && (sig == unix.SIGSEGV || sig == unix.SIGBUS)
}
