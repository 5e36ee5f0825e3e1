// Goroutines, garbage, channels, timers, HTTP over loopback, children: a
// fixed result from much concurrency.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"sort"
	"sync"
	"syscall"
	"time"
)

func main() {
	results := make(chan string)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() { results <- fmt.Sprintf("%02d %x", i, burn(i)) })
	}
	go func() { all.Wait(); close(results) }()
	var lines []string
	for l := range results {
		lines = append(lines, l)
	}
	sort.Strings(lines)
	for _, l := range lines {
		fmt.Println(l)
	}
	serve()
	f := big.NewInt(1)
	for i := range int64(6000) {
		f.Mul(f, big.NewInt(i+1))
	}
	fmt.Printf("%x\n", sha256.Sum256(f.Bytes()))
	for i := range 5 {
		err := exec.Command("sh", "-c", fmt.Sprintf("exit %d", i)).Run()
		fmt.Println(i, err)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-c)
	start, ticks := time.Now(), 0
	for t := time.NewTicker(10 * time.Millisecond); time.Since(start) < 300*time.Millisecond; ticks++ {
		<-t.C
	}
	fmt.Println(ticks > 3 && ticks <= 31)
	os.Exit(8)
}

func burn(seed int) [32]byte {
	kept := make(map[int][]byte)
	var h [32]byte
	for i := range 1500 {
		b := make([]byte, 1000+i)
		for j := range b {
			b[j] = byte(seed + i*j)
		}
		kept[i%50] = b
		h = sha256.Sum256(append(h[:], kept[(i*7)%50]...))
	}
	return h
}

func serve() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%x", sha256.Sum256([]byte(r.URL.Path)))
	}))
	defer s.Close()
	var all sync.WaitGroup
	answers := make([]string, 60)
	for i := range answers {
		all.Go(func() {
			r, err := http.Get(fmt.Sprintf("%s/page/%d", s.URL, i))
			if err != nil {
				answers[i] = err.Error()
				return
			}
			defer r.Body.Close()
			b, _ := io.ReadAll(r.Body)
			answers[i] = string(b)
		})
	}
	all.Wait()
	for _, a := range answers {
		fmt.Println(a)
	}
}
