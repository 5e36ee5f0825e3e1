package test

// floors, from the top. A package may import its own floor only where siblings
// says so, and any floor below.
var floors = []string{
	"cmd",
	"internal/face",
	"internal/node",
	"internal/role",
	"internal/process",
	"internal/linux",
	"internal/model",
}

// outside are trees beside the floors: they may import anything; who may import
// them is in exceptions.
var outside = []string{"lab", "packaging", "test"}

// siblings are the imports within a floor, by prefix, and why.
var siblings = []struct{ from, to, reason string }{
	{"internal/model/", "internal/model/", "pure data is built from pure data; the compiler keeps it free of circles"},
	{"internal/node/", "internal/node/", "one running node is one program, cut into packages by subject"},
	{"internal/process/", "internal/process/", "holding a process and doing something to it share the hold"},
	{"internal/face/cli", "internal/face/", "commands open the other faces"},
	{"internal/role/", "internal/role/transport", "every role that talks to another node does it over this one connection"},
	{"internal/role/", "internal/role/employer", "both supervisors are started and spoken to by the daemon in the same way"},
	{"internal/linux/", "internal/linux/kernelfile", "files the kernel makes up are read in one cheap way"},
	{"internal/linux/blocking", "internal/linux/gowatcher", "who waits in the kernel is not to occupy Go's watcher"},
	{"internal/linux/nap", "internal/linux/gowatcher", "a nap is as short on threads that Go's watcher has made"},
	{"internal/linux/uffd", "internal/linux/pagemap", "write tracking is one facility in two system calls"},
	{"internal/linux/unixmsg/unixmsgtest", "internal/linux/unixmsg", "what tests of those who use it need of it"},
}

// exceptions are imports that go up or to the outside, and why.
var exceptions = []struct{ from, to, reason string }{
	{"internal/face/cli", "lab/cluster", "openmosix lab is a command like any other"},
	{"internal/face/cli", "lab/sim", "openmosix sim is a command like any other"},
	{"internal/face/cli", "packaging", "openmosix install puts the services in place"},
}

// impure are imports that make a package of internal/model depend on the machine.
var impure = []string{"os", "net", "syscall", "unsafe", "runtime", "log", "sync", "golang.org/x/sys", "crypto/rand", "math/rand"}

// pureAfterAll are imports below an impure prefix that are only arithmetic.
var pureAfterAll = []string{"net/netip", "net/url"}

// clocks are functions of package time that read or wait for a clock.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

// longest is how many lines a source file may have; longer has the reason.
const longest = 400

var longer = map[string]string{}

// nameless are package names that say nothing of what is in the package.
var nameless = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "shared", "types"}
