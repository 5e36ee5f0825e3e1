package shortcut

import (
	"bytes"
	"errors"
	"fmt"

	"openmosix/internal/model/image"
)

// Patch is a jump in place of an instruction before a call; it leads past the call.
type Patch struct {
	Site    uint64 // of the instruction
	Landing uint64
	Nr      uint32
	length  uint64 // from the site to behind the syscall instruction
	was     [jumpLength]byte
	land    [landingSize]byte
}

const (
	jumpLength  = 5 // jmp rel32, and mov $imm32,%eax as well
	landingSize = 48
)

// The instructions before a call, of which the first becomes the jump. glibc's read asks first whether there are
// several threads, and has too little room behind that.
//
//	mov  $nr,%eax            cmpb $0,single_threaded(%rip)
//	syscall                  je   elsewhere
//	                         xor  %eax,%eax
//	                         syscall
const (
	moveLength    = 7
	compareLength = 13
	compared      = 7  // where je is
	cleared       = 11 // where the syscall is
)

// Behind is the address behind the syscall instruction.
func (p *Patch) Behind() uint64 { return p.Site + p.length }

// jump is what is to stand there: jmp landing.
func (p *Patch) jump() [jumpLength]byte {
	b := [jumpLength]byte{0xe9}
	le.PutUint32(b[1:], uint32(p.Landing-p.Site-jumpLength))
	return b
}

// Memory is that of the process; it writes also where the process may not.
type Memory interface {
	Read(at uint64, b []byte) error
	Write(at uint64, b []byte) error
}

var (
	// ErrOther: at the site are other instructions.
	ErrOther = errors.New("the call is not made by instructions that are known")
	// ErrFar: a jump does not reach so far.
	ErrFar = errors.New("the landing is too far away")
)

// New plans a patch of the call whose instruction ends at behind; it is not made yet. code and control are addresses in the process.
func New(m Memory, behind, landing uint64, nr int, code, control uint64) (Patch, error) {
	p := Patch{Landing: landing, Nr: uint32(nr), length: moveLength}
	if nr == 0 {
		p.length = compareLength
	}
	p.Site = behind - p.length
	var room [compareLength]byte
	have := room[:p.length]
	if err := m.Read(p.Site, have); err != nil {
		return p, err
	}
	copy(p.was[:], have)
	if far := int64(landing - p.Site); far < -1<<31+landingSize || far >= 1<<31-landingSize {
		return p, ErrFar
	}
	b, err := p.first(have)
	if err != nil {
		return p, err
	}
	b = append(b, 0x48, 0x8d, 0x0d) // lea behind(%rip),%rcx
	b = le.AppendUint32(b, uint32(behind-(landing+uint64(len(b))+4)))
	b = append(b, 0x49, 0xbb) // movabs $control,%r11
	b = le.AppendUint64(b, control)
	b = append(b, 0xff, 0x25, 0, 0, 0, 0) // jmp *0(%rip)
	le.AppendUint64(b, code)
	return p, nil
}

// first begins the landing with what the instructions at the site do before the call.
func (p *Patch) first(have []byte) ([]byte, error) {
	if p.Nr != 0 {
		if have[0] != 0xb8 || le.Uint32(have[1:]) != p.Nr || have[5] != 0x0f || have[6] != 0x05 {
			return nil, ErrOther
		}
		return append(p.land[:0], have[:jumpLength]...), nil
	}
	if have[0] != 0x80 || have[1] != 0x3d || have[6] != 0 || have[compared] != 0x74 || !bytes.Equal(have[9:], []byte{0x31, 0xc0, 0x0f, 0x05}) {
		return nil, ErrOther
	}
	flag := p.Site + compared + uint64(int64(int32(le.Uint32(have[2:]))))
	far := int64(flag - (p.Landing + compared))
	if far != int64(int32(far)) {
		return nil, ErrFar
	}
	b := append(p.land[:0], 0x80, 0x3d) // cmpb $0,flag
	b = append(le.AppendUint32(b, uint32(far)), 0)
	b = append(b, 0x0f, 0x84) // je, to the one at the site
	b = le.AppendUint32(b, uint32(p.Site+compared-(p.Landing+compared+6)))
	return append(b, 0x31, 0xc0), nil // xor %eax,%eax
}

// Make changes the process's instructions. Precondition: none of its threads is at the site or in the landing.
func (p *Patch) Make(m Memory) error {
	var free [landingSize]byte
	if err := m.Read(p.Landing, free[:]); err != nil {
		return err
	}
	if free != [landingSize]byte{} {
		return fmt.Errorf("there is something at %#x, where nothing belongs to the program", p.Landing)
	}
	if err := m.Write(p.Landing, p.land[:]); err != nil {
		return err
	}
	jump := p.jump()
	return m.Write(p.Site, jump[:])
}

// Undo puts back what was there, where the process itself has not put something else. Precondition: none
// of its threads is in the landing.
func (p *Patch) Undo(m Memory) error {
	jump := p.jump()
	if err := replace(m, p.Site, jump[:], p.was[:]); err != nil {
		return err
	}
	return replace(m, p.Landing, p.land[:], make([]byte, landingSize))
}

func replace(m Memory, at uint64, if_, by []byte) error {
	have := make([]byte, len(if_))
	if m.Read(at, have) != nil || !bytes.Equal(have, if_) {
		return nil // unmapped, or another file's
	}
	return m.Write(at, by)
}

// UndoRegs puts a thread that stands in the landing back to the site, or to the syscall instruction. False: it is not there.
func (p *Patch) UndoRegs(r *image.Regs) bool {
	const xored = compared + 6 + 2 // the first three instructions of such a landing
	off := r.Rip - p.Landing
	switch {
	case off >= landingSize || int64(r.OrigRax) >= 0:
		return false
	case p.Nr == 0 && off < xored:
		r.Rip = p.Site
	default:
		r.Rax, r.Rip = uint64(p.Nr), p.Behind()-syscallLength
	}
	return true
}
