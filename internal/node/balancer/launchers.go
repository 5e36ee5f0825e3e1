package balancer

import (
	"path/filepath"
	"time"
)

// launchers are programs that start others and wait for them, as a rule: what is
// taken for known of them until they have been seen. Elsewhere they would only be
// far from what they start. One that computes nevertheless is moved when it does.
var launchers = map[string]bool{
	"make": true, "gmake": true, "ninja": true, "cmake": true, "meson": true, "scons": true,
	"sh": true, "bash": true, "dash": true, "zsh": true, "busybox": true, "env": true, "time": true, "timeout": true, "nice": true, "setsid": true, "nohup": true, "sudo": true,
	"xargs": true, "find": true, "parallel": true, "watch": true,
}

const (
	launcherCPU   = 5 * time.Millisecond
	launcherWants = 0.1
)

// launches tells whether a program that has not been seen is taken for one of them.
func launches(program string) bool { return launchers[filepath.Base(program)] }
