package syscalls

var prctls = Variants{By: 0, List: []Variant{
	{1, prctlHome("SET_PDEATHSIG")},
	{2, prctlOut("GET_PDEATHSIG", 4)},
	{3, prctlHome("GET_DUMPABLE")},
	{4, prctlHome("SET_DUMPABLE")},
	{5, prctlHere("GET_UNALIGN")},
	{6, prctlHere("SET_UNALIGN")},
	{7, prctlHome("GET_KEEPCAPS")},
	{8, prctlHome("SET_KEEPCAPS")},
	{9, prctlHere("GET_FPEMU")},
	{10, prctlHere("SET_FPEMU")},
	{11, prctlHere("GET_FPEXC")},
	{12, prctlHere("SET_FPEXC")},
	{13, prctlHere("GET_TIMING")},
	{14, prctlHere("SET_TIMING")},
	{15, Row{Name: "prctl(SET_NAME)", Where: Both, Handler: HandlePrctl, Args: args{num, str(16)}}},
	{16, prctlOut("GET_NAME", 16)}, // others may have set it, in /proc
	{19, prctlHere("GET_ENDIAN")},
	{20, prctlHere("SET_ENDIAN")},
	{21, prctlHome("GET_SECCOMP")},
	{22, prctlReturn("SET_SECCOMP", "filters are installed at home")},
	{23, prctlHome("CAPBSET_READ")},
	{24, prctlHome("CAPBSET_DROP")},
	{25, prctlOut("GET_TSC", 4)},
	{26, prctlReturn("SET_TSC", oneMachine)},
	{27, prctlHome("GET_SECUREBITS")},
	{28, prctlHome("SET_SECUREBITS")},
	{29, Row{Name: "prctl(SET_TIMERSLACK)", Where: Both, Handler: HandlePrctl, Args: args{num, num}}},
	{30, prctlHere("GET_TIMERSLACK")},
	{31, prctlHome("TASK_PERF_EVENTS_DISABLE")},
	{32, prctlHome("TASK_PERF_EVENTS_ENABLE")},
	{33, prctlHome("MCE_KILL")},
	{34, prctlHome("MCE_KILL_GET")},
	{35, prctlReturn("SET_MM", "it rewrites the description of the process's memory")},
	{36, prctlHome("SET_CHILD_SUBREAPER")},
	{37, prctlOut("GET_CHILD_SUBREAPER", 4)},
	{38, prctlHome("SET_NO_NEW_PRIVS")},
	{39, prctlHome("GET_NO_NEW_PRIVS")},
	{40, prctlHere("GET_TID_ADDRESS")},
	{41, Row{Name: "prctl(SET_THP_DISABLE)", Where: Both, Handler: HandlePrctl, Args: args{num, num, num, num, num}}},
	{42, prctlHome("GET_THP_DISABLE")},
	{43, prctlHere("MPX_ENABLE_MANAGEMENT")},
	{44, prctlHere("MPX_DISABLE_MANAGEMENT")},
	{45, prctlHere("SET_FP_MODE")},
	{46, prctlHere("GET_FP_MODE")},
	{47, prctlHome("CAP_AMBIENT")},
	{50, prctlHere("SVE_SET_VL")},
	{51, prctlHere("SVE_GET_VL")},
	{52, prctlHome("GET_SPECULATION_CTRL")},
	{53, prctlReturn("SET_SPECULATION_CTRL", oneMachine)},
	{54, prctlHere("PAC_RESET_KEYS")},
	{55, prctlHere("SET_TAGGED_ADDR_CTRL")},
	{56, prctlHere("GET_TAGGED_ADDR_CTRL")},
	{57, prctlHome("SET_IO_FLUSHER")},
	{58, prctlHome("GET_IO_FLUSHER")},
	{59, prctlReturn("SET_SYSCALL_USER_DISPATCH", "system calls cannot be intercepted twice")},
	{60, prctlHere("PAC_SET_ENABLED_KEYS")},
	{61, prctlHere("PAC_GET_ENABLED_KEYS")},
	{62, prctlReturn("SCHED_CORE", oneMachine)},
	{63, prctlHere("SME_SET_VL")},
	{64, prctlHere("SME_GET_VL")},
	{65, prctlReturn("SET_MDWE", "it would forbid rebuilding the process's memory elsewhere")},
	{66, prctlHome("GET_MDWE")},
	{67, prctlHome("SET_MEMORY_MERGE")},
	{68, prctlHome("GET_MEMORY_MERGE")},
	{69, prctlHere("RISCV_V_SET_CONTROL")},
	{70, prctlHere("RISCV_V_GET_CONTROL")},
	{71, prctlHere("RISCV_SET_ICACHE_FLUSH_CTX")},
	{72, prctlHere("PPC_GET_DEXCR")},
	{73, prctlHere("PPC_SET_DEXCR")},
	{74, prctlHere("GET_SHADOW_STACK_STATUS")},
	{75, prctlHere("SET_SHADOW_STACK_STATUS")},
	{76, prctlHere("LOCK_SHADOW_STACK_STATUS")},
	{77, prctlHome("TIMER_CREATE_RESTORE_IDS")},
	{78, prctlHere("FUTEX_HASH")},
	{0x41555856, Row{Name: "prctl(GET_AUXV)", Where: Home, Args: args{num, outMax(2, 4096), num, num, num}}},
	{0x53564d41, prctlHere("SET_VMA")},
	{0x59616d61, prctlHome("SET_PTRACER")},
}}

