package syscalls

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestComplete holds the table against the kernel's own list: a row for every
// call, of the same name, and no other rows.
func TestComplete(t *testing.T) {
	f, err := os.Open("testdata/syscall_64.tbl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known := map[int]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var nr int
		var name string
		if n, _ := fmt.Sscan(s.Text(), &nr, &name); n == 2 {
			known[nr] = name
		}
	}
	for nr, name := range known {
		switch r := Lookup(nr); {
		case r == nil:
			t.Errorf("%d %s has no row", nr, name)
		case r.Name != name:
			t.Errorf("%d is %s, the row says %s", nr, name, r.Name)
		}
	}
	last, seen := -1, map[int]bool{}
	for _, rows := range families() {
		for _, r := range rows {
			if known[r.Nr] == "" {
				t.Errorf("row %d %s is no call of the kernel", r.Nr, r.Name)
			}
			if seen[r.Nr] {
				t.Errorf("two rows for %d", r.Nr)
			}
			seen[r.Nr], last = true, max(last, r.Nr)
		}
	}
	if rows := Rows(); len(rows) != len(known) || !slices.IsSortedFunc(rows, func(a, b *Row) int { return a.Nr - b.Nr }) {
		t.Errorf("%d rows by number, the kernel has %d", len(rows), len(known))
	}
	if last != lastNr {
		t.Errorf("lastNr is %d, the last row is %d", lastNr, last)
	}
}

// each visits every row and every variant.
func each(f func(*Row)) {
	var visit func(*Row)
	visit = func(r *Row) {
		f(r)
		if r.Variants != nil {
			for i := range r.Variants.List {
				visit(&r.Variants.List[i].Row)
			}
		}
	}
	for _, r := range Rows() {
		visit(r)
	}
}

// TestRowsHold checks that each row says what its place requires, and that its
// arguments refer to each other soundly.
func TestRowsHold(t *testing.T) {
	each(func(r *Row) {
		wheres := []Where{r.Where}
		if len(r.When) > 0 {
			wheres = append(wheres, r.Else)
			if r.Where != Here {
				t.Errorf("%s: conditions on a row that is not Here", r.Name)
			}
		} else if r.Else != Unknown {
			t.Errorf("%s: Else without When", r.Name)
		}
		handled := false
		for _, w := range wheres {
			switch w {
			case Unknown:
				t.Errorf("%s: no place", r.Name)
			case Home:
				if r.Args == nil {
					t.Errorf("%s: runs at home but has no arguments", r.Name)
				}
			case Both, Answer:
				handled = true
			case Return:
				if r.Reason == "" {
					t.Errorf("%s: no reason", r.Name)
				}
			case Refuse:
				if r.Reason == "" || r.Errno == 0 {
					t.Errorf("%s: no reason or no errno", r.Name)
				}
			}
		}
		if handled != (r.Handler != "") {
			t.Errorf("%s: %v with handler %q", r.Name, wheres, r.Handler)
		}
		if len(r.Args) > 6 {
			t.Errorf("%s: more than six arguments", r.Name)
		}
		for i, a := range r.Args {
			if a.Len >= 0 && (int(a.Len) >= len(r.Args) || int(a.Len) == i) {
				t.Errorf("%s: argument %d counted by argument %d", r.Name, i, a.Len)
				continue
			}
			switch a.Kind {
			case In, InOut, Out:
				if a.Size == 0 {
					t.Errorf("%s: argument %d has no size", r.Name, i)
				}
				if a.Kind != In && a.Back == BackNone {
					t.Errorf("%s: argument %d never returns", r.Name, i)
				}
			case OutBy, InOutBy:
				if r.Args[a.Len].Kind != InOut {
					t.Errorf("%s: argument %d has its length in no int", r.Name, i)
				}
			}
		}
		if v := r.Variants; v != nil {
			for i := 1; i < len(v.List); i++ {
				if v.List[i-1].Value >= v.List[i].Value {
					t.Errorf("%s: variant %#x twice", r.Name, v.List[i].Value)
				}
			}
		}
		if strings.Contains(r.Reason, "  ") || strings.HasSuffix(r.Reason, ".") {
			t.Errorf("%s: reason %q", r.Name, r.Reason)
		}
	})
}

// TestTheRowsAreNotCopied: each supervisor would have its own.
func TestTheRowsAreNotCopied(t *testing.T) {
	for _, rows := range families() {
		for i := range rows {
			if Lookup(rows[i].Nr) != &rows[i] {
				t.Fatalf("%s is there twice", rows[i].Name)
			}
		}
	}
}
