package balance

import (
	"runtime"
	"strconv"
	"testing"

	"openmosix/test/labtest"
)

// Names that a program away asks of again and again it is answered without anybody's waking up for it: a
// thread that waits for an answer changes places with who gives it, and the kernel counts that.
func TestAnsweredInside(t *testing.T) {
	const times = 5000
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	program := w.compiled(t, "asks")
	w.waitsAtMost("cd "+w.dir+" && ", program, strconv.Itoa(times), "0", times/10) // of 2*times; it says how many names it has found
}
