package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func source(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWrite(t *testing.T) {
	same := map[string]string{"LICENSE": "do as you like\n", "licenses.go": "not this"}
	var b bytes.Buffer
	err := write(&b, []part{
		{"one 1", source(t, same)},
		{"two 2", source(t, map[string]string{"LICENSE-MIT.txt": "keep this\r\nhere", "NOTICE": "made by us"})},
		{"three 3", source(t, same)},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(b.String(), "\n\n")
	line := strings.Repeat("=", 78)
	if want := line + "\none 1\nthree 3\n\ndo as you like\n\n" + line + "\ntwo 2\n\nkeep this\nhere\n\nmade by us\n"; got != want {
		t.Errorf("%q", got)
	}
	if err := write(&b, []part{{"four 4", source(t, nil)}}); err == nil || err.Error() != "four 4: its source has no licence" {
		t.Error(err)
	}
}

// What this test is made of is what the binary is made of, in part.
func TestLinked(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all, err := linked(own)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b, all); err != nil || !strings.Contains(b.String(), "The Go Authors") {
		t.Errorf("%v\n%.300s", err, b.String())
	}
}
