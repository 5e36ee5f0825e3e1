package syscalls

import (
	"fmt"
	"strings"
	"testing"
)

const docsHead = `# System calls away from home

Printed from the call table (internal/model/syscalls) by its test; edit the table, not this page.

Where a call of a process away from home runs:

| where | meaning |
|---|---|
| Here | natively, where the process runs |
| Home | copied in, executed by the deputy at home, copied out |
| Both | changes both halves of the process |
| Answer | answered from what the guest side knows, else sent home |
| Return | the process comes home and does it there |
| Refuse | fails with the errno given |

Arguments: n a value, fd a descriptor, path and str strings, in, out and io buffers of so many bytes; [k] means
counted by argument k (from 0), times the size of an element. Interrupt says what a signal does to the call while it
sleeps: Restart (SA_RESTART is obeyed), RestartBlock (goes on with the time that is left), NoHand (EINTR whenever a
handler runs), NoIntr (always restarted), Eintr (EINTR always).

Deviations from a native call:

* One transfer is shortened to 64 MiB where a short result is legal (the kernel shortens to 2 GiB).
* A buffer of which only a part can be read by the kernel counts as unreadable as a whole: EFAULT instead of a short write.
* An output buffer that cannot be written is found out after the call was done: EFAULT, but its effect remains.
* ioctl, fcntl and prctl requests that are not listed come home (or are refused): their arguments might point at memory.

| nr | call | where | arguments | interrupt | note |
|--:|---|---|---|---|---|
`

// TestDocs keeps docs/syscalls.md equal to the table.
func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, r := range Rows() {
		describe(&b, r, fmt.Sprint(r.Nr))
	}
	golden(t, "../../../docs/syscalls.md", b.String())
}

func describe(b *strings.Builder, r *Row, nr string) {
	where := r.Where.String()
	if len(r.When) > 0 {
		where += " when " + conditions(r.When) + ", else " + r.Else.String()
	}
	if r.Handler != "" {
		where += " (" + string(r.Handler) + ")"
	}
	if r.Errno != 0 {
		where += " " + r.Errno.String()
	}
	var kinds []string
	for _, a := range r.Args {
		kinds = append(kinds, notation(a))
	}
	interrupt := ""
	if r.Interrupt != Never {
		interrupt = r.Interrupt.String()
	}
	note := r.Reason
	if r.Note != "" {
		note = r.Note
	}
	if r.Mask {
		note = strings.TrimPrefix(note+"; under the caller's signal mask", "; ")
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", nr, r.Name, where, strings.Join(kinds, " "), interrupt, note)
	if r.Variants != nil {
		for i := range r.Variants.List {
			describe(b, &r.Variants.List[i].Row, "")
		}
	}
}

func conditions(conds []Cond) string {
	var all []string
	for _, c := range conds {
		s := fmt.Sprintf("[%d]", c.Arg)
		if c.Mask != 0 {
			s += fmt.Sprintf(" & %#x", c.Mask)
		}
		if c.Not {
			s += " not"
		}
		var in []string
		for _, v := range c.In {
			in = append(in, fmt.Sprint(v))
		}
		all = append(all, s+" in {"+strings.Join(in, " ")+"}")
	}
	return strings.Join(all, " and ")
}

func notation(a Arg) string {
	name := map[Kind]string{Num: "n", Fd: "fd", Null: "null", SigMask: "mask", SigMask6: "mask", Str: "str", In: "in", Out: "out",
		InOut: "io", PageIn: "page", StrArray: "strings", FdSet: "fdset", OutBy: "out", InOutBy: "io", IovIn: "iov-in", IovOut: "iov-out",
		MsgIn: "msg-in", MsgOut: "msg-out", MsgsIn: "msgs-in", MsgsOut: "msgs-out", Sized: "sized", Prog: "filter", Handle: "handle"}[a.Kind]
	switch {
	case a.Kind == Str && a.Limit == 4096:
		return "path"
	case a.Kind == Str:
		return fmt.Sprintf("str%d", a.Limit)
	case a.Kind == OutBy, a.Kind == InOutBy:
		return fmt.Sprintf("%s[*%d]", name, a.Len)
	case a.Len >= 0 && a.Size > 1:
		return fmt.Sprintf("%s[%d]×%d", name, a.Len, a.Size)
	case a.Len >= 0:
		return fmt.Sprintf("%s[%d]", name, a.Len)
	case a.Kind == In, a.Kind == Out, a.Kind == InOut:
		return fmt.Sprintf("%s%d", name, a.Size)
	}
	return name
}
