// Package gotest is a small test program as go test makes them: parallel
// subtests, a clean-up, files in a temporary directory, a child.
package gotest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func TestSort(t *testing.T) {
	for n := range 8 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(n), 0))
			all := make([]uint64, 300_000)
			for range 3 {
				for i := range all {
					all[i] = r.Uint64()
				}
				if slices.Sort(all); !slices.IsSorted(all) {
					t.Fatal("not sorted")
				}
			}
			t.Logf("median %d", all[len(all)/2])
		})
	}
}

func TestCompress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "packed")
	text := bytes.Repeat([]byte("as it was, so it is; "), 200_000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

func TestChannels(t *testing.T) {
	const workers, each = 16, 20_000
	sums := make(chan int, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			sum := 0
			for i := range each {
				sum += i ^ w
			}
			sums <- sum
		}()
	}
	group.Wait()
	close(sums)
	total := 0
	for s := range sums {
		total += s
	}
	t.Log("total", total)
}

func TestChild(t *testing.T) {
	for n := range 20 {
		out, err := exec.Command("sh", "-c", fmt.Sprintf("echo %d; exit %d", n, n)).Output()
		if string(out) != fmt.Sprintln(n) || (err == nil) != (n == 0) {
			t.Fatalf("child %d says %q, %v", n, out, err)
		}
	}
}
