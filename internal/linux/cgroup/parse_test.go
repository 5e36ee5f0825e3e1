package cgroup

import (
	"reflect"
	"testing"
)

const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/ab\040c /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
42 31 0:38 / /mnt/again rw,relatime - cgroup2 cgroup2 rw
nonsense
`

const ownHybrid = `9:name=systemd:/x
8:pids:/other
4:memory:/docker/ab c/inner
1:cpu,cpuacct:/a:b
0::/deep/er
`

func TestParse(t *testing.T) {
	got := Parse([]byte(hybrid), []byte(ownHybrid))
	want := []Hierarchy{
		{Mount: "/sys/fs/cgroup/cpu,cpuacct", Own: "/a:b", Controllers: []Controller{CPU, Accounting}},
		{Mount: "/sys/fs/cgroup/memory", Own: "/inner", Controllers: []Controller{Memory}},
		{Mount: "/sys/fs/cgroup/pids", Own: "/other", Controllers: []Controller{PIDs}},
		{Mount: "/sys/fs/cgroup/unified", Own: "/deep/er", Unified: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestBelow(t *testing.T) {
	for _, c := range [][3]string{{"/", "/a/b", "/a/b"}, {"/a", "/a/b", "/b"}, {"/a", "/a", "/"}, {"/a", "/ab", "/"}, {"/", "/../x", "/"}, {"/..", "/", "/"}} {
		if got := below(c[0], c[1]); got != c[2] {
			t.Errorf("below(%s, %s) = %s", c[0], c[1], got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(hybrid), []byte(ownHybrid))
	f.Fuzz(func(t *testing.T, mounts, own []byte) {
		for _, h := range Parse(mounts, own) {
			if h.Own == "" || h.Own[0] != '/' {
				t.Errorf("own group %q", h.Own)
			}
		}
	})
}
