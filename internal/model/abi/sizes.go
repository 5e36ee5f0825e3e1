package abi

// The kernel's sizes of its structures on x86-64. Where a C library has a
// larger structure of the same name (termios is 60 bytes in glibc) the
// kernel's counts: it is what a call reads and writes.
const (
	SizeStat         = 144
	SizeStatx        = 256
	SizeStatfs       = 120
	SizeTimespec     = 16
	SizeTimeval      = 16
	SizeItimerval    = 32
	SizeItimerspec   = 32
	SizeRusage       = 144
	SizeRlimit       = 16
	SizeSysinfo      = 112
	SizeUtsname      = 390
	SizeTms          = 32
	SizeTimex        = 208
	SizeUtimbuf      = 16
	SizeUstat        = 32
	SizeFlock        = 32
	SizePollfd       = 8
	SizeEpollEvent   = 12 // packed on x86-64
	SizeIovec        = 16
	SizeMsghdr       = 56
	SizeMmsghdr      = 64
	SizeSockaddr     = 128 // sockaddr_storage: the most the kernel accepts or returns
	SizeSigset       = 8
	SizeSigaction    = 32
	SizeSigaltstack  = 24
	SizeSiginfo      = 128
	SizeSigevent     = 64
	SizeWaitSiginfo  = 28 // waitid stores six fields of siginfo and leaves the rest alone
	SizeCapHeader    = 8
	SizeMqAttr       = 64
	SizeSchedParam   = 4
	SizeSchedAttrMax = 4096
	SizeTermios      = 36
	SizeTermios2     = 44
	SizeTermio       = 18
	SizeWinsize      = 8
	SizeIfreq        = 40
	SizeIfconf       = 16
	SizeSemid        = 104
	SizeMsgid        = 120
	SizeShmid        = 112
	SizeCacheRange   = 16
	SizeCachestat    = 40
	SizeTimezone     = 8

	PathMax  = 4096
	PageSize = 4096
	// IovMax is UIO_MAXIOV: more pieces are EINVAL (EMSGSIZE in a msghdr).
	IovMax = 1024
	// MaxTransfer is MAX_RW_COUNT: the kernel shortens every transfer to it.
	MaxTransfer = 0x7ffff000
	// UserEnd is TASK_SIZE_MAX: access_ok refuses what reaches beyond it.
	UserEnd = 0x7ffffffff000
)

// Offsets inside struct msghdr and struct mmsghdr.
const (
	MsgName       = 0
	MsgNamelen    = 8
	MsgIov        = 16
	MsgIovlen     = 24
	MsgControl    = 32
	MsgControllen = 40
	MsgFlags      = 48
	MmsgLen       = 56
)
