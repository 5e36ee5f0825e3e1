package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A report among nodes, numbers big endian:
//
//	length 1 │ node 2 │ instance 4 │ sequence 4 │ flags 1 │ CPUs 2 │ speed 4 │ demand 4 │ utilisation 2 │
//	memory: total, free, available 3 × 4 │ guests, most, away 3 × 2 │ pressure: CPU, some, full 3 × 2 │ CPU 8 │
//	weight 2
//
// Every report of a version has the same length. A longer one is of a later
// version: what follows is not understood and is skipped, so that old nodes
// understand new ones.
const (
	fields = 57
	// EncodedSize is how many bytes a report takes.
	EncodedSize = 1 + fields

	perDemand = 1000 // demand is told in thousandths
	perUse    = 1000 // utilisation too
	perWeight = math.MaxUint16
	memUnit   = 1 << 16 // memory in units of 64 KiB, rounded down

	maxDemand = math.MaxUint32 / perDemand
	maxMemory = math.MaxUint32 * memUnit
)

// flags are told in one byte, the first of them in its lowest bit.
func (r *Report) flags() [6]*bool {
	return [...]*bool{&r.Accepting, &r.Stay, &r.LStay, &r.Quiet, &r.NoMFS, &r.Closed}
}

// ErrCut is told for content that ends too early.
var ErrCut = errors.New("report is cut")

// AppendReport appends the bytes of a report that Check has nothing against.
func AppendReport(b []byte, r Report) []byte {
	var bits byte
	for i, on := range r.flags() {
		if *on {
			bits |= 1 << i
		}
	}
	u16, u32 := binary.BigEndian.AppendUint16, binary.BigEndian.AppendUint32
	b = append(b, fields)
	b = u16(b, uint16(r.Node))
	b = u32(u32(b, r.Instance), r.Sequence)
	b = append(b, bits)
	b = u16(b, uint16(r.CPUs))
	b = u32(b, uint32(r.Speed))
	b = u32(b, uint32(math.Round(r.Demand*perDemand)))
	b = u16(b, uint16(math.Round(r.Utilisation*perUse)))
	for _, m := range []uint64{r.MemTotal, r.MemFree, r.MemAvailable} {
		b = u32(b, uint32(m/memUnit))
	}
	for _, n := range []int{r.Guests, r.MaxGuests, r.Away} {
		b = u16(b, uint16(n))
	}
	for _, p := range []uint16{r.Pressure.CPU, r.Pressure.MemorySome, r.Pressure.MemoryFull} {
		b = u16(b, p)
	}
	b = binary.BigEndian.AppendUint64(b, r.CPU)
	return u16(b, uint16(math.Round(r.Weight*perWeight)))
}

// ReadReport reads what AppendReport wrote and gives what follows it.
func ReadReport(b []byte) (r Report, rest []byte, err error) {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return Report{}, nil, ErrCut
	}
	length := int(b[0])
	if length < fields {
		return Report{}, nil, fmt.Errorf("report of %d bytes, at least %d are needed", length, fields)
	}
	rest = b[1+length:]
	b = b[1:]
	u16 := func() uint16 { v := binary.BigEndian.Uint16(b); b = b[2:]; return v }
	u32 := func() uint32 { v := binary.BigEndian.Uint32(b); b = b[4:]; return v }
	r.Node = int(u16())
	r.Instance, r.Sequence = u32(), u32()
	bits := b[0]
	b = b[1:]
	for i, on := range r.flags() {
		*on = bits>>i&1 != 0
	}
	r.CPUs = int(u16())
	r.Speed = int(u32())
	r.Demand = float64(u32()) / perDemand
	r.Utilisation = float64(u16()) / perUse
	for _, m := range []*uint64{&r.MemTotal, &r.MemFree, &r.MemAvailable} {
		*m = uint64(u32()) * memUnit
	}
	for _, n := range []*int{&r.Guests, &r.MaxGuests, &r.Away} {
		*n = int(u16())
	}
	for _, p := range []*uint16{&r.Pressure.CPU, &r.Pressure.MemorySome, &r.Pressure.MemoryFull} {
		*p = u16()
	}
	r.CPU = binary.BigEndian.Uint64(b)
	b = b[8:]
	r.Weight = float64(u16()) / perWeight
	if err := r.Check(); err != nil {
		return Report{}, nil, err
	}
	return r, rest, nil
}
