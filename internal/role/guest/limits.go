package guest

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A limit is home's: it is set there and read there, and most act on what is
// done there. Those on memory act here as well. The one on CPU time counts all
// nodes together, which no kernel can: the supervisor looks after it.

// actsHere lists the limits that the kernel here enforces.
var actsHere = []int{unix.RLIMIT_STACK, unix.RLIMIT_DATA, unix.RLIMIT_AS, unix.RLIMIT_MEMLOCK}

// limits gives an arriving body the limits that act here.
func (b *body) limits(img *image.Image) {
	for _, r := range actsHere {
		b.limit(r, img.Limits[r])
	}
}

// limit makes one limit act here. The hard one is for home to keep: here it
// could never be raised again.
func (b *body) limit(resource int, l image.Limit) {
	if resource == unix.RLIMIT_CPU { // of no kernel's: limitCPU
		b.mu.Lock()
		b.cpuSoft = 0
		b.mu.Unlock()
		return
	}
	var now unix.Rlimit
	err := unix.Prlimit(b.PID, resource, nil, &now)
	if err == nil {
		now.Cur = l.Cur
		if resource == unix.RLIMIT_AS && l.Cur < unix.RLIM_INFINITY-2*regionSize {
			now.Cur += b.overhead()
		}
		now.Cur = min(now.Cur, now.Max)
		err = unix.Prlimit(b.PID, resource, &now, nil)
	}
	if err != nil {
		b.g.log.Warn("limit not set here", "process", b.Own, "limit", resource, "error", err)
	}
}

// overhead is the address space that the supervisor uses in the body.
func (b *body) overhead() uint64 {
	ms, err := b.Family.FS.Maps(b.PID)
	if err != nil {
		return 0
	}
	var sum uint64
	for i := range ms {
		if b.reserved(ms[i].Start, ms[i].Len()) {
			sum += ms[i].Len()
		}
	}
	return sum
}

// rlimit sets (or reads) a limit at home and, when home agrees, sets it here.
func (s *strand) rlimit(p *pending) {
	resource, pid, at := int(int32(p.args[0])), 0, int8(1) // setrlimit(resource, new)
	if p.nr == unix.SYS_PRLIMIT64 {
		resource, pid, at = int(int32(p.args[1])), int(int32(p.args[0])), 2
	}
	if pid != 0 && pid != s.b.Own || p.args[at] == 0 {
		s.goHome(p)
		return
	}
	s.askHome(p, func(r result) {
		if r.ret == wire.AtHome {
			s.unenter(p)
			s.comeHome(p, "its limit on address space (ulimit -v) leaves no room for what openMosix maps in it at home")
			return
		}
		for i := range p.call.Segs {
			if in := p.call.Segs[i].In; r.ret == 0 && p.call.Segs[i].Arg == at && len(in) == 16 && limitActs(resource) && resource != unix.RLIMIT_MEMLOCK { // of that home has told
				l := image.Limit{Cur: le.Uint64(in), Max: le.Uint64(in[8:])}
				s.b.mu.Lock()
				s.b.img.Limits[resource] = l
				s.b.mu.Unlock()
				s.b.setLimit(resource)
			}
		}
		s.finish(p, p.call.Scatter(r.ret, r.outs, s.b.memory()))
	})
}

func limitActs(resource int) bool {
	for _, r := range actsHere {
		if r == resource {
			return true
		}
	}
	return resource == unix.RLIMIT_CPU
}

// cpuLooks is how often in a second CPU time is compared with its limit.
const cpuLooks = 4

// limitCPU does what the kernel does natively: SIGXCPU at the soft limit, which
// with each signal is a second later, SIGKILL at the hard one: getrlimit(2).
func (b *body) limitCPU() {
	const second = 1e9
	b.mu.Lock()
	l, home := b.img.Limits[unix.RLIMIT_CPU], b.img.HomeMicros*1000
	b.mu.Unlock()
	if l.Cur == unix.RLIM_INFINITY && l.Max == unix.RLIM_INFINITY {
		return
	}
	total := uint64(home+b.before().CPU+b.cpu()) / second
	switch {
	case total >= max(l.Max, 1):
		b.report()
		b.mu.Lock()
		b.tellWritten(b.Own)
		b.mu.Unlock()
		_ = b.g.post(wire.Died, b.Own, wire.Encode(wire.DiedMsg{Signal: int(unix.SIGKILL)}))
	case total >= max(l.Cur, 1):
		b.mu.Lock()
		if b.img.Limits[unix.RLIMIT_CPU] == l { // nobody has set another one meanwhile
			b.cpuSoft = total + 1
			b.img.Limits[unix.RLIMIT_CPU].Cur = b.cpuSoft // wherever it goes, whatever it forks
		}
		b.mu.Unlock()
		b.report() // home's as well
		const siKernel = 0x80
		one := pendingSignal{own: b.Own}
		le.PutUint32(one.info[:], uint32(unix.SIGXCPU))
		le.PutUint32(one.info[8:], siKernel)
		b.raise(one, false)
	}
}
