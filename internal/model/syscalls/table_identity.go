package syscalls

// Who the process is and what it may use: all of it is home's.
var identityRows = []Row{
	{Nr: 63, Name: "uname", Where: Home, Args: args{out(390)}},
	{Nr: 95, Name: "umask", Where: Home, Args: args{num}},
	{Nr: 97, Name: "getrlimit", Where: Home, Args: args{num, out(16)}},
	{Nr: 98, Name: "getrusage", Where: Answer, Handler: HandleGetrusage, Args: args{num, out(144)}},
	{Nr: 99, Name: "sysinfo", Where: Home, Args: args{out(112)}},
	{Nr: 100, Name: "times", Where: Answer, Handler: HandleTimes, Args: args{out(32)}},
	{Nr: 102, Name: "getuid", Where: Home, Args: args{}},
	{Nr: 104, Name: "getgid", Where: Home, Args: args{}},
	{Nr: 105, Name: "setuid", Where: Home, Args: args{num}},
	{Nr: 106, Name: "setgid", Where: Home, Args: args{num}},
	{Nr: 107, Name: "geteuid", Where: Home, Args: args{}},
	{Nr: 108, Name: "getegid", Where: Home, Args: args{}},
	{Nr: 109, Name: "setpgid", Where: Home, Args: args{num, num}},
	{Nr: 110, Name: "getppid", Where: Home, Args: args{}},
	{Nr: 111, Name: "getpgrp", Where: Home, Args: args{}},
	{Nr: 112, Name: "setsid", Where: Home, Args: args{}},
	{Nr: 113, Name: "setreuid", Where: Home, Args: args{num, num}},
	{Nr: 114, Name: "setregid", Where: Home, Args: args{num, num}},
	{Nr: 115, Name: "getgroups", Where: Home, Args: args{num, outArray(0, 4, 4*65536)}},
	{Nr: 116, Name: "setgroups", Where: Home, Args: args{num, inArray(0, 4, 4*65536)}},
	{Nr: 117, Name: "setresuid", Where: Home, Args: args{num, num, num}},
	{Nr: 118, Name: "getresuid", Where: Home, Args: args{inoutAlways(4), inoutAlways(4), inoutAlways(4)}},
	{Nr: 119, Name: "setresgid", Where: Home, Args: args{num, num, num}},
	{Nr: 120, Name: "getresgid", Where: Home, Args: args{inoutAlways(4), inoutAlways(4), inoutAlways(4)}},
	{Nr: 121, Name: "getpgid", Where: Home, Args: args{num}},
	{Nr: 122, Name: "setfsuid", Where: Home, Args: args{num}},
	{Nr: 123, Name: "setfsgid", Where: Home, Args: args{num}},
	{Nr: 124, Name: "getsid", Where: Home, Args: args{num}},
	{Nr: 125, Name: "capget", Where: Home, Args: args{inoutAlways(8), inout(24)}},
	{Nr: 126, Name: "capset", Where: Home, Args: args{inoutAlways(8), in(24)}},
	{Nr: 160, Name: "setrlimit", Where: Answer, Handler: HandleRlimit, Args: args{num, in(16)}},
	{Nr: 302, Name: "prlimit64", Where: Answer, Handler: HandleRlimit, Args: args{num, num, in(16), out(16)}},
	{Nr: 318, Name: "getrandom", Where: Here, Interrupt: Restart},
	{Nr: 459, Name: "lsm_get_self_attr", Where: Home, Args: args{num, optOut(2), intptr, num}},
	{Nr: 460, Name: "lsm_set_self_attr", Where: Home, Args: args{num, inMax(2, 65536), num, num}},
	{Nr: 461, Name: "lsm_list_modules", Where: Home, Args: args{optOut(1), intptr, num}},
	{Nr: 444, Name: "landlock_create_ruleset", Where: Home, Args: args{inMax(1, 4096), num, num}},
	{Nr: 445, Name: "landlock_add_rule", Where: Home, Args: args{fd, num, in(12), num}, Variants: &landlockRules},
	{Nr: 446, Name: "landlock_restrict_self", Where: Return, Reason: "the sandbox is entered at home"},
}

// A rule about a path is 12 bytes (packed), one about a port 16.
var landlockRules = Variants{By: 1, List: []Variant{
	{2, Row{Name: "landlock_add_rule(NET_PORT)", Where: Home, Args: args{fd, num, in(16), num}}},
}}
