package syscalls

// System V and POSIX inter-process communication, and the kernel's keys.
var ipcRows = []Row{
	{Nr: 29, Name: "shmget", Where: Home, Args: args{num, num, num}},
	{Nr: 30, Name: "shmat", Where: Return, Reason: sharedMemory},
	{Nr: 31, Name: "shmctl", Where: Return, Reason: "a command that is not known here", Variants: &shmctls},
	{Nr: 64, Name: "semget", Where: Home, Args: args{num, num, num}},
	{Nr: 65, Name: "semop", Where: Home, Args: args{num, inArray(2, 6, 6*65536), num}, Interrupt: Eintr},
	{Nr: 66, Name: "semctl", Where: Return, Reason: "a command that is not known here", Variants: &semctls},
	{Nr: 67, Name: "shmdt", Where: Return, Reason: sharedMemory},
	{Nr: 68, Name: "msgget", Where: Home, Args: args{num, num}},
	{Nr: 69, Name: "msgsnd", Where: Home, Args: args{num, Arg{Kind: In, Len: 2, Size: 1, Plus: 8, Limit: 1 << 20}, num, num}, Interrupt: NoHand},
	{Nr: 70, Name: "msgrcv", Where: Home, Args: args{num, Arg{Kind: InOut, Len: 2, Size: 1, Plus: 8, Limit: 1 << 20, Clamp: true, Long: true, Back: BackWhole}, num, num, num}, Interrupt: NoHand},
	{Nr: 71, Name: "msgctl", Where: Return, Reason: "a command that is not known here", Variants: &msgctls},
	{Nr: 220, Name: "semtimedop", Where: Home, Args: args{num, inArray(2, 6, 6*65536), num, in(16)}, Interrupt: Eintr},
	{Nr: 240, Name: "mq_open", Where: Home, Args: args{path, num, num, in(64)}},
	{Nr: 241, Name: "mq_unlink", Where: Home, Args: args{path}},
	{Nr: 242, Name: "mq_timedsend", Where: Home, Args: args{fd, inMax(2, 16<<20), num, num, in(16)}, Interrupt: Restart},
	{Nr: 243, Name: "mq_timedreceive", Where: Home, Args: args{fd, outMax(2, 16<<20), num, out(4), in(16)}, Interrupt: Restart},
	{Nr: 244, Name: "mq_notify", Where: Return, Reason: "notification of a thread reads a cookie from the caller's memory"},
	{Nr: 245, Name: "mq_getsetattr", Where: Home, Args: args{fd, in(64), out(64)}},
	{Nr: 248, Name: "add_key", Where: Home, Args: args{str(32), path, inMax(3, 1<<20), num, num}},
	{Nr: 249, Name: "request_key", Where: Home, Args: args{str(32), path, path, num}, Interrupt: Restart},
	{Nr: 250, Name: "keyctl", Where: Return, Reason: "an operation that is not known here", Variants: &keyctls},
}

const sharedMemory = "shared memory stays on one node"

var shmctls = Variants{By: 1, List: []Variant{
	{0, Row{Name: "shmctl(IPC_RMID)", Where: Home, Args: args{num, num, null}}},
	{1, Row{Name: "shmctl(IPC_SET)", Where: Home, Args: args{num, num, in(112)}}},
	{2, Row{Name: "shmctl(IPC_STAT)", Where: Home, Args: args{num, num, out(112)}}},
	{3, Row{Name: "shmctl(IPC_INFO)", Where: Home, Args: args{num, num, out(72)}}},
	{11, Row{Name: "shmctl(SHM_LOCK)", Where: Home, Args: args{num, num, null}}},
	{12, Row{Name: "shmctl(SHM_UNLOCK)", Where: Home, Args: args{num, num, null}}},
	{13, Row{Name: "shmctl(SHM_STAT)", Where: Home, Args: args{num, num, out(112)}}},
	{14, Row{Name: "shmctl(SHM_INFO)", Where: Home, Args: args{num, num, out(48)}}},
	{15, Row{Name: "shmctl(SHM_STAT_ANY)", Where: Home, Args: args{num, num, out(112)}}},
}}

