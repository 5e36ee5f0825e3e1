package reexec

// parts are the entry points by name.
var parts = map[string]func() int{
	HomeSupervisor:  absent(HomeSupervisor),
	GuestSupervisor: absent(GuestSupervisor),
}
