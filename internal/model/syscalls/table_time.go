package syscalls

// Clocks are read where the process runs (a time namespace continues home's);
// sleeps are slept at home, because what is left of them lives in the
// deputy's restart block; timers that signal are home's, but those on CPU time.
var timeRows = []Row{
	{Nr: 35, Name: "nanosleep", Where: Home, Args: args{in(16), inoutAlways(16)}, Interrupt: RestartBlock},
	{Nr: 36, Name: "getitimer", Where: Here, When: cpuTimers, Else: Home, Args: args{num, out(32)}},
	{Nr: 37, Name: "alarm", Where: Home, Args: args{num}},
	{Nr: 38, Name: "setitimer", Where: Answer, Handler: HandleSetitimer, Args: args{num, in(32), out(32)}},
	{Nr: 96, Name: "gettimeofday", Where: Here},
	{Nr: 159, Name: "adjtimex", Where: Home, Args: args{inout(208)}},
	{Nr: 164, Name: "settimeofday", Where: Home, Args: args{in(16), in(8)}},
	{Nr: 201, Name: "time", Where: Here},
	{Nr: 222, Name: "timer_create", Where: Answer, Handler: HandleTimerCreate, Args: args{num, in(64), out(4)}},
	{Nr: 223, Name: "timer_settime", Where: Answer, Handler: HandleTimer, Args: args{num, num, in(32), out(32)}},
	{Nr: 224, Name: "timer_gettime", Where: Answer, Handler: HandleTimer, Args: args{num, out(32)}},
	{Nr: 225, Name: "timer_getoverrun", Where: Answer, Handler: HandleTimer, Args: args{num}},
	{Nr: 226, Name: "timer_delete", Where: Answer, Handler: HandleTimer, Args: args{num}},
	{Nr: 227, Name: "clock_settime", Where: Home, Args: args{num, in(16)}},
	{Nr: 228, Name: "clock_gettime", Where: Here, When: []Cond{{Arg: 0, In: wallClocks}}, Else: Answer, Handler: HandleClockGettime, Args: args{num, out(16)}},
	{Nr: 229, Name: "clock_getres", Where: Here, When: []Cond{{Arg: 0, In: anyClocks}}, Else: Home, Args: args{num, out(16)}},
	{Nr: 230, Name: "clock_nanosleep", Where: Here, When: []Cond{{Arg: 1, Mask: 1, In: []uint32{1}}, {Arg: 0, In: wallClocks}}, Else: Answer, Handler: HandleClockSleep, Args: args{num, num, in(16), inoutAlways(16)}, Interrupt: RestartBlock},
	{Nr: 283, Name: "timerfd_create", Where: Home, Args: args{num, num}},
	{Nr: 286, Name: "timerfd_settime", Where: Home, Args: args{fd, num, in(32), out(32)}},
	{Nr: 287, Name: "timerfd_gettime", Where: Home, Args: args{fd, out(32)}},
	{Nr: 305, Name: "clock_adjtime", Where: Home, Args: args{num, inout(208)}},
}

var (
	// wallClocks tell the same wherever they are read: REALTIME, MONOTONIC,
	// MONOTONIC_RAW, both COARSE, BOOTTIME, both ALARM, TAI.
	wallClocks = []uint32{0, 1, 4, 5, 6, 7, 8, 9, 11}
	// anyClocks adds the CPU clocks: their resolution is the same everywhere.
	anyClocks = []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11}
	// cpuTimers are ITIMER_VIRTUAL and ITIMER_PROF: CPU time is burnt here.
	cpuTimers = []Cond{{Arg: 0, In: []uint32{1, 2}}}
)
