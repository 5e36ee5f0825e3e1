package nodemap

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	m, err := Parse([]byte(`
# the cluster
1 10.0.0.1 3   # one to three
9	mars	1
9 10.1.0.9 ALIAS
2 10.1.0.2 0
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Node{{1, []string{"10.0.0.1"}}, {2, []string{"10.0.0.2", "10.1.0.2"}}, {3, []string{"10.0.0.3"}}, {9, []string{"mars", "10.1.0.9"}}}
	if got := m.Nodes(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if n, ok := Find(want, []string{"192.168.0.1", "10.1.0.2"}); !ok || n != 2 {
		t.Errorf("%d %v", n, ok)
	}
	if got, want := Format(want), "1\t10.0.0.1\t3\n2\t10.1.0.2\tALIAS\n9\tmars\t1\n9\t10.1.0.9\tALIAS\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestParseNamesTheMistake(t *testing.T) {
	for text, want := range map[string]string{
		"1 10.0.0.1":                            "line 1: \"1 10.0.0.1\": expected",
		"\n0 10.0.0.1 1":                        "line 2: \"0\" is no node number",
		"65536 10.0.0.1 1":                      "no node number",
		"65535 10.0.0.1 2":                      "no range",
		"1 10.0.0.1 x":                          "no range",
		"1 10.0.0.1 -1":                         "no range",
		"1 127.0.0.1 1":                         "not the address of a node",
		"1 mars 2":                              "needs an address",
		"1 ma/rs 1":                             "neither",
		"1 10.0.0.1 3\n3 10.0.1.3 1":            "node 3 is listed twice",
		"1 10.0.0.1 3\n9 10.0.0.2 1":            "is given to node 2 and to node 9",
		"1 10.0.0.1 ALIAS":                      "no line of its own",
		"1 255.255.255.254 5":                   "leaves the addresses",
		"1 10.0.0.1 5000":                       "more than 4096 nodes",
		strings.Repeat("# x\n1 a 0\n", 300):     "more than 256 lines",
		strings.Repeat("# long comment\n", 9e3): "longer than",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func TestNumberOf(t *testing.T) {
	for text, want := range map[string]int{"192.168.10.220": 2780, "10.77.0.3": 3, "::ffff:10.0.1.2": 258, "fd00::1": 0, "10.1.0.0": 0} {
		if n, ok := NumberOf(netip.MustParseAddr(text)); n != want || ok != (want != 0) {
			t.Errorf("%s: %d %v", text, n, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1 10.0.0.1 3\n2 10.1.0.2 ALIAS\n9 mars 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse([]byte(text))
		if err != nil {
			return
		}
		again, err := Parse([]byte(Format(m.Nodes())))
		if err != nil && len(m.Nodes()) <= maxLines {
			t.Fatalf("%q: %v", Format(m.Nodes()), err)
		}
		if err == nil && !reflect.DeepEqual(again.Nodes(), m.Nodes()) {
			t.Fatalf("%v became %v", m.Nodes(), again.Nodes())
		}
	})
}
