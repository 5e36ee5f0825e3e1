package wire

import "fmt"

// What an image lists is some hundred bytes each in memory, and may be a single one of a message: a megabyte of these would
// have the decoder build half a gigabyte before anything can be checked. So it is counted first what there is. Honest ones
// bring their fields, with their names. How many there may be is the kernel's affair at home (vm.max_map_count), and not
// known here.
type shape struct {
	Image struct {
		VMAs, Files, Threads, CPUTimers []passedOver
	}
	Signals []passedOver
}

// passedOver is an element that is counted.
type passedOver struct{}

// UnmarshalCBOR takes nothing of it.
func (*passedOver) UnmarshalCBOR([]byte) error { return nil }

// The least bytes of one: half of what the names of its fields take, or less.
const (
	leastElement = 16
	leastThread  = 64
)

// plausible checks a message with an image before it is decoded.
func plausible(b []byte) error {
	var s shape
	if err := mode.Unmarshal(b, &s); err != nil {
		return err
	}
	img := &s.Image
	for _, n := range []int{len(img.VMAs), len(img.Files), len(img.CPUTimers), len(s.Signals)} {
		if n > len(b)/leastElement {
			return fmt.Errorf("%d elements in %d bytes", n, len(b))
		}
	}
	if n := len(img.Threads); n > len(b)/leastThread {
		return fmt.Errorf("%d threads in %d bytes", n, len(b))
	}
	return nil
}
