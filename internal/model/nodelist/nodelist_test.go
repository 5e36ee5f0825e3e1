package nodelist

import "testing"

func TestParse(t *testing.T) {
	for text, want := range map[string]string{"3": "3", "1-3,7": "1-3,7", "7, 1-2,3": "1-3,7", "5-9,1-6": "1-9", "65535": "65535"} {
		l, err := Parse(text)
		if err != nil || l.String() != want {
			t.Errorf("%q: %v, %v", text, l, err)
		}
	}
	for _, text := range []string{"", ",", "0", "3-1", "65536", "a", "1-", "-3", "1--3", "99999999999999999999", "+3"} {
		if l, err := Parse(text); err == nil {
			t.Errorf("%q was read as %v", text, l)
		}
	}
	l, _ := Parse("1-3,7")
	for n, want := range map[int]bool{0: false, 1: true, 3: true, 4: false, 7: true, 8: false} {
		if l.Has(n) != want {
			t.Errorf("%d in %v", n, l)
		}
	}
}

func TestWith(t *testing.T) {
	l, _ := Parse("1-3,7")
	if got := l.With(4).With(9).String(); got != "1-4,7,9" || l.String() != "1-3,7" {
		t.Errorf("%s of %s", got, l)
	}
	if got := List(nil).With(2).String(); got != "2" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1-3,7")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(l.String()); err != nil || again.String() != l.String() {
			t.Errorf("%q: %v and %v, %v", text, l, again, err)
		}
	})
}
