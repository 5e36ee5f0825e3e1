package syscalls

import "slices"

// Variants are the forms of a multiplexed call, told apart by one argument
// (compared as the kernel's int). A variant may have variants of its own.
type Variants struct {
	By   int8      // the argument that decides
	Mask uint32    // 0: all bits of it
	List []Variant // sorted by Value
	// Other makes the row for values that are not listed; nil: the parent row itself.
	Other func(value uint32) *Row
}

// Variant is one form.
type Variant struct {
	Value uint32
	Row   Row
}

// Resolve finds the variant of the row these arguments select, and where it runs.
// A call that is trapped although Resolve says Here touched the reserved region.
func (r *Row) Resolve(a [6]uint64) (*Row, Where) {
	for r.Variants != nil {
		v := r.Variants.pick(a)
		if v == nil {
			break
		}
		r = v
	}
	if len(r.When) > 0 && !meets(r.When, a) {
		return r, r.Else
	}
	return r, r.Where
}

func (v *Variants) pick(a [6]uint64) *Row {
	key := uint32(a[v.By])
	if v.Mask != 0 {
		key &= v.Mask
	}
	k, found := slices.BinarySearchFunc(v.List, key, func(x Variant, key uint32) int {
		return int(int64(x.Value) - int64(key))
	})
	switch {
	case found:
		return &v.List[k].Row
	case v.Other != nil:
		return v.Other(key)
	}
	return nil
}

// finish gives variants what they share with their call.
func (v *Variants) finish(parent *Row) {
	slices.SortFunc(v.List, func(a, b Variant) int { return int(int64(a.Value) - int64(b.Value)) })
	for i := range v.List {
		r := &v.List[i].Row
		r.Nr = parent.Nr
		if r.Interrupt == Never {
			r.Interrupt = parent.Interrupt
		}
		if r.Variants != nil {
			r.Variants.finish(r)
		}
	}
}
