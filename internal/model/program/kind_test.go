package program

import "testing"

func TestKind(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"/cc1", nil},
		{"/cc1", []string{"cc1"}},
		{"/cc1", []string{"cc1", "a.c", "-", "b"}},
		{"/cc1 -E -I -M", []string{"cc1", "-E", "-I../x", "-MM", "-I", "y", "a.c"}},
		{"/cc1 --color --x", []string{"cc1", "--x", "--color=always", "--", "-z"}},
		{"/cc1 --aaaaaaaaaaaaaaaaaaaaaa -?", []string{"cc1", "-\xff", "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
	} {
		if got := Kind("/cc1", c.args); got != c.want {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
}
