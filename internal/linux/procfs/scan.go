package procfs

import (
	"bytes"
	"strconv"
)

// field cuts the first blank-separated word off b. Both are empty at the end.
func field(b []byte) (word, rest []byte) {
	i := 0
	for i < len(b) && blank(b[i]) {
		i++
	}
	j := i
	for j < len(b) && !blank(b[j]) {
		j++
	}
	return b[i:j], b[j:]
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// line cuts the first line off b.
func line(b []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(b, []byte{'\n'})
	return first, rest
}

// number reads an unsigned number that fills the whole word.
func number(word []byte, base int) (uint64, bool) {
	if len(word) == 0 || len(word) > 64 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(word), base, 64)
	return n, err == nil
}

// integers reads all words as decimal ints, stopping at the first that is none.
func integers(b []byte) []int {
	var all []int
	for {
		var word []byte
		if word, b = field(b); len(word) == 0 || len(word) > 20 {
			return all
		}
		n, err := strconv.Atoi(string(word))
		if err != nil {
			return all
		}
		all = append(all, n)
	}
}

// first returns the first word as a decimal int, 0 when there is none.
func first(b []byte) int {
	word, _ := field(b)
	n, _ := strconv.Atoi(string(word))
	return n
}
