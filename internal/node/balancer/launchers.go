package balancer

import (
	"path/filepath"
	"strings"
	"time"
)

// launchers are programs that start others and wait for them, as a rule: what is
// taken for known of them until they have been seen. Elsewhere they would only be
// far from what they start. One that computes nevertheless is moved when it does.
var launchers = map[string]bool{
	"make": true, "gmake": true, "ninja": true, "cmake": true, "meson": true, "scons": true,
	"sh": true, "bash": true, "dash": true, "zsh": true, "busybox": true, "env": true, "time": true, "timeout": true, "nice": true, "setsid": true, "nohup": true, "sudo": true,
	// Drivers of compilers, which execute a compiler for each file.
	"cc": true, "gcc": true, "g++": true, "c++": true, "gfortran": true, "collect2": true, "libtool": true, "ccache": true,
	"xargs": true, "find": true, "parallel": true, "watch": true,
}

const (
	launcherCPU   = 5 * time.Millisecond
	launcherWants = 0.1
)

// launches tells whether a program that has not been seen is taken for one of them:
// by its name, without a target before it and a version behind it, as in
// x86_64-linux-gnu-gcc-12.
func launches(program string) bool {
	name := filepath.Base(program)
	if launchers[name] {
		return true
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 && strings.Trim(name[i+1:], "0123456789.") == "" {
		name = name[:i]
	}
	return launchers[name[strings.LastIndexByte(name, '-')+1:]]
}
