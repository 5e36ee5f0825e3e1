package descriptors

import (
	"testing"

	"pgregory.net/rapid"
)

// What is said of the next number is what a table of descriptors gives.
func TestLowest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table [12]bool
		var l Lowest
		for i := range table {
			table[i] = rapid.Bool().Draw(t, "open")
		}
		if rapid.Bool().Draw(t, "known") {
			var taken []int
			for i, is := range table {
				if is {
					taken = append(taken, i)
				}
			}
			l = Of(taken, rapid.SampledFrom([]int{0, len(table)}).Draw(t, "limit"))
		}
		lowest := func() int {
			for i, taken := range table {
				if !taken {
					return i
				}
			}
			return -1
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			fd := rapid.IntRange(0, len(table)-1).Draw(t, "fd")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				if n := lowest(); n >= 0 {
					table[n] = true
					l.Opened(n)
				}
			case 2, 3:
				if table[fd] {
					table[fd] = false
					l.Closed(fd)
				}
			default: // something that is not followed
				table[fd] = !table[fd]
				l.Forget()
			}
			if n, known := l.Next(); known && n != lowest() && (n != len(table) || lowest() >= 0) {
				t.Fatalf("the next is said to be %d, and is %d: %v", n, lowest(), table)
			}
		}
	})
}

// One that opens a file and closes it, again and again, gets the same number.
func TestOpenAndClose(t *testing.T) {
	var l Lowest
	if _, known := l.Next(); known {
		t.Error("known from the beginning")
	}
	l.Opened(4)
	if _, known := l.Next(); known {
		t.Error("known while all are taken")
	}
	for range 3 {
		l.Closed(4)
		if n, known := l.Next(); n != 4 || !known {
			t.Fatalf("%d, %v", n, known)
		}
		l.Opened(4)
	}
	l.Closed(4)
	l.Opened(9) // not by what is known
	l.Closed(9)
	if n, known := l.Next(); known {
		t.Errorf("%d", n)
	}
}

// What is known from the beginning is known as long as it is followed, up to the limit.
func TestOf(t *testing.T) {
	l := Of([]int{0, 1, 2, 4}, 6)
	for _, want := range []int{3, 5} {
		n, known := l.Next()
		if n != want || !known {
			t.Fatalf("%d, %v, not %d", n, known, want)
		}
		l.Opened(n)
	}
	if n, known := l.Next(); known {
		t.Errorf("%d is given beyond the limit", n)
	}
	l.Closed(1)
	l.Closed(4)
	if n, known := l.Next(); n != 1 || !known {
		t.Errorf("%d, %v", n, known)
	}
	if l := Of([]int{1000}, 0); l.taken > 1000 || len(l.free) != maxFree || l.all {
		t.Errorf("%+v", l)
	}
}
