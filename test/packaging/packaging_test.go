package packaging

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

var cleanRoot = flag.Bool("clean-root", false, "install the package in a Debian system made for it")

// makeTarget runs a target of the Makefile for the binary under test and gives
// the directory of what it made.
func makeTarget(t *testing.T, target string, variables ...string) string {
	t.Helper()
	binary := os.Getenv(labtest.BinaryVariable)
	if binary == "" {
		t.Skipf("%s is not set: give it the path of the openmosix binary", labtest.BinaryVariable)
	}
	binary, err := filepath.Abs(binary)
	if err != nil {
		t.Fatal(err)
	}
	out := labtest.Scratch(t)
	args := append([]string{"-s", "-C", "../..", "-o", "build", target, "OUT=" + out, "BINARY=" + binary}, variables...)
	c := exec.CommandContext(t.Context(), "make", args...)
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, text)
	}
	return out
}

// thePackage makes the package and gives its path.
func thePackage(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("there is no dpkg-deb here")
	}
	found, err := filepath.Glob(makeTarget(t, "package") + "/*.deb")
	if err != nil || len(found) != 1 {
		t.Fatalf("packages: %v, %v", found, err)
	}
	return found[0]
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func shell(t *testing.T, l *labtest.Lab, node int, line string) string {
	t.Helper()
	out, err := l.Shell(t.Context(), node, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// awaitUp waits until a node sees so many nodes that are up.
func awaitUp(t *testing.T, l *labtest.Lab, node int, ask string, want string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		last, _ = l.Shell(t.Context(), node, ask+` nodes --json | grep -c '"up": true'`)
		if last == want {
			return
		}
	}
	t.Fatalf("node %d sees %q nodes, want %s", node, last, want)
}

// stopOwn ends the daemon that the lab has given a node.
func stopOwn(t *testing.T, l *labtest.Lab, node int) {
	t.Helper()
	pid, err := l.Daemon(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	l.Kill(node, pid)
}

// serve starts a node by its init script, looks at it from both sides, moves a
// process with the installed names, and stops it.
func serve(t *testing.T, l *labtest.Lab, in func(line string) string) {
	t.Helper()
	if got := shell(t, l, 1, in("/etc/init.d/openmosix start")); !strings.Contains(got, "openMosix is up") {
		t.Fatalf("start: %s", got)
	}
	awaitUp(t, l, 2, "openmosix", "2")
	awaitUp(t, l, 1, in("/usr/bin/openmosix"), "2")
	if got := shell(t, l, 1, in("/usr/bin/openmosix nodes")); !strings.Contains(got, "here") || strings.Count(got, "\n") != 2 {
		t.Errorf("nodes: %s", got)
	}
	if got := shell(t, l, 1, in("/etc/init.d/openmosix status")); !strings.Contains(got, "node 1") {
		t.Errorf("status: %s", got)
	}
	if got := shell(t, l, 1, in("/usr/bin/mosctl isup 2")); got != "yes" {
		t.Errorf("isup: %s", got)
	}
	shell(t, l, 1, in("/usr/bin/runon 2 true"))
	if got := shell(t, l, 1, in("/etc/init.d/openmosix stop")); got != "openMosix has stopped" {
		t.Errorf("stop: %s", got)
	}
}

func TestPackage(t *testing.T) {
	deb := thePackage(t)
	listed := output(t, "dpkg-deb", "-c", deb)
	for _, want := range []string{"./usr/bin/openmosix", "./usr/bin/migrate -> openmosix", "./usr/bin/fastdecay -> openmosix", "./usr/bin/omdiscd -> openmosix",
		"./etc/init.d/openmosix", "./etc/openmosix/openmosix.toml", "./usr/lib/systemd/system/openmosix.service", "./usr/share/man/man8/openmosix-node.8",
		"./usr/share/man/man1/nomig.1", "./usr/share/doc/openmosix/NOTICES", "./usr/share/bash-completion/completions/mosctl"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the package lacks %s", want)
		}
	}
	if conf := output(t, "dpkg-deb", "-I", deb, "conffiles"); !strings.Contains(conf, "/etc/openmosix/openmosix.toml") || !strings.Contains(conf, "/etc/init.d/openmosix") {
		t.Errorf("conffiles: %s", conf)
	}
	l := labtest.UpFinding(t, 2)
	root := labtest.Scratch(t)
	output(t, "dpkg-deb", "-x", deb, root)
	if got := output(t, "cat", root+"/usr/share/doc/openmosix/NOTICES"); !strings.Contains(got, "\ngithub.com/hashicorp/memberlist ") || !strings.Contains(got, "Mozilla Public License") {
		t.Errorf("the licences of what is in the binary are not all there:\n%.2000s", got)
	}
	stopOwn(t, l, 1)
	serve(t, l, func(line string) string {
		return "OPENMOSIX_PROGRAM=" + root + "/usr/bin/openmosix OPENMOSIX_LOGFILE=" + root + "/log " + root + line
	})
}

// TestRPM: systems with rpm get the same files, but for the script of init systems they do not have.
func TestRPM(t *testing.T) {
	found, err := filepath.Glob(makeTarget(t, "package", "PACKAGER=rpm") + "/*.rpm")
	if err != nil || len(found) != 1 {
		t.Fatalf("packages: %v, %v", found, err)
	}
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("there is no rpm here")
	}
	listed := output(t, "rpm", "-qpl", found[0])
	for _, want := range []string{"/usr/bin/openmosix", "/usr/bin/fastdecay", "/usr/share/doc/openmosix/NOTICES", "/etc/openmosix/openmosix.toml", "/usr/lib/systemd/system/openmosix.service",
		"/usr/share/zsh/site-functions/_mosctl"} {
		if !strings.Contains(listed, want+"\n") {
			t.Errorf("the package lacks %s", want)
		}
	}
	if strings.Contains(listed, "init.d") {
		t.Errorf("listed: %s", listed)
	}
}

