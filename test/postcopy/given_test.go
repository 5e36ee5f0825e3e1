package postcopy

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// A small program that has been away for long has given its memory back to its home, and comes
// home whole all the same; one that has just left has not.
func TestSmallMemoryIsGivenBack(t *testing.T) {
	const megabytes = 6
	lab := labtest.Up(t, 3)
	path := build(t)
	for _, c := range []struct {
		way, strategy string
		onward        bool
	}{{"write", "precopy", false}, {"threads", "postcopy", true}, {"fork", "precopy", false}} {
		t.Run(c.way, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			p := start(t, ctx, lab, path, c.way, megabytes)
			p.move(t, ctx, "2", c.strategy)
			if has := p.atHome(t, ctx); has < megabytes<<10 && c.strategy == "precopy" {
				t.Errorf("it has %d KiB at home, where all of it was to be still", has)
			}
			time.Sleep(8 * time.Second) // deputy.longAway, and more
			if has := p.atHome(t, ctx); has > 1<<10 {
				t.Errorf("it still has %d KiB at home", has)
			}
			if c.onward {
				p.move(t, ctx, "3", "")
			}
			p.move(t, ctx, "home", "")
			p.move(t, ctx, "2", "")
			p.move(t, ctx, "home", "")
			p.judge(t, ctx)
		})
	}
}

// atHome is how much memory of its own the process has at home, KiB.
func (p *program) atHome(t *testing.T, ctx context.Context) int {
	t.Helper()
	text, err := p.lab.Command(ctx, 1, "/", "awk", "/^RssAnon/ {print $2}", fmt.Sprintf("/proc/%d/status", p.pid)).Output()
	n, wrong := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || wrong != nil {
		t.Fatalf("%v, %v: %s", err, wrong, text)
	}
	return n
}

// A process all of whose threads wait for others, in calls that its deputies make, gives its memory back
// as any other; also when that can be done only after they have begun to wait.
func TestWhoWaitsGivesBack(t *testing.T) {
	lab := labtest.Up(t, 2)
	dir := labtest.Scratch(t)
	path := filepath.Join(dir, "waits")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", path, "src/waits.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	for _, strategy := range []string{"precopy", "postcopy"} {
		for _, threads := range []int{1, 3} {
			t.Run(fmt.Sprint(strategy, threads), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), limit)
				defer cancel()
				run := lab.Command(ctx, 1, dir, path, "40", strconv.Itoa(threads))
				stdin, err := run.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				p := begin(t, lab, run)
				time.Sleep(300 * time.Millisecond) // they wait
				p.move(t, ctx, "2", strategy)
				for has := p.atHome(t, ctx); has > 1<<10; has = p.atHome(t, ctx) {
					if ctx.Err() != nil {
						t.Fatalf("it still has %d KiB at home", has)
					}
					time.Sleep(100 * time.Millisecond)
				}
				if _, err := stdin.Write(make([]byte, threads)); err != nil {
					t.Fatal(err)
				}
				if !p.said.Scan() || p.said.Text() != "right" {
					t.Errorf("the program says %q", p.said.Text())
				}
			})
		}
	}
}

// What follows a small program slowly is there as long as it takes: only then is it given back at home.
func TestSlowMemoryIsNotGivenBackBefore(t *testing.T) {
	const megabytes, mbit = 6, 5 // ten seconds: twice deputy.longAway
	lab := labtest.UpRate(t, 2, mbit)
	dir := labtest.Scratch(t)
	path := filepath.Join(dir, "waits")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", path, "src/waits.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	run := lab.Command(ctx, 1, dir, path, strconv.Itoa(megabytes), "1")
	stdin, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := begin(t, lab, run)
	time.Sleep(300 * time.Millisecond) // it waits
	p.move(t, ctx, "2", "postcopy")
	time.Sleep(7 * time.Second)
	if has := p.atHome(t, ctx); has < megabytes<<10 {
		t.Errorf("it has %d KiB at home while they are still fetched", has)
	}
	for has := p.atHome(t, ctx); has > 1<<10; has = p.atHome(t, ctx) {
		if ctx.Err() != nil {
			t.Fatalf("it still has %d KiB at home", has)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, err := stdin.Write(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if !p.said.Scan() || p.said.Text() != "right" {
		t.Errorf("the program says %q", p.said.Text())
	}
}
