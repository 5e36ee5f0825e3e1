package gowatcher

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCalm(t *testing.T) {
	if err := Calm(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	thread, err := Thread()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", thread))
	if err != nil || strings.TrimSpace(string(text)) != "1000000" {
		t.Errorf("%q, %v", text, err)
	}
	if thread == os.Getpid() {
		t.Error("it is the first thread")
	}
}
