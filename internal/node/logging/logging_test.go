package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestForms(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"text":    {Options{Format: Text}, `^time=\S+ level=WARN msg="two words" a=b n=1\n$`},
		"json":    {Options{Format: JSON}, `^{"time":"[^"]+","level":"WARN","msg":"two words","a":"b","n":1}\n$`},
		"journal": {Options{Format: Text, Journal: true}, `^<4>msg="two words" a=b n=1\n$`},
		"both":    {Options{Format: JSON, Journal: true}, `^<4>{"msg":"two words","a":"b","n":1}\n$`},
	} {
		var out bytes.Buffer
		c.o.Level = slog.LevelInfo
		log := New(&out, c.o).With("a", "b")
		log.Debug("not this")
		log.Warn("two words", "n", 1)
		if !regexp.MustCompile(c.want).MatchString(out.String()) {
			t.Errorf("%s: %q", name, out.String())
		}
	}
}

func TestPriorities(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, Options{Level: slog.LevelDebug, Journal: true})
	log.Error("e")
	log.Warn("w")
	log.WithGroup("g").Info("i", "time", "kept")
	log.Debug("d")
	if got, want := out.String(), "<3>msg=e\n<4>msg=w\n<6>msg=i g.time=kept\n<7>msg=d\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLinesStayWhole(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, Options{Format: JSON, Level: slog.LevelInfo, Journal: true})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			child := log.With("i", i)
			for range 100 {
				if i%2 == 0 {
					child.Error("odd")
				} else {
					child.Info("even")
				}
			}
		})
	}
	group.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 800 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		var r struct {
			I   int
			Msg string
		}
		level, text, _ := strings.Cut(line, ">")
		if json.Unmarshal([]byte(text), &r) != nil || (level == "<3") != (r.I%2 == 0) {
			t.Fatalf("%q", line)
		}
	}
}

func TestToJournal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{
		fmt.Sprintf("%d:%d", st.Dev, st.Ino): true, fmt.Sprintf("%d:%d", st.Dev, st.Ino+1): false, "": false, "x": false, fmt.Sprint(st.Ino): false,
	} {
		if ToJournal(f, value) != want {
			t.Errorf("%q: %v", value, !want)
		}
	}
}

func TestRelayed(t *testing.T) {
	for line, want := range map[string]struct {
		level slog.Level
		text  string
		with  string
	}{
		`time=2026-01-02T03:04:05.000Z level=ERROR msg="it fails" supervisor=home error="a \"b\"=c"`: {slog.LevelError, "it fails", `[supervisor=home error=a "b"=c]`},
		`level=WARN msg=x empty=`: {slog.LevelWarn, "x", "[empty=]"},
		`level=WARN msg="x`:       {slog.LevelInfo, `level=WARN msg="x`, "[]"},
		`level=WARN msg="x"y=z`:   {slog.LevelInfo, `level=WARN msg="x"y=z`, "[]"},
		"level=WARN a=b":          {slog.LevelInfo, "level=WARN a=b", "[]"},
		"panic: oh":               {slog.LevelInfo, "panic: oh", "[]"},
		"level=odd msg=x":         {slog.LevelInfo, "level=odd msg=x", "[]"},
		"time=now":                {slog.LevelInfo, "time=now", "[]"},
		"":                        {slog.LevelInfo, "", "[]"},
	} {
		if level, text, with := Relayed(line); level != want.level || text != want.text || fmt.Sprint(with) != want.with {
			t.Errorf("%q: %v %q %v", line, level, text, with)
		}
	}
}
