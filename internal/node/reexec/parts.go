package reexec

import (
	"openmosix/internal/role/carrier"
	"openmosix/internal/role/deputy"
	"openmosix/internal/role/guest"
)

// parts are the entry points by name.
var parts = map[string]func() int{
	HomeSupervisor:  deputy.Main,
	GuestSupervisor: guest.Main,
	Carrier:         carrier.Main,
}
