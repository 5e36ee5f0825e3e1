package hostilenode

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
)

var le = binary.LittleEndian

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// over tells whether a process is a zombie or gone.
func over(pid int) bool {
	text, err := os.ReadFile("/proc/" + itoa(pid) + "/status")
	return err != nil || strings.Contains(string(text), "State:\tZ")
}

// cutSpace reads two numbers.
func cutSpace(text string) (first, second int, is bool) {
	a, b, is := strings.Cut(strings.TrimSpace(text), " ")
	return atoi(a), atoi(b), is
}
