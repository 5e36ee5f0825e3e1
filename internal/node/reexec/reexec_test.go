package reexec

import "testing"

func TestMainKnowsItsPartsOnly(t *testing.T) {
	for name := range parts {
		if part, ok := Main([]string{"openmosix", name, "for"}); !ok || part == nil {
			t.Errorf("%s is not found", name)
		}
	}
	for _, args := range [][]string{nil, {"openmosix"}, {"openmosix", "migrate"}, {HomeSupervisor}} {
		if _, ok := Main(args); ok {
			t.Errorf("%q is taken for a part", args)
		}
	}
}
