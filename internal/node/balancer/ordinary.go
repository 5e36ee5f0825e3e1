package balancer

import (
	"path/filepath"
	"strings"
	"time"
)

// launchers are programs that start others and wait for them, as a rule: what is
// taken for known of them until they have been seen. Elsewhere they would only be
// far from what they start. One that computes nevertheless is moved when it does.
var launchers = names(`
	make gmake ninja cmake meson scons
	sh bash dash zsh busybox env time timeout nice setsid nohup sudo
	xargs find parallel watch
	cc gcc g++ c++ gfortran collect2 libtool ccache`) // drivers of compilers, which execute one for each file

// quick are programs that are done in a moment, as a rule: to start them elsewhere
// is more work than they do.
var quick = names(`
	uname hostname id whoami date pwd tty stty which getconf nproc pkg-config pkgconf
	true false test [ echo printf expr seq sleep
	ls touch rm mkdir rmdir mv ln cp chmod chown install mktemp readlink realpath basename dirname stat
	cat head tail wc cut tr tee uniq cmp grep egrep fgrep sed ar ranlib as`)

// talkers are programs that work with files more than they compute: far from those
// they would wait at each call.
var talkers = names(`
	ld ld.bfd ld.gold ld.lld lld mold nm strip objcopy objdump
	git svn hg tar cpio zip unzip rsync du dpkg rpm`)

func names(text string) map[string]bool {
	all := make(map[string]bool)
	for _, name := range strings.Fields(text) {
		all[name] = true
	}
	return all
}

// What is expected of them.
const (
	launcherCPU   = 5 * time.Millisecond
	launcherWants = 0.02 // a build has a dozen of them, which wait for one another
	quickCPU      = 2 * time.Millisecond
	talkerCalls   = 3000 // in a run
)

// usual says what is expected of a program that was never seen and is known by its
// name: without a target before it and a version behind it, as in
// x86_64-linux-gnu-gcc-12. Of others this much CPU time.
func usual(program string, unknown time.Duration) Program {
	name := filepath.Base(program)
	bare := name
	if i := strings.LastIndexByte(bare, '-'); i > 0 && strings.Trim(bare[i+1:], "0123456789.") == "" {
		bare = bare[:i]
	}
	bare = bare[strings.LastIndexByte(bare, '-')+1:]
	switch {
	case launchers[name] || launchers[bare]:
		return Program{CPU: launcherCPU.Seconds(), Wants: launcherWants}
	case quick[name] || quick[bare]:
		return Program{CPU: quickCPU.Seconds(), Wants: 1}
	case talkers[name] || talkers[bare]:
		return Program{CPU: unknown.Seconds(), Wants: 1, Calls: talkerCalls}
	}
	return Program{CPU: unknown.Seconds(), Wants: 1}
}
