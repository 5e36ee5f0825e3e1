package syscalls

// Handler names what does a call that no generic executor can do. A handler
// that only looks at some calls of its row (HandlePath) sends the rest home
// through Gather like any other.
type Handler string

const (
	HandleClone        Handler = "clone"         // clone, clone3, fork, vfork: makes both halves
	HandleExec         Handler = "exec"          // come home, exec there
	HandleExit         Handler = "exit"          // one thread, in both halves
	HandleExitGroup    Handler = "exit-group"    // the process, in both halves
	HandleMadvise      Handler = "madvise"       // what changes a mapping for good
	HandleMlock        Handler = "mlock"         // as much as home allows
	HandleMlockall     Handler = "mlockall"      // what is the program's own
	HandleMmap         Handler = "mmap"          // of a file
	HandleMsync        Handler = "msync"         // what is written to a file goes to the disk at home
	HandleProcessVM    Handler = "process-vm"    // the caller's own memory, or another's
	HandleSigaction    Handler = "sigaction"     // signals whose default action looks at home: CHLD, TSTP, TTIN, TTOU
	HandleSigpending   Handler = "sigpending"    // pending at home and here
	HandleSigtimedwait Handler = "sigtimedwait"  // signals are pending at home
	HandleSignalfd     Handler = "signalfd"      // signals must stay pending at home
	HandleClockGettime Handler = "clock-gettime" // CPU clocks and clocks of other processes
	HandleClockSleep   Handler = "clock-sleep"   // on a CPU clock it would never end at home, where no CPU time is used
	HandleGetrusage    Handler = "getrusage"     // CPU time of both halves
	HandleTimes        Handler = "times"         // CPU time of both halves
	HandlePath         Handler = "path"          // paths below /proc/self describe the guest
	HandleKill         Handler = "kill"          // a signal to itself must be pending before the call ends
	HandleAffinity     Handler = "affinity"      // the mask is home's, the effect is here
	HandleScheduler    Handler = "scheduler"     // the policy is home's, the effect is here
	HandlePrctl        Handler = "prctl"         // options that belong to both halves
	HandleArchPrctl    Handler = "arch-prctl"    // codes that ask about this CPU
	HandleMaskWait     Handler = "mask-wait"     // ppoll, pselect6, epoll_pwait: the mask stays here
	HandleRestart      Handler = "restart"       // restart_syscall goes where the interrupted call went
	HandleRlimit       Handler = "rlimit"        // the limit is home's; memory and CPU limits act here too
	HandleTimerCreate  Handler = "timer-create"  // of one on a CPU clock, both halves
	HandleSetitimer    Handler = "setitimer"     // on CPU time: it counts here
	HandleTimer        Handler = "timer"         // on a CPU clock: it counts here
)
