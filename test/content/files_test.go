package content

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// patience with what takes a moment on an idle machine.
const patience = 60 * time.Second

const mebi = 1 << 20

// files are a program, its library and a file that only the user of it has.
type files struct {
	t                      *testing.T
	lab                    *labtest.Lab
	program, library, file string
}

func makeFiles(t *testing.T, lab *labtest.Lab) *files {
	t.Helper()
	dir := labtest.Scratch(t)
	f := &files{t: t, lab: lab, program: filepath.Join(dir, "files"), library: filepath.Join(dir, "library.so"), file: filepath.Join(dir, "file")}
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 8*mebi)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	table := filepath.Join(dir, "table")
	for path, b := range map[string][]byte{table: noise, f.file: noise[:3*mebi+7]} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source := fmt.Sprintf(".section .rodata\n.globl table, table_size\ntable: .incbin \"%s\"\n.balign 8\ntable_size: .quad table_size - table\n.section .note.GNU-stack,\"\",@progbits\n", table)
	if err := os.WriteFile(f.library+".s", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{
		{"gcc", "-shared", "-nostdlib", "-o", f.library, f.library + ".s"},
		{"gcc", "-O1", "-o", f.program, "src/files.c", "-ldl"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Skipf("gcc: %v: %s", err, out)
		}
	}
	for _, path := range []string{f.program, f.library} { // nobody else's business: node 2 must not take its own
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// run starts the program on node 1, moves it to node 2 unless that is 1, and tells
// how many bytes of it went there and what it says in the end.
func (f *files) run(node int, words ...string) (bytes uint64, said string) {
	f.t.Helper()
	cmd := f.lab.Command(f.t.Context(), 1, "/", append([]string{f.program, f.library, f.file}, words...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	out := bufio.NewScanner(stdout)
	out.Scan()
	pid, err := strconv.Atoi(strings.TrimSpace(out.Text()))
	if err != nil {
		f.t.Fatal(err)
	}
	defer f.lab.Kill(1, pid)
	if node != 1 {
		bytes = move(f.t, f.lab, pid, node)
	}
	if _, err := f.lab.Shell(f.t.Context(), 1, fmt.Sprintf("kill -TERM %d", pid)); err != nil {
		f.t.Fatal(err)
	}
	out.Scan()
	said = out.Text()
	if err := cmd.Wait(); err != nil {
		f.t.Errorf("it ends with %v, and says %q", err, said)
	}
	return bytes, said
}

// move moves a process of node 1 out, and tells how many bytes that sent.
func move(t *testing.T, lab *labtest.Lab, pid, node int) uint64 {
	t.Helper()
	before := figure(t, lab, 1, sent)
	if status, text := lab.Migrate(t.Context(), 1, pid, node); status != labtest.Moved {
		t.Fatalf("%v: %s", status, text)
	}
	return uint64(figure(t, lab, 1, sent) - before)
}

// figure is a metric of a node, with its labels if it has any.
func figure(t *testing.T, lab *labtest.Lab, node int, name string) float64 {
	t.Helper()
	text, err := lab.Shell(t.Context(), node, "curl -s 127.0.0.1:7780/metrics")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no %s in\n%s", name, text)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	sent     = `openmosix_move_bytes_total{kind="out"}`
	kept     = `openmosix_kept_files_total{outcome="kept"}`
	damaged  = `openmosix_kept_files_total{outcome="damaged"}`
	absent   = `openmosix_kept_files_total{outcome="absent"}`
	keptNow  = "openmosix_kept_files"
	keptSize = "openmosix_kept_files_bytes"
)

// await waits until a metric of node 2 has a value.
func await(t *testing.T, lab *labtest.Lab, name string, want float64) {
	t.Helper()
	for deadline := time.Now().Add(patience); figure(t, lab, 2, name) != want; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %v, not %v", name, figure(t, lab, 2, name), want)
		}
	}
}

// A library that only home has is sent once, and read from what was kept from then on.
func TestFilesAreSentOnce(t *testing.T) {
	lab := labtest.Up(t, 2)
	f := makeFiles(t, lab)
	_, want := f.run(1)

	first, said := f.run(2)
	if said != want {
		t.Errorf("away: %q, at home: %q", said, want)
	}
	if first < 8*mebi {
		t.Errorf("%d bytes went first, less than the library has", first)
	}
	await(t, lab, kept, 3) // the program, the library, and the file that was mapped there
	lacked := figure(t, lab, 2, absent)
	second, said := f.run(2)
	if said != want {
		t.Errorf("away again: %q, at home: %q", said, want)
	}
	t.Logf("%d bytes went first, %d then", first, second)
	if second > first/4 {
		t.Errorf("%d bytes went first, %d then", first, second)
	}
	if n := figure(t, lab, 2, absent); n != lacked {
		t.Errorf("%v files were sent again", n-lacked)
	}
	if _, err := lab.Shell(t.Context(), 2, "test $(stat -c %a-%U /var/lib/openmosix/files) = 700-root && test $(stat -c %a /var/lib/openmosix/files/* | sort -u) = 600"); err != nil {
		t.Error(err)
	}

	// What is opened while away is fetched once as well.
	if _, said := f.run(2, "late"); said != want {
		t.Errorf("opened late: %q", said)
	}
	if n := figure(t, lab, 2, absent); n != lacked {
		t.Errorf("%v files were sent again to be mapped late", n-lacked)
	}

	// Another file with the same contents is another file.
	copied := *f
	copied.library = f.library + ".copy"
	if out, err := exec.Command("cp", "-p", f.library, copied.library).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if bytes, said := copied.run(2); said != want || bytes > first/4 {
		t.Errorf("a copy: %d bytes, %q", bytes, said)
	}

	// Damage is noticed, and repaired by sending it once more.
	if _, err := lab.Shell(t.Context(), 2, "for f in /var/lib/openmosix/files/*; do printf x | dd of=$f bs=1 seek=5000 conv=notrunc status=none; done"); err != nil {
		t.Fatal(err)
	}
	if third, said := f.run(2); said != want || third < 8*mebi {
		t.Errorf("after damage: %d bytes, %q", third, said)
	}
	if n := figure(t, lab, 2, damaged); n != 3 {
		t.Errorf("%v damaged files were noticed", n)
	}
	await(t, lab, kept, 6)
	if last, said := f.run(2); said != want || last > first/4 {
		t.Errorf("after that: %d bytes, %q", last, said)
	}
}

// A later daemon uses what an earlier one has kept, and keeps to its limit.
func TestFilesOutliveTheDaemon(t *testing.T) {
	lab := labtest.Up(t, 2)
	f := makeFiles(t, lab)
	_, want := f.run(1)
	first, _ := f.run(2)
	await(t, lab, kept, 3)
	restart(t, lab, "")
	if bytes, said := f.run(2); said != want || bytes > first/4 {
		t.Errorf("after a start: %d bytes, %q", bytes, said)
	}
	await(t, lab, keptNow, 3)

	restart(t, lab, "cache_mib = 1")
	if n := figure(t, lab, 2, keptSize); n > mebi {
		t.Errorf("%v bytes are kept of 1 MiB", n)
	}
	if bytes, said := f.run(2); said != want || bytes < first/2 {
		t.Errorf("without room: %d bytes, %q", bytes, said)
	}
	restart(t, lab, "cache_mib = 0")
	if bytes, said := f.run(2); said != want || bytes < first/2 {
		t.Errorf("without a cache: %d bytes, %q", bytes, said)
	}
}

// restart gives node 2 another daemon, with a line in the section guests.
func restart(t *testing.T, lab *labtest.Lab, line string) {
	t.Helper()
	pid, err := lab.Daemon(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	const file = "/etc/openmosix/openmosix.toml"
	change := fmt.Sprintf("kill %d; while kill -0 %d 2>/dev/null; do sleep 0.1; done; grep -v cache_mib %s >/tmp/c; cp /tmp/c %s", pid, pid, file, file)
	if line != "" {
		change += fmt.Sprintf("; grep -q '^.guests' %s || echo '[guests]' >>%s; sed -i 's/^.guests.$/&\\n%s/' %s", file, file, line, file)
	}
	if _, err := lab.Shell(t.Context(), 2, change); err != nil {
		t.Fatal(err)
	}
	daemon, err := lab.StartDaemon(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
}
