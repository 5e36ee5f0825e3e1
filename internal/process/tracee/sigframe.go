package tracee

import "openmosix/internal/model/image"

// What the kernel puts on the stack for a handler with SA_SIGINFO or without:
// struct rt_sigframe of x86-64. It has been the same since there is one.
const (
	frameReturn = 8                  // pretcode
	frameLink   = 8 + 8              // uc_link: none
	frameCode   = 8 + 16 + 24 + 18*8 // cs in the saved registers
	frameMask   = 8 + 16 + 24 + 256  // uc_sigmask
	frameInfo   = frameMask + 8
	frameSize   = frameInfo + 128
	frameScan   = 64 << 10 // how far up a handler's own frames may reach
	frameChunk  = 4096
)

// handling are the signals of a set that a thread blocks only because it runs
// their handler: there is the frame of one on its stack whose mask, to which the
// thread will return, does not have the signal.
func (p *Process) handling(th *image.Thread, set uint64) uint64 {
	b := make([]byte, 0, frameScan)
	start := th.Regs.Rsp
	if p.returning(&th.Regs) {
		start -= frameReturn
	}
	for at := start; len(b) < frameScan; {
		next := at + uint64(len(b))
		part := make([]byte, frameChunk-next%frameChunk)
		if p.Mem.Read(next, part) != nil {
			break
		}
		b = append(b, part...)
	}
	const align = 8
	var seen, all uint64
	for i := int(-start & (align - 1)); i+frameSize <= len(b); i += align {
		f := b[i:]
		sig := le.Uint32(f[frameInfo:])
		if sig < 1 || sig > signals || set>>(sig-1)&1 == 0 || seen>>(sig-1)&1 != 0 || le.Uint64(f[frameLink:]) != 0 ||
			uint16(le.Uint32(f[frameCode:])) != codeSegment64 || !p.returnsToKernel(le.Uint64(f)) {
			continue
		}
		seen |= 1 << (sig - 1)
		all |= 1 << (sig - 1) &^ le.Uint64(f[frameMask:])
	}
	return all
}

// returning tells whether a thread is on its way from its handler into
// rt_sigreturn, or in it: the handler's own return has then popped the first word
// of the frame, which is the address of the code that makes the call.
func (p *Process) returning(r *image.Regs) bool {
	var b [frameReturn]byte
	if p.Mem.Read(r.Rsp-frameReturn, b[:]) != nil {
		return false
	}
	const longest = 9
	code := le.Uint64(b[:])
	return r.Rip >= code && r.Rip-code <= longest && p.returnsToKernel(code)
}

// returnsToKernel tells whether the code at an address is the C library's or
// another's mov $15,%rax; syscall (or with a 32-bit move): rt_sigreturn.
func (p *Process) returnsToKernel(at uint64) bool {
	var b [9]byte
	if p.Mem.Read(at, b[:]) != nil {
		return false
	}
	long := [9]byte{0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05}
	return b == long || [7]byte(b[:7]) == [7]byte{0xb8, 15, 0, 0, 0, 0x0f, 0x05}
}

// OwnMask are the signals that a thread blocks, and not just because it runs
// their handler.
func (p *Process) OwnMask(th *image.Thread) uint64 { return th.Mask &^ p.handling(th, th.Mask) }
