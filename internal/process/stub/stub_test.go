package stub

import (
	"bytes"
	"debug/elf"
	"testing"
)

func TestCodeHasItsThreeCalls(t *testing.T) {
	b := Load()
	if n := bytes.Count(b.Bytes, syscallInstruction); n != 3 {
		t.Fatalf("%d system call instructions in the stub, want 3: % x", n, b.Bytes)
	}
	if b.After != b.Syscall+2 || len(b.Bytes) > 400 {
		t.Fatalf("places %#v", b)
	}
}

func TestClassify(t *testing.T) {
	b := Load()
	for _, c := range []struct {
		off  uint64
		rax  int64
		out  bool
		seen bool
		want Interrupted
	}{
		{0, 0, false, true, Idle}, {0, 202, true, false, NotBegun}, {b.Syscall, 0, true, true, NotBegun},
		{b.After, -512, true, true, Broken}, {b.After, -516, true, true, Broken}, {b.After, -4, true, true, Finished}, {b.After + 9, -512, true, true, Finished},
		{b.After + 40, 1, true, false, NotBegun}, // it still wakes who waited for the call before
	} {
		if got := b.Classify(c.off, c.rax, c.out, c.seen); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

func TestExecutableIsAnELF(t *testing.T) {
	f, err := elf.NewFile(bytes.NewReader(Executable(ReservedHigh << 32)))
	if err != nil {
		t.Fatal(err)
	}
	if f.Entry != f.Progs[0].Vaddr || HangSyscall(ReservedHigh<<32) != f.Entry+5 {
		t.Fatalf("%+v entry %#x", f.Progs[0], f.Entry)
	}
}
