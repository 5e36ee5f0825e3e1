package visible

import "testing"

func TestVisible(t *testing.T) {
	const words = "ä b\x1b[2J\t\u202e\xff\nnext\r"
	if got, want := Line(words), "ä b?[2J??\ufffd?next?"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got, want := Text(words), "ä b?[2J??\ufffd\nnext?"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}
