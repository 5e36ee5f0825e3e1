package guest

import (
	"fmt"
	"testing"

	"openmosix/internal/model/names"
)

func TestStates(t *testing.T) {
	var k states
	names.Forget(k, "/a", true) // of nothing
	k.learn("/a", []byte{1})
	k.learn("/a/b", []byte{2})
	k.learn("/ab", []byte{3})
	names.Forget(k, "/a", false)
	if k["/a"] != nil || k["/a/b"] == nil || k["/ab"] == nil {
		t.Errorf("one name: %v", k)
	}
	names.Forget(k, "/a", true)
	if k["/a/b"] != nil || k["/ab"] == nil {
		t.Errorf("all below: %v", k)
	}
	for i := range 2 * maxStates {
		k.learn(fmt.Sprint("/", i), []byte{4})
	}
	k.learn("/ab", []byte{5})
	if len(k) > maxStates || k["/ab"][0] != 5 {
		t.Errorf("%d states, %v", len(k), k["/ab"])
	}
}
