package shortcut

import (
	"bytes"
	"errors"
	"fmt"

	"openmosix/internal/model/image"
)

// Patch is one instruction that leads past its call.
type Patch struct {
	Site    uint64 // of the instruction
	Landing uint64
	Nr      uint32
	land    [landingSize]byte
}

const (
	moveLength  = 5 // mov $imm32,%eax, and jmp rel32 as well
	landingSize = 36
)

// Behind is the address behind the syscall instruction.
func (p *Patch) Behind() uint64 { return p.Site + moveLength + syscallLength }

// SiteOf is where the instruction before a syscall instruction is that ends there.
func SiteOf(behind uint64) uint64 { return behind - moveLength - syscallLength }

// original is what stands at the site: mov $nr,%eax; syscall.
func (p *Patch) original() [moveLength + syscallLength]byte {
	b := [moveLength + syscallLength]byte{0: 0xb8, moveLength: 0x0f, moveLength + 1: 0x05}
	le.PutUint32(b[1:], p.Nr)
	return b
}

// jump is what is to stand there: jmp landing.
func (p *Patch) jump() [moveLength]byte {
	b := [moveLength]byte{0xe9}
	le.PutUint32(b[1:], uint32(p.Landing-p.Site-moveLength))
	return b
}

// New plans a patch; it is not made yet. code and control are addresses in the process. False: the landing is too far away.
func New(site, landing uint64, nr int, code, control uint64) (Patch, bool) {
	p := Patch{Site: site, Landing: landing, Nr: uint32(nr)}
	if far := int64(landing - site); far < -1<<31+moveLength || far >= 1<<31 {
		return p, false
	}
	b := append(p.land[:0], 0xb8) // mov $nr,%eax
	b = le.AppendUint32(b, p.Nr)
	b = append(b, 0x48, 0x8d, 0x0d) // lea behind(%rip),%rcx
	b = le.AppendUint32(b, uint32(p.Behind()-(landing+12)))
	b = append(b, 0x49, 0xbb) // movabs $control,%r11
	b = le.AppendUint64(b, control)
	b = append(b, 0xff, 0x25, 0, 0, 0, 0) // jmp *0(%rip)
	le.AppendUint64(b, code)
	return p, true
}

// Memory is that of the process; it writes also where the process may not.
type Memory interface {
	Read(at uint64, b []byte) error
	Write(at uint64, b []byte) error
}

// ErrOther: at the site is another instruction.
var ErrOther = errors.New("the call is not made by mov $number,%eax; syscall")

// Make changes the process's instructions. Precondition: none of its threads is at the site or in the landing.
func (p *Patch) Make(m Memory) error {
	want := p.original()
	have := want
	if err := m.Read(p.Site, have[:]); err != nil {
		return err
	}
	if have != want {
		return ErrOther
	}
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
	jump, was := p.jump(), p.original()
	if err := replace(m, p.Site, jump[:], was[:moveLength]); err != nil {
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

// UndoRegs puts a thread that stands in the landing back to the syscall instruction. False: it is not there.
func (p *Patch) UndoRegs(r *image.Regs) bool {
	if r.Rip-p.Landing >= landingSize || int64(r.OrigRax) >= 0 {
		return false
	}
	r.Rax, r.Rip = uint64(p.Nr), p.Site+moveLength
	return true
}