// TestScripts: what dpkg and rpm have done before and after, as systemd is told of it. Upgrades
// restart a node that runs; removal leaves no service enabled that is not there,
// and nothing of what a node has kept for itself.
func TestScripts(t *testing.T) {
	l := labtest.Up(t, 1)
	scratch := labtest.Scratch(t)
	dir := filepath.Join(scratch, "packaging") // a node may not see where the sources are: /tmp is its own
	output(t, "cp", "-r", "../../packaging", dir)
	shell(t, l, 1, "mkdir -p /run/systemd/system; printf '#!/bin/sh\\necho $*\\n' >"+scratch+"/systemctl; chmod 755 "+scratch+"/systemctl; cp "+scratch+"/systemctl "+scratch+"/update-rc.d")
	const reload, restart, stop = "daemon-reload", "daemon-reload\ntry-restart openmosix", "disable --now openmosix-hpcfs openmosix"
	for _, c := range []struct{ line, want string }{
		{"postinstall configure", reload},
		{"postinstall configure 1.0", restart},
		{"postinstall 1", reload},
		{"postinstall 2", restart},
		{"preremove upgrade 2.0", ""},
		{"preremove 1", ""},
		{"preremove remove", stop},
		{"preremove 0", stop},
		{"postremove remove", reload + "\nkept"},
		{"postremove purge", reload + "\nopenmosix remove"},
		{"postremove 1", reload + "\nkept"},
		{"postremove 0", reload + "\nopenmosix remove"},
	} {
		run := "touch /var/lib/openmosix/kept; PATH=" + scratch + ":$PATH sh " + dir + "/" + c.line + " | grep -v ^openMosix: || true"
		if strings.HasPrefix(c.line, "postremove") {
			run += "; [ ! -e /var/lib/openmosix/kept ] || echo kept"
		}
		if got := shell(t, l, 1, run); strings.TrimSpace(got) != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
}

// TestStatusForAll: whether a node runs is no secret of root's.
func TestStatusForAll(t *testing.T) {
	l := labtest.Up(t, 1)
	script := filepath.Join(labtest.Scratch(t), "openmosix")
	output(t, "cp", "../../packaging/openmosix.init", script)
	pid, err := l.Daemon(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	in := "OPENMOSIX_PROGRAM=$(command -v openmosix) setpriv --reuid=12345 --clear-groups sh " + script
	shell(t, l, 1, fmt.Sprintf("echo %d > /run/openmosix.pid; chmod 644 /run/openmosix.pid", pid))
	if got := shell(t, l, 1, in+" status"); !strings.Contains(got, "node 1") {
		t.Errorf("status: %s", got)
	}
	if got := shell(t, l, 1, in+" stop 2>&1 && echo stopped; true"); !strings.Contains(got, "not permitted") || strings.Contains(got, "stopped") {
		t.Errorf("stop: %s", got)
	}
	shell(t, l, 1, "echo 1 > /run/openmosix.pid")
	if got := shell(t, l, 1, in+" status; echo $?"); got != "openMosix is not running\n3" {
		t.Errorf("status of another process: %s", got)
	}
}

func TestTarball(t *testing.T) {
	found, err := filepath.Glob(makeTarget(t, "tarball") + "/*.tar.gz")
	if err != nil || len(found) != 1 {
		t.Fatalf("tarballs: %v, %v", found, err)
	}
	dir, root := labtest.Scratch(t), labtest.Scratch(t)
	output(t, "tar", "-C", dir, "--strip-components=1", "-xzf", found[0])
	output(t, "test", "-s", filepath.Join(dir, "NOTICES"))
	output(t, filepath.Join(dir, "openmosix"), "install", "--root", root)
	if got := output(t, filepath.Join(root, "usr/bin/mosctl"), "--help"); !strings.Contains(got, "mosctl WORD") {
		t.Errorf("%s", got)
	}
	output(t, filepath.Join(root, "usr/bin/openmosix"), "uninstall", "--root", root)
	if left, err := filepath.Glob(root + "/usr/bin/*"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestCleanDebian installs the package in a Debian that has just been made,
// uses it as a node of a lab, and removes it again.
func TestCleanDebian(t *testing.T) {
	if !*cleanRoot {
		t.Skip("it takes minutes and a mirror: -args -clean-root")
	}
	deb := thePackage(t)
	root := labtest.Scratch(t)
	release := strings.TrimSpace(output(t, "sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"))
	mirror, _, _ := strings.Cut(output(t, "apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Suite: "+release), "\n")
	if mirror == "" {
		mirror, _, _ = strings.Cut(output(t, "apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"), "\n")
	}
	output(t, "debootstrap", "--variant=minbase", release, root, mirror)
	before := files(t, root)
	output(t, "cp", deb, root+"/openmosix.deb")

	l := labtest.UpFinding(t, 2)
	stopOwn(t, l, 1)
	// The mounts are the node's own and go with it.
	shell(t, l, 1, "cd "+root+" && mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs run run && mount -t tmpfs tmp tmp")
	in := func(line string) string { return "chroot " + root + " " + line }
	if got := shell(t, l, 1, in("dpkg -i /openmosix.deb")); !strings.Contains(got, "openmosix key new") {
		t.Errorf("dpkg -i: %s", got)
	}
	shell(t, l, 1, "cp -p /etc/openmosix/cluster.key "+root+"/etc/openmosix/")
	serve(t, l, in)
	shell(t, l, 1, in("/etc/init.d/openmosix start"))
	if got := shell(t, l, 1, in("dpkg -r openmosix")); !strings.Contains(got, "openMosix has stopped") {
		t.Errorf("dpkg -r of a node that runs: %s", got)
	}
	shell(t, l, 1, in("dpkg -P openmosix"))
	shell(t, l, 1, "cd "+root+" && umount -l proc dev run tmp; rm -f openmosix.deb")
	for path := range files(t, root) {
		// What dpkg keeps of itself, and the key, are not the package.
		if !before[path] && !strings.HasPrefix(path, "/var/lib/dpkg/") &&
			path != "/var/log/dpkg.log" && path != "/etc/openmosix/cluster.key" && !strings.HasPrefix(path, "/etc/rc") {
			t.Errorf("left behind: %s", path)
		}
	}
}

// files are all but directories below a root.
func files(t *testing.T, root string) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[strings.TrimPrefix(path, root)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
