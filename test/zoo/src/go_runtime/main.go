// A Go program: goroutines on many threads, garbage collection, preemption
// signals, timers, the network poller and child processes go on through moves.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go serve(listener)
	var stop atomic.Bool
	var workers sync.WaitGroup
	for i := range 4 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			compute(i, &stop)
		}()
	}
	fmt.Printf("ready %d\n", os.Getpid())
	seconds, err := strconv.Atoi(cmp.Or(os.Getenv("ZOO_SECONDS"), "25"))
	check(err)
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
	for laps := 0; ; laps++ {
		last := told(laps)
		if time.Now().After(deadline) {
			check(fmt.Errorf("nobody stopped this program"))
		}
		echo(listener.Addr().String())
		out, err := exec.Command("/bin/sh", "-c", "echo child $((6 * 7)); exit 3").Output()
		exit, is := err.(*exec.ExitError)
		if string(out) != "child 42\n" || !is || exit.ExitCode() != 3 {
			check(fmt.Errorf("child says %q, %v", out, err))
		}
		start := time.Now()
		time.Sleep(3 * time.Millisecond)
		if d := time.Since(start); d < 3*time.Millisecond {
			check(fmt.Errorf("slept %v only", d))
		}
		runtime.GC()
		if last {
			break
		}
	}
	stop.Store(true)
	workers.Wait()
	fmt.Println("ok")
}

func check(err error) {
	if err != nil {
		fmt.Println("violated:", err)
		os.Exit(1)
	}
}

func told(laps int) bool {
	if path := os.Getenv("ZOO_STOP"); path != "" {
		_, err := os.Stat(path)
		return err == nil
	}
	return laps >= 3
}

// compute hashes garbage it allocates and checks the hash against a second run.
func compute(seed int, stop *atomic.Bool) {
	for n := 0; !stop.Load(); n++ {
		var kept [][]byte
		for i := range 200 {
			kept = append(kept, bytes.Repeat([]byte{byte(seed + n + i)}, 100+i*10))
		}
		first := sha256.New()
		second := sha256.New()
		for _, k := range kept {
			first.Write(k)
		}
		for i, k := range kept {
			second.Write(bytes.Repeat([]byte{byte(seed + n + i)}, len(k)))
		}
		if !bytes.Equal(first.Sum(nil), second.Sum(nil)) {
			check(fmt.Errorf("worker %d: memory changed", seed))
		}
	}
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		check(err)
		go func() {
			defer c.Close()
			_, err := io.Copy(c, c)
			check(err)
		}()
	}
}

func echo(address string) {
	c, err := net.DialTimeout("tcp", address, 15*time.Second)
	check(err)
	defer c.Close()
	check(c.SetDeadline(time.Now().Add(15 * time.Second)))
	sent := bytes.Repeat([]byte("through the poller "), 500)
	_, err = c.Write(sent)
	check(err)
	got := make([]byte, len(sent))
	_, err = io.ReadFull(c, got)
	check(err)
	if !bytes.Equal(sent, got) {
		check(fmt.Errorf("the echo differs"))
	}
}
