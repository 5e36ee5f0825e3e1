package reexec

import "openmosix/internal/role/deputy"

// parts are the entry points by name.
var parts = map[string]func() int{
	HomeSupervisor:  deputy.Main,
	GuestSupervisor: absent(GuestSupervisor),
}
