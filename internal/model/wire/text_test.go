package wire

import (
	"testing"

	"openmosix/internal/model/image"
)

// The kernel's names are bytes: what is no UTF-8 travels, too.
func TestNamesThatAreNoUTF8Travel(t *testing.T) {
	const name = "caf\xe9\xff"
	var known KnownMsg
	if err := Decode(Encode(KnownMsg{Path: name, Directory: name}), &known); err != nil || known.Path != name || known.Directory != name {
		t.Errorf("%q, %q, %v", known.Path, known.Directory, err)
	}
	var prepare PrepareMsg
	sent := PrepareMsg{Image: image.Image{Threads: []image.Thread{{TID: 1, Name: name}}}}
	if err := Decode(Encode(sent), &prepare); err != nil || prepare.Image.Threads[0].Name != name {
		t.Errorf("%+v, %v", prepare.Image.Threads, err)
	}
}
