package discovery

import (
	"fmt"
	"strings"
	"testing"

	"openmosix/test/labtest"
)

// Nodes with nothing but IPv6 find each other by beacons, and processes move
// between them.
func TestOnlyIPv6(t *testing.T) {
	l, ctx := labtest.UpEmpty(t, 2), t.Context()
	for n := 1; n <= 2; n++ {
		shell(ctx, t, l, n, fmt.Sprintf("ip addr flush dev eth0 scope global && ip -6 addr add fd77::%d/64 dev eth0 nodad && sed -i '1i number = %d' /etc/openmosix/openmosix.toml", n, n))
	}
	for n := 1; n <= 2; n++ {
		if _, err := l.StartDaemon(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	await(ctx, t, l, 1, "1 up; 2 up")
	await(ctx, t, l, 2, "1 up; 2 up")
	if got := shell(ctx, t, l, 1, "openmosix nodes"); !strings.Contains(got, "[fd77::2]:7779") {
		t.Errorf("%s", got)
	}
	if got := shell(ctx, t, l, 1, "sleep 1000 & migrate $! 2 && mps --json | grep -A1 '\"pid\": '$!,; kill $!"); !strings.Contains(got, `"node": 2`) {
		t.Errorf("%s", got)
	}
	// Nobody takes the other for a stranger, as by a beacon from 0.0.0.0.
	if got := shell(ctx, t, l, 1, "timeout 2 openmosix events --since 1h --kind stranger --json || true"); strings.Contains(got, "stranger") {
		t.Errorf("%s", got)
	}
}
