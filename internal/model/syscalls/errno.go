package syscalls

import "openmosix/internal/model/abi"

// Short names for the error numbers rows are refused with.
const (
	einval     = abi.EINVAL
	enosys     = abi.ENOSYS
	eopnotsupp = abi.EOPNOTSUPP
)
