package main

import (
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestReadEvents(t *testing.T) {
	for _, c := range []struct {
		name, events string
		want         tally
		says         string
	}{
		{"passes", `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}
`, tally{passed: 1}, "ok    p"},
		{"fails with its output", `{"Action":"output","Package":"p","Test":"A","Output":"it broke\n"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}
`, tally{failed: 1}, "it broke"},
		{"races", `{"Action":"output","Package":"p","Test":"A","Output":"WARNING: DATA RACE\n"}
{"Action":"fail","Package":"p","Test":"A"}
`, tally{failed: 1, races: true}, "DATA RACE"},
		{"does not build", `{"Action":"build-output","ImportPath":"p","Output":"x.go:1: no\n"}
{"Action":"fail","Package":"p"}
`, tally{failed: 1}, "x.go:1: no"},
		{"panics, of a goroutine of another test", `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"panic: no\n"}
{"Action":"output","Package":"p","Output":"FAIL p\n"}
{"Action":"fail","Package":"p"}
`, tally{passed: 1, failed: 1}, "panic: no"},
		{"skips with the reason", `{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:1: needs root\n"}
{"Action":"output","Package":"p","Test":"A","Output":"--- SKIP: A (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"A"}
`, tally{skipped: 1}, "needs root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got tally
			var out strings.Builder
			got.readEvents(strings.NewReader(c.events), &out)
			got.failures = nil // who failed is another test's concern
			if !reflect.DeepEqual(got, c.want) || !strings.Contains(out.String(), c.says) {
				t.Errorf("%+v, want %+v; said %q", got, c.want, out.String())
			}
		})
	}
}

func TestReadPlain(t *testing.T) {
	var got tally
	got.readPlain(strings.NewReader("a\nb\n"), io.Discard)
	if got.lines != 2 {
		t.Errorf("%d lines", got.lines)
	}
}

func TestLeavesAndPattern(t *testing.T) {
	all := []failure{{"p", "TestA/x"}, {"p", "TestA"}, {"q", "TestB"}}
	got := leaves(all)
	if len(got) != 2 || got[0].test != "TestA/x" || got[1].test != "TestB" {
		t.Errorf("%v", got)
	}
	if leaves([]failure{{"p", ""}}) != nil {
		t.Error("a package that did not build is tried again")
	}
	if p := pattern("TestA/x-y"); p != "^TestA$/^x-y$" {
		t.Error(p)
	}
}
