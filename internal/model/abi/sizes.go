package abi

// The kernel's sizes of its structures on x86-64. Where a C library has a
// larger structure of the same name (termios is 60 bytes in glibc) the
// kernel's counts: it is what a call reads and writes.
const (
	SizeIovec    = 16
	SizeMsghdr   = 56
	SizeMmsghdr  = 64
	SizeSockaddr = 128 // sockaddr_storage: the most the kernel accepts or returns

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
