package syscalls

// What only administrators do to a machine: to home's machine.
var adminRows = []Row{
	{Nr: 103, Name: "syslog", Where: Home, Args: args{num, outInt(2, 16<<20), num}, Interrupt: Restart},
	{Nr: 136, Name: "ustat", Where: Home, Args: args{num, out(32)}},
	{Nr: 139, Name: "sysfs", Where: Home, Args: args{num, num}, Variants: &sysfss},
	{Nr: 153, Name: "vhangup", Where: Home, Args: args{}},
	{Nr: 163, Name: "acct", Where: Home, Args: args{path}},
	{Nr: 167, Name: "swapon", Where: Home, Args: args{path, num}},
	{Nr: 168, Name: "swapoff", Where: Home, Args: args{path}},
	{Nr: 169, Name: "reboot", Where: Home, Args: args{num, num, num, str(256)}},
	{Nr: 170, Name: "sethostname", Where: Home, Args: args{inInt(1, 64), num}},
	{Nr: 171, Name: "setdomainname", Where: Home, Args: args{inInt(1, 64), num}},
	{Nr: 175, Name: "init_module", Where: Home, Args: args{inLen(1), num, str(1 << 20)}},
	{Nr: 176, Name: "delete_module", Where: Home, Args: args{str(56), num}},
	{Nr: 179, Name: "quotactl", Where: Return, Reason: "its structures differ from command to command"},
	{Nr: 246, Name: "kexec_load", Where: Return, Reason: "it loads a kernel from the caller's memory"},
	{Nr: 313, Name: "finit_module", Where: Home, Args: args{fd, str(1 << 20), num}},
	{Nr: 320, Name: "kexec_file_load", Where: Home, Args: args{fd, fd, num, inMax(2, 1<<20), num}},
	{Nr: 321, Name: "bpf", Where: Return, Reason: "its structures point at programs and maps"},
	{Nr: 335, Name: "uretprobe", Where: Refuse, Errno: enosys, Reason: "only the kernel's own trampoline may call it"},
	{Nr: 336, Name: "uprobe", Where: Refuse, Errno: enosys, Reason: "only the kernel's own trampoline may call it"},
	{Nr: 443, Name: "quotactl_fd", Where: Return, Reason: "its structures differ from command to command"},
}

var sysfss = Variants{By: 0, List: []Variant{
	{1, Row{Name: "sysfs(1)", Where: Home, Args: args{num, path}}},
	{2, Row{Name: "sysfs(2)", Where: Return, Reason: "how much it writes is not in the call"}},
}}