const oneMachine = "the setting belongs to one CPU and does not move"

func prctlHere(name string) Row { return Row{Name: "prctl(" + name + ")", Where: Here} }

func prctlHome(name string) Row {
	return Row{Name: "prctl(" + name + ")", Where: Home, Args: args{num, num, num, num, num}}
}

func prctlOut(name string, size uint32) Row {
	return Row{Name: "prctl(" + name + ")", Where: Home, Args: args{num, out(size)}}
}

func prctlReturn(name, reason string) Row {
	return Row{Name: "prctl(" + name + ")", Where: Return, Reason: reason}
}

var archPrctls = Variants{By: 0, List: []Variant{
	{0x1001, Row{Name: "arch_prctl(SET_GS)", Where: Here}},
	{0x1002, Row{Name: "arch_prctl(SET_FS)", Where: Here}},
	{0x1003, Row{Name: "arch_prctl(GET_FS)", Where: Here}},
	{0x1004, Row{Name: "arch_prctl(GET_GS)", Where: Here}},
	{0x1011, Row{Name: "arch_prctl(GET_CPUID)", Where: Here}},
	{0x1012, Row{Name: "arch_prctl(SET_CPUID)", Where: Return, Reason: oneMachine}},
	{0x1021, Row{Name: "arch_prctl(GET_XCOMP_SUPP)", Where: Home, Args: args{num, out(8)}}},
	{0x1022, Row{Name: "arch_prctl(GET_XCOMP_PERM)", Where: Here}},
	{0x1023, Row{Name: "arch_prctl(REQ_XCOMP_PERM)", Where: Return, Reason: oneMachine}},
	{0x1024, Row{Name: "arch_prctl(GET_XCOMP_GUEST_PERM)", Where: Here}},
	{0x1025, Row{Name: "arch_prctl(REQ_XCOMP_GUEST_PERM)", Where: Return, Reason: oneMachine}},
	{0x2001, Row{Name: "arch_prctl(MAP_VDSO_X32)", Where: Return, Reason: mapVdso}},
	{0x2002, Row{Name: "arch_prctl(MAP_VDSO_32)", Where: Return, Reason: mapVdso}},
	{0x2003, Row{Name: "arch_prctl(MAP_VDSO_64)", Where: Return, Reason: mapVdso}},
	{0x4001, Row{Name: "arch_prctl(GET_UNTAG_MASK)", Where: Here}},
	{0x4002, Row{Name: "arch_prctl(ENABLE_TAGGED_ADDR)", Where: Return, Reason: oneMachine}},
	{0x4003, Row{Name: "arch_prctl(GET_MAX_TAG_BITS)", Where: Here}},
	{0x4004, Row{Name: "arch_prctl(FORCE_TAGGED_SVA)", Where: Return, Reason: oneMachine}},
	{0x5001, Row{Name: "arch_prctl(SHSTK_ENABLE)", Where: Refuse, Errno: eopnotsupp, Reason: shadowStacks}},
	{0x5002, Row{Name: "arch_prctl(SHSTK_DISABLE)", Where: Here}},
	{0x5003, Row{Name: "arch_prctl(SHSTK_LOCK)", Where: Here}},
	{0x5004, Row{Name: "arch_prctl(SHSTK_UNLOCK)", Where: Here}},
	{0x5005, Row{Name: "arch_prctl(SHSTK_STATUS)", Where: Here}},
}}

const (
	mapVdso      = "it maps a vDSO of this kernel"
	shadowStacks = "shadow stacks do not move; the kernel says the same where the CPU has none"
)
