package discovery

import (
	"strings"
	"testing"

	"openmosix/test/labtest"
)

// A node that was installed below a directory is started, asked, reloaded and
// stopped by its init script.
func TestTheInitScript(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 2), t.Context()
	root := labtest.Scratch(t)
	stop(ctx, t, l, 1, "TERM")
	shell(ctx, t, l, 1, "openmosix install --root "+root)
	script := "export OPENMOSIX_PROGRAM=" + root + "/usr/bin/openmosix OPENMOSIX_LOGFILE=" + root + "/log; " + root + "/etc/init.d/openmosix "
	// 3 is what the LSB says of a program that is not running.
	if out, err := l.Command(ctx, 1, "/", "sh", "-c", script+"status; test $? = 3 && exit 33").CombinedOutput(); err == nil || !strings.Contains(err.Error(), "33") || !strings.Contains(string(out), "not running") {
		t.Errorf("status of a node that is down: %v: %s", err, out)
	}
	if got := shell(ctx, t, l, 1, script+"start"); !strings.Contains(got, "openMosix is up") {
		t.Errorf("start: %s", got)
	}
	await(ctx, t, l, 2, "1 up; 2 up")
	for _, verb := range []string{"start", "status", "reload", "restart"} {
		shell(ctx, t, l, 1, script+verb)
	}
	await(ctx, t, l, 1, "1 up; 2 up")
	if got := shell(ctx, t, l, 1, script+"stop"); got != "openMosix has stopped" {
		t.Errorf("stop: %s", got)
	}
	await(ctx, t, l, 2, "2 up")
	shell(ctx, t, l, 1, "chmod 644 /etc/openmosix/cluster.key")
	if out, err := l.Command(ctx, 1, "/", "sh", "-c", script+"start").CombinedOutput(); err == nil || !strings.Contains(string(out), "chmod 600") {
		t.Errorf("start with an open key: %v: %s", err, out)
	}
}