var semctls = Variants{By: 2, List: []Variant{
	{0, Row{Name: "semctl(IPC_RMID)", Where: Home, Args: args{num, num, num, null}}},
	{1, Row{Name: "semctl(IPC_SET)", Where: Home, Args: args{num, num, num, in(104)}}},
	{2, Row{Name: "semctl(IPC_STAT)", Where: Home, Args: args{num, num, num, out(104)}}},
	{3, Row{Name: "semctl(IPC_INFO)", Where: Home, Args: args{num, num, num, out(40)}}},
	{11, Row{Name: "semctl(GETPID)", Where: Home, Args: args{num, num, num}}},
	{12, Row{Name: "semctl(GETVAL)", Where: Home, Args: args{num, num, num}}},
	{13, Row{Name: "semctl(GETALL)", Where: Return, Reason: allValues}},
	{14, Row{Name: "semctl(GETNCNT)", Where: Home, Args: args{num, num, num}}},
	{15, Row{Name: "semctl(GETZCNT)", Where: Home, Args: args{num, num, num}}},
	{16, Row{Name: "semctl(SETVAL)", Where: Home, Args: args{num, num, num, num}}},
	{17, Row{Name: "semctl(SETALL)", Where: Return, Reason: allValues}},
	{18, Row{Name: "semctl(SEM_STAT)", Where: Home, Args: args{num, num, num, out(104)}}},
	{19, Row{Name: "semctl(SEM_INFO)", Where: Home, Args: args{num, num, num, out(40)}}},
	{20, Row{Name: "semctl(SEM_STAT_ANY)", Where: Home, Args: args{num, num, num, out(104)}}},
}}

const allValues = "how many values it moves is not in the call"

var msgctls = Variants{By: 1, List: []Variant{
	{0, Row{Name: "msgctl(IPC_RMID)", Where: Home, Args: args{num, num, null}}},
	{1, Row{Name: "msgctl(IPC_SET)", Where: Home, Args: args{num, num, in(120)}}},
	{2, Row{Name: "msgctl(IPC_STAT)", Where: Home, Args: args{num, num, out(120)}}},
	{3, Row{Name: "msgctl(IPC_INFO)", Where: Home, Args: args{num, num, out(32)}}},
	{11, Row{Name: "msgctl(MSG_STAT)", Where: Home, Args: args{num, num, out(120)}}},
	{12, Row{Name: "msgctl(MSG_INFO)", Where: Home, Args: args{num, num, out(32)}}},
	{13, Row{Name: "msgctl(MSG_STAT_ANY)", Where: Home, Args: args{num, num, out(120)}}},
}}

var keyctls = Variants{By: 0, List: []Variant{
	{0, Row{Name: "keyctl(GET_KEYRING_ID)", Where: Home, Args: args{num, num, num}}},
	{1, Row{Name: "keyctl(JOIN_SESSION_KEYRING)", Where: Home, Args: args{num, path}}},
	{2, Row{Name: "keyctl(UPDATE)", Where: Home, Args: args{num, num, inMax(3, 1<<20), num}}},
	{3, Row{Name: "keyctl(REVOKE)", Where: Home, Args: args{num, num}}},
	{4, Row{Name: "keyctl(CHOWN)", Where: Home, Args: args{num, num, num, num}}},
	{5, Row{Name: "keyctl(SETPERM)", Where: Home, Args: args{num, num, num}}},
	{6, Row{Name: "keyctl(DESCRIBE)", Where: Home, Args: args{num, num, inoutMax(3, 1<<20), num}}},
	{7, Row{Name: "keyctl(CLEAR)", Where: Home, Args: args{num, num}}},
	{8, Row{Name: "keyctl(LINK)", Where: Home, Args: args{num, num, num}}},
	{9, Row{Name: "keyctl(UNLINK)", Where: Home, Args: args{num, num, num}}},
	{10, Row{Name: "keyctl(SEARCH)", Where: Home, Args: args{num, num, str(32), path, num}}},
	{11, Row{Name: "keyctl(READ)", Where: Home, Args: args{num, num, inoutMax(3, 1<<20), num}}},
	{15, Row{Name: "keyctl(SET_TIMEOUT)", Where: Home, Args: args{num, num, num}}},
	{21, Row{Name: "keyctl(INVALIDATE)", Where: Home, Args: args{num, num}}},
}}
