package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	compileRounds    = 5
	compileFunctions = 400 // some 6 s of the compiler
)

// BenchmarkCompile compiles one large C file at home and away by turns, the start of
// mosrun and of its session included. The objects have to be the same.
func BenchmarkCompile(b *testing.B) {
	lab := labtest.UpOn(b, 0, runtime.NumCPU()-1)
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Minute)
	defer cancel()
	dir := labtest.Scratch(b)
	sources := []string{filepath.Join(dir, "generated.c")}
	if err := os.WriteFile(sources[0], []byte(generatedC(compileFunctions)), 0o644); err != nil {
		b.Fatal(err)
	}
	if there := os.Getenv(SourcesVariable); there != "" {
		if file := filepath.Join(there, "sqlite3.c"); exists(file) {
			sources = append(sources, file)
		}
	}
	t := newTable("gcc -O2 -c of one file, nodes of one CPU each", "file", "at home, s", "away, s", "away / home", "aim")
	for _, source := range sources {
		// /tmp is home's own.
		if _, err := lab.Shell(ctx, 1, "cp "+source+" /tmp/source.c"); err != nil {
			b.Fatal(err)
		}
		c := compiles{b: b, ctx: ctx, lab: lab}
		var home, away []float64
		for range b.N * compileRounds {
			home = append(home, c.once(""))
			away = append(away, c.once("mosrun -2 "))
		}
		more := byRound(away, home)
		t.row(filepath.Base(source), format("%.2f", home), format("%.2f", away), format("%.3f", more), "1.15")
		report(b, strings.TrimSuffix(filepath.Base(source), ".c")+"-away/home", more)
	}
	t.print()
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

type compiles struct {
	b    *testing.B
	ctx  context.Context
	lab  *labtest.Lab
	want string // the sum of the object
}

// lookEach is how often it is looked what is away.
const lookEach = 2 * time.Second

// once compiles, and tells how many seconds it took.
func (c *compiles) once(before string) float64 {
	c.b.Helper()
	cmd := c.lab.Command(c.ctx, 1, "/", "sh", "-c", before+"gcc -O2 -c -o /tmp/object.o /tmp/source.c")
	out := &labtest.Output{}
	cmd.Stdout, cmd.Stderr = out, out
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		c.b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	away := 0
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-time.After(lookEach):
			away = max(away, c.away())
		}
	}
	took := time.Since(begun).Seconds()
	if err != nil {
		c.b.Fatalf("gcc: %v: %s", err, out)
	}
	if took > 2*lookEach.Seconds() && (before != "") != (away > 0) {
		happened, _ := c.lab.Shell(c.ctx, 1, "timeout 3 "+labtest.InNode+" events --all --since 30s; true")
		c.b.Fatalf("%q, %.1f s: %d processes away; the last 30 s:\n%s", before, took, away, happened)
	}
	sum, err := c.lab.Shell(c.ctx, 1, "sha256sum </tmp/object.o")
	if err != nil {
		c.b.Fatal(err)
	}
	if c.want == "" {
		c.want = sum
	}
	if sum != c.want {
		c.b.Fatalf("%q makes another object", before)
	}
	return took
}

// away is how many processes of node 1 are on another.
func (c *compiles) away() (n int) {
	c.b.Helper()
	all, err := c.lab.Processes(c.ctx, 1)
	if err != nil {
		c.b.Fatal(err)
	}
	for _, p := range all {
		if p.Node > 1 {
			n++
		}
	}
	return n
}

// generatedC is a C file of so many functions with loops, branches, calls of each
// other and of the library.
func generatedC(functions int) string {
	var s strings.Builder
	for _, header := range []string{"ctype", "errno", "math", "stdint", "stdio", "stdlib", "string", "time", "unistd"} {
		fmt.Fprintf(&s, "#include <%s.h>\n", header)
	}
	s.WriteString("struct state { uint64_t x, y[64]; double d[16]; char text[256]; };\n")
	s.WriteString("uint64_t f0(struct state *s, int n) { return s->x + n; }\n")
	for i := 1; i <= functions; i++ {
		fmt.Fprintf(&s, `uint64_t f%d(struct state *s, int n) {
	uint64_t a = s->x ^ %du, b = n;
	for (int i = 0; i < n; i++) {
		switch ((a >> %d) & 7) {
		case 0: a += s->y[i & 63] * %du; break;
		case 1: b ^= f%d(s, n - 1); break;
		case 2: s->d[i & 15] = sqrt(s->d[(i + %d) & 15] + n); break;
		case 3: a = (a << 7) | (a >> 57); break;
		case 4: snprintf(s->text, sizeof s->text, "%d %%d", i); break;
		case 5: b += strlen(s->text) + isalpha(s->text[i & 255]); break;
		case 6: for (int k = 0; k < 64; k++) s->y[k] += a * k + b; break;
		default: memmove(s->text + (i & 7), s->text, 32);
		}
	}
	return a + b;
}
`, i, i*2654435761, i%50, i*40503, i*7%i, i%13, i)
	}
	return s.String()
}
