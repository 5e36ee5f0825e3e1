package toandfro

import "time"

// python is Debian's own: the one that has Debian's modules.
const python = "/usr/bin/python3"

func script(interpreter, name string) []string { return []string{interpreter, "$CASES/" + name} }

// Cases is the table of all cases.
func Cases() []Case {
	return []Case{
		{Name: "python-threads", Argv: script(python, "threads.py"), Needs: []string{python}, Packages: []string{"python3"}, Quick: true},
		{Name: "python-processes", Argv: script(python, "processes.py"), Needs: []string{python}, Packages: []string{"python3"}, Tree: true, Quick: true},
		{Name: "python-sharing", Argv: script(python, "sharing.py"), Needs: []string{python}, Packages: []string{"python3"}, Tree: true, Quick: true},
		{Name: "python-asyncio", Argv: script(python, "asynchronous.py"), Needs: []string{python}, Packages: []string{"python3"}, Quick: true},
		{Name: "python-subprocess", Argv: script(python, "subprocesses.py"), Needs: []string{python}, Packages: []string{"python3"}, Tree: true},
		{Name: "python-numpy", Argv: script(python, "arrays.py"), Needs: []string{python, "/usr/lib/python3/dist-packages/numpy"}, Packages: []string{"python3-numpy"}},
		{Name: "perl", Argv: script("perl", "text.pl"), Needs: []string{"perl"}, Packages: []string{"perl"}, Quick: true},
		{Name: "perl-threads", Argv: script("perl", "threads.pl"), Needs: []string{"perl"}, Packages: []string{"perl"}},
		{Name: "ruby", Argv: script("ruby", "work.rb"), Needs: []string{"ruby"}, Packages: []string{"ruby"}, Tree: true},
		{Name: "R", Argv: []string{"Rscript", "--vanilla", "$CASES/statistics.R"}, Needs: []string{"Rscript"}, Packages: []string{"r-base-core"}, Tree: true},
		{Name: "bash", Argv: script("bash", "shell.sh"), Needs: []string{"bash"}, Packages: []string{"bash"}, Tree: true, Quick: true},
		{Name: "dash", Argv: script("dash", "shell-posix.sh"), Needs: []string{"dash"}, Packages: []string{"dash"}, Tree: true},
		{Name: "mksh", Argv: []string{"mksh", "-c", "for i in 1 2 3 4 5 6; do mksh $CASES/shell-posix.sh; done"}, Needs: []string{"mksh"}, Packages: []string{"mksh"}, Tree: true},
		{Name: "mawk", Argv: []string{"mawk", "-f", "$CASES/words.awk"}, Needs: []string{"mawk"}, Packages: []string{"mawk"}},
		{Name: "gawk", Argv: []string{"gawk", "-f", "$CASES/words.awk"}, Needs: []string{"gawk"}, Packages: []string{"gawk"}},
		{Name: "node", Argv: script("node", "events.js"), Needs: []string{"node"}, Packages: []string{"nodejs"}, Tree: true},
		{Name: "go", Argv: []string{"./prog"}, Setup: "CGO_ENABLED=0 go build -o prog $CASES/goprog/main.go", Needs: []string{"go"}, Packages: []string{"golang-go"}, Quick: true},
		{Name: "go-test", Argv: []string{"sh", "-c", "./prog.test -test.v -test.count=2 | grep -v '^===' | sed 's/ ([0-9.]*s)//' | LC_ALL=C sort"},
			Setup: "cp $CASES/gotest/*.go . && CGO_ENABLED=0 GO111MODULE=off go test -c -o prog.test . && rm *.go", Needs: []string{"go"}, Packages: []string{"golang-go"}, Tree: true, Quick: true},
		{Name: "java", Argv: []string{"java", "-Xmx256m", "$CASES/Work.java"}, Needs: []string{"java", "javac"}, Packages: []string{"default-jdk-headless"}, Limit: 3 * time.Minute},
		{Name: "erlang", Argv: script("escript", "modules.escript"), Needs: []string{"escript"}, Packages: []string{"erlang-base"}},
		{Name: "python-wal", Argv: script(python, "journal.py"), Needs: []string{python}, Packages: []string{"python3"}},
		{Name: "gcc", Argv: script("sh", "compile.sh"), Needs: []string{"gcc", "perl"}, Packages: []string{"gcc", "perl"}, Tree: true},
		{Name: "make", Argv: script("sh", "make.sh"), Needs: []string{"gcc", "make", "perl"}, Packages: []string{"gcc", "make", "perl"}, Tree: true, Quick: true, Limit: 3 * time.Minute},
		{Name: "compressors", Argv: script("sh", "compress.sh"), Needs: []string{"gzip", "xz", "zstd", "perl"}, Packages: []string{"gzip", "xz-utils", "zstd"}, Tree: true, Limit: 3 * time.Minute},
		{Name: "compressor-threads", Argv: script("sh", "threads.sh"), Needs: []string{"xz", "zstd", "perl"}, Packages: []string{"xz-utils", "zstd"}, Tree: true, Quick: true},
		{Name: "gzip", Argv: script("sh", "gzip.sh"), Needs: []string{"gzip", "perl"}, Packages: []string{"gzip"}, Tree: true, Quick: true},
		{Name: "openssl", Argv: script("sh", "digest.sh"), Needs: []string{"openssl", "perl"}, Packages: []string{"openssl"}, Tree: true},
		{Name: "sqlite", Argv: []string{"sh", "-c", "exec sqlite3 base.db < $CASES/tables.sql"}, Needs: []string{"sqlite3"}, Packages: []string{"sqlite3"}, Quick: true},
		{Name: "lame", Argv: script("sh", "audio.sh"), Needs: []string{"lame", "perl"}, Packages: []string{"lame"}, Tree: true},
		{Name: "ffmpeg", Argv: script("sh", "video.sh"), Needs: []string{"ffmpeg"}, Packages: []string{"ffmpeg"}, Tree: true, Limit: 3 * time.Minute},
		{Name: "encoder", Argv: script("sh", "encode.sh"), Needs: []string{"ffmpeg"}, Packages: []string{"ffmpeg"}, Limit: 3 * time.Minute},
		{Name: "povray", Argv: script("sh", "scene.sh"), Needs: []string{"povray"}, Packages: []string{"povray"}, Tree: true, Limit: 3 * time.Minute},
		{Name: "espresso", Argv: script("sh", "espresso.sh"), Needs: []string{"pw.x", "mpirun", "/usr/share/espresso/pseudo/Si.pz-vbc.UPF"}, Packages: []string{"quantum-espresso", "quantum-espresso-data", "openmpi-bin"}, Tree: true, Limit: 3 * time.Minute},
		{Name: "redis", Argv: script("sh", "redis.sh"), Needs: []string{"redis-server", "redis-benchmark", "redis-cli"}, Packages: []string{"redis-server", "redis-tools"}, Ignore: []string{"redis.sock", "*.rdb"}},
		{Name: "tcp-server", Argv: script("sh", "server.sh"), Needs: []string{python}, Packages: []string{"python3"}, Quick: true},
		{Name: "ssh", Argv: script("sh", "ssh.sh"), Needs: []string{"ssh", "/usr/sbin/sshd"}, Packages: []string{"openssh-server", "openssh-client"}, Tree: true},
		{Name: "vim", Argv: script("sh", "vim.sh"), Needs: []string{"tmux", "vim"}, Packages: []string{"tmux", "vim"}},
		{Name: "top", Argv: script("sh", "top.sh"), Needs: []string{"tmux", "top"}, Packages: []string{"tmux", "procps"}},
		stress("cpu", "--cpu 2 --cpu-method all"),
		stress("memory", "--vm 1 --vm-bytes 64m --malloc 1 --bigheap 1 --bigheap-growth 1m --mremap 1"),
		stress("files", "--hdd 1 --hdd-bytes 16m --dentry 1 --link 1 --rename 1"),
		stress("pipes", "--pipe 1 --fifo 1 --sock 1"),
		stress("signals", "--signal 1 --sigq 1 --sigsuspend 1 --itimer 1"),
		stress("processes", "--fork 1 --vfork 1 --exec 1 --pthread 1"),
		stress("waiting", "--poll 1 --epoll 1 --nanosleep 1 --timerfd 1"),
		stress("switching", "--switch 1 --yield 1 --futex 1 --timer 1"),
	}
}

// stress is a class of stress-ng's own checks. Its workers share writable
// memory with their parent, so it may be that none of them can leave.
func stress(class, workers string) Case {
	return Case{
		Name:  "stress-" + class,
		Argv:  []string{"sh", "-c", "stress-ng --verify --temp-path . --timeout 10 --oomable " + workers + " >log 2>&1; s=$?; grep -i -E 'fail|error' log | grep -v 'failed: 0'; exit $s"},
		Needs: []string{"stress-ng"}, Packages: []string{"stress-ng"},
		Tree: true, MayStay: true, Ignore: []string{"log", "tmp-stress-ng-*", "core"},
	}
}
