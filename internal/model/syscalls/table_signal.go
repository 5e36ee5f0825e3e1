package syscalls

// Signals arrive at home and are delivered by the guest's kernel, so masks,
// handlers and alternate stacks are the guest's own.
var signalRows = []Row{
	{Nr: 13, Name: "rt_sigaction", Where: Here, When: []Cond{{Arg: 0, In: homeSignals, Not: true}}, Else: Both, Handler: HandleSigaction, Args: args{num, in(32), out(32), num}},
	{Nr: 14, Name: "rt_sigprocmask", Where: Here},
	{Nr: 15, Name: "rt_sigreturn", Where: Here},
	{Nr: 34, Name: "pause", Where: Here, Interrupt: NoHand},
	{Nr: 62, Name: "kill", Where: Answer, Handler: HandleKill, Args: args{num, num}},
	{Nr: 127, Name: "rt_sigpending", Where: Answer, Handler: HandleSigpending, Args: args{out(8), num}},
	{Nr: 128, Name: "rt_sigtimedwait", Where: Answer, Handler: HandleSigtimedwait, Args: args{in(8), out(128), in(16), num}, Interrupt: Eintr},
	{Nr: 129, Name: "rt_sigqueueinfo", Where: Answer, Handler: HandleKill, Args: args{num, num, in(128)}},
	{Nr: 130, Name: "rt_sigsuspend", Where: Here, Interrupt: NoHand},
	{Nr: 131, Name: "sigaltstack", Where: Here},
	{Nr: 200, Name: "tkill", Where: Answer, Handler: HandleKill, Args: args{num, num}},
	{Nr: 219, Name: "restart_syscall", Where: Answer, Handler: HandleRestart, Args: args{}, Interrupt: RestartBlock},
	{Nr: 234, Name: "tgkill", Where: Answer, Handler: HandleKill, Args: args{num, num, num}},
	{Nr: 282, Name: "signalfd", Where: Answer, Handler: HandleSignalfd, Args: args{fd, in(8), num}},
	{Nr: 289, Name: "signalfd4", Where: Answer, Handler: HandleSignalfd, Args: args{fd, in(8), num, num}},
	{Nr: 297, Name: "rt_tgsigqueueinfo", Where: Answer, Handler: HandleKill, Args: args{num, num, num, in(128)}},
	{Nr: 424, Name: "pidfd_send_signal", Where: Answer, Handler: HandleKill, Args: args{fd, num, in(128), num}},
}

// homeSignals have defaults that act at home: SIGCHLD (ignored means no
// zombies), SIGTSTP, SIGTTIN, SIGTTOU (stop the deputy too).
var homeSignals = []uint32{17, 20, 21, 22}
