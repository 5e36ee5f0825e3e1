package syscalls

// Memory lives where the process runs. Guarded rows keep out of the reserved
// region; mappings of files are a handler's.
var memoryRows = []Row{
	{Nr: 9, Name: "mmap", Where: Here, When: anonymousPrivate, Else: Both, Handler: HandleMmap, Args: args{num, num, num, num, fd, num}, Guarded: true, Variants: &mmaps},
	{Nr: 10, Name: "mprotect", Where: Here, Guarded: true},
	{Nr: 11, Name: "munmap", Where: Here, Guarded: true},
	{Nr: 12, Name: "brk", Where: Here},
	{Nr: 25, Name: "mremap", Where: Here, Guarded: true},
	{Nr: 26, Name: "msync", Where: Here, When: withoutWaiting, Else: Both, Handler: HandleMsync, Note: "it comes home where it has mapped a file to be written"},
	{Nr: 27, Name: "mincore", Where: Here},
	{Nr: 28, Name: "madvise", Where: Here, When: passingAdvice, Else: Both, Handler: HandleMadvise, Guarded: true},
	{Nr: 149, Name: "mlock", Where: Both, Handler: HandleMlock, Note: lockedHere},
	{Nr: 150, Name: "munlock", Where: Here, Guarded: true},
	{Nr: 151, Name: "mlockall", Where: Both, Handler: HandleMlockall, Note: lockedHere},
	{Nr: 152, Name: "munlockall", Where: Both, Handler: HandleMlockall},
	{Nr: 216, Name: "remap_file_pages", Where: Return, Reason: "it rearranges a shared mapping of a file"},
	{Nr: 237, Name: "mbind", Where: Here, Guarded: true},
	{Nr: 238, Name: "set_mempolicy", Where: Here},
	{Nr: 239, Name: "get_mempolicy", Where: Here},
	{Nr: 256, Name: "migrate_pages", Where: Return, Reason: otherMemory},
	{Nr: 279, Name: "move_pages", Where: Return, Reason: otherMemory},
	{Nr: 310, Name: "process_vm_readv", Where: Both, Handler: HandleProcessVM, Note: "on itself here; " + otherMemory + ", so it comes home"},
	{Nr: 311, Name: "process_vm_writev", Where: Both, Handler: HandleProcessVM, Note: "on itself here; " + otherMemory + ", so it comes home"},
	{Nr: 323, Name: "userfaultfd", Where: Return, Reason: "its page faults must be seen where the descriptor is"},
	{Nr: 325, Name: "mlock2", Where: Both, Handler: HandleMlock, Note: lockedHere},
	{Nr: 329, Name: "pkey_mprotect", Where: Return, Reason: protectionKeys},
	{Nr: 330, Name: "pkey_alloc", Where: Return, Reason: protectionKeys},
	{Nr: 331, Name: "pkey_free", Where: Return, Reason: protectionKeys},
	{Nr: 440, Name: "process_madvise", Where: Return, Reason: otherMemory},
	{Nr: 447, Name: "memfd_secret", Where: Return, Reason: "secret memory cannot be copied"},
	{Nr: 448, Name: "process_mrelease", Where: Home, Args: args{fd, num}},
	{Nr: 450, Name: "set_mempolicy_home_node", Where: Here, Guarded: true},
	{Nr: 453, Name: "map_shadow_stack", Where: Refuse, Errno: eopnotsupp, Reason: "shadow stacks do not move; the kernel says the same where the CPU has none"},
	{Nr: 462, Name: "mseal", Where: Return, Reason: "sealed mappings cannot be rebuilt"},
}

const (
	otherMemory    = "it reaches into the memory of a process that may be elsewhere"
	protectionKeys = "protection keys belong to one machine"
	lockedHere     = "here; at home, if a guest may lock less than home lets it, or has a seccomp filter"

	mapShared, mapPrivate, mapFixed, mapAnonymous, mapGrowsDown, mapLocked, mapHugetlb = 0x1, 0x2, 0x10, 0x20, 0x100, 0x2000, 0x40000
)

// anonymousPrivate: what grows downwards is noted by the handler of the others,
// because the list of a process's mappings does not show it, as what is locked; what is of the pool
// of huge pages is mapped at home.
var anonymousPrivate = []Cond{{Arg: 3, Mask: mapAnonymous | mapPrivate | mapShared | mapGrowsDown | mapLocked | mapHugetlb, In: []uint32{mapAnonymous | mapPrivate}, Long: true}}

// withoutWaiting: without MS_SYNC it does nothing.
var withoutWaiting = []Cond{{Arg: 2, Mask: 4, In: []uint32{0}}}

// passingAdvice, in pairs, leaves nothing that has to travel with a mapping. Other advice is noted
// by the handler, because the list of a process's mappings does not show it.
var passingAdvice = []Cond{{Arg: 2, Mask: ^uint32(1), In: []uint32{
	4, 8, // DONTNEED, FREE REMOVE
	0, 2, 20, 22, 24, // NORMAL RANDOM, SEQUENTIAL WILLNEED, COLD PAGEOUT, POPULATE_(READ|WRITE), DONTNEED_LOCKED COLLAPSE
}}}

// mmaps: anonymous memory that is shared may come to be shared with a child that is elsewhere.
var mmaps = Variants{By: 3, Mask: mapAnonymous | mapPrivate | mapShared, List: []Variant{
	{mapAnonymous | mapShared, Row{Name: "mmap(MAP_SHARED|MAP_ANONYMOUS)", Where: Return, Reason: "memory shared with children must stay on one node"}},
}}
