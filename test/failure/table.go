package failure

import (
	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

// victim is what is killed.
type victim string

const (
	homeSupervisor  victim = "home supervisor"
	guestSupervisor victim = "guest supervisor" // of the node the process goes to, or comes from
	oldGuest        victim = "old guest supervisor"
	homeDaemon      victim = "home daemon"
	lenderDaemon    victim = "lender's daemon"
	oldDaemon       victim = "old lender's daemon"
	program         victim = "program"
)

// scenario is one death.
type scenario struct {
	at    fault.Point
	kill  victim
	lives bool // the process goes on, wherever
	quick bool // part of the short run
}

// A way is the moves that lead to a point, the last of which reaches it.
var (
	out    = []int{2}
	back   = []int{2, labtest.Home}
	onward = []int{2, 3}
)

// later has the memory of the program follow when it runs.
const later = "--strategy=postcopy"

// scenarios by the way that leads there. The supervisor at home is the only one
// who knows the registers of a process it has parked: with it the process dies
// although it has not left yet.
var scenarios = []struct {
	way   []int
	flags []string // of the moves
	all   []scenario
}{
	{out, nil, []scenario{
		{fault.GuestAnnounced, guestSupervisor, true, false},
		{fault.GuestAnnounced, program, false, false},
		{fault.GuestBuilt, guestSupervisor, true, false},
		{fault.GuestBuilt, lenderDaemon, true, false},
		{fault.HomePrepared, homeSupervisor, true, true},
		{fault.HomePrepared, guestSupervisor, true, false},
		{fault.HomePrepared, program, false, false},
		{fault.HomeFrozen, homeSupervisor, true, true},
		{fault.HomeFrozen, guestSupervisor, true, false},
		{fault.HomeFrozen, homeDaemon, true, true},
		{fault.HomeFrozen, program, false, false},
		{fault.HomeParked, guestSupervisor, true, true},
		{fault.HomeParked, homeSupervisor, false, false},
		{fault.HomeParked, program, false, true},
		{fault.GuestFilled, guestSupervisor, true, true},
		{fault.GuestFilled, homeSupervisor, false, false},
		{fault.HomeSent, lenderDaemon, true, false},
		{fault.GuestRunning, guestSupervisor, true, false},
		{fault.GuestRunning, homeSupervisor, false, false},
		{fault.GuestRunning, program, false, false},
		{fault.HomeThawed, homeSupervisor, false, false},
		{fault.HomeThawed, guestSupervisor, false, true},
		{fault.HomeCommitted, homeSupervisor, false, true},
		{fault.HomeCommitted, guestSupervisor, false, false},
		{fault.HomeCommitted, homeDaemon, true, false},
		{fault.HomeCommitted, program, false, false},
	}},
	{out, []string{later}, []scenario{
		{fault.GuestFetches, guestSupervisor, false, true},
		{fault.GuestFetches, homeSupervisor, false, false},
		{fault.GuestFetches, lenderDaemon, true, false},
		{fault.GuestFetches, homeDaemon, true, false},
		{fault.GuestFetches, program, false, true},
		{fault.HomeServes, homeSupervisor, false, true},
		{fault.HomeServes, guestSupervisor, false, false},
		{fault.HomeServes, homeDaemon, true, true},
		{fault.HomeServes, lenderDaemon, true, false},
		{fault.HomeServes, program, false, false},
	}},
	{back, nil, []scenario{
		{fault.GuestFrozen, guestSupervisor, false, true},
		{fault.GuestFrozen, homeSupervisor, false, false},
		{fault.GuestFrozen, lenderDaemon, true, true},
		{fault.GuestFrozen, program, false, false},
		{fault.GuestLeft, guestSupervisor, true, false}, // home has all of it
		{fault.HomeReturns, homeSupervisor, false, false},
		{fault.HomeReturns, program, false, false},
		{fault.HomeReceived, homeSupervisor, false, true}, // the guest supervisor has ended by itself
		{fault.HomeReceived, homeDaemon, true, false},
		{fault.HomeReceived, program, false, false},
	}},
	{back, []string{later}, []scenario{
		{fault.HomeFetches, guestSupervisor, false, true},
		{fault.HomeFetches, homeSupervisor, false, true},
		{fault.HomeFetches, lenderDaemon, true, false},
		{fault.HomeFetches, homeDaemon, true, true},
		{fault.HomeFetches, program, false, false},
		{fault.GuestServes, guestSupervisor, false, true},
		{fault.GuestServes, homeSupervisor, false, false},
		{fault.GuestServes, lenderDaemon, true, false},
		{fault.GuestServes, homeDaemon, true, false},
		{fault.GuestServes, program, false, false},
		{fault.GuestLeft, guestSupervisor, false, false},
	}},
	{onward, []string{later}, []scenario{
		{fault.GuestServes, oldGuest, false, true},
		{fault.GuestServes, guestSupervisor, false, false},
		{fault.GuestServes, homeSupervisor, false, false},
		{fault.GuestServes, lenderDaemon, true, false},
		{fault.GuestServes, oldDaemon, true, true},
		{fault.GuestServes, homeDaemon, true, false},
		{fault.GuestServes, program, false, true},
		{fault.HomePasses, oldGuest, false, false},
		{fault.HomePasses, guestSupervisor, false, true},
		{fault.HomePasses, homeSupervisor, false, false},
		{fault.HomePasses, homeDaemon, true, false},
		{fault.HomePasses, lenderDaemon, true, false},
		{fault.HomePasses, oldDaemon, true, false},
		{fault.HomePasses, program, false, false},
	}},
	{onward, nil, []scenario{
		{fault.GuestFrozen, oldGuest, false, false},
		{fault.GuestFrozen, guestSupervisor, true, false},
		{fault.HomeRelayed, guestSupervisor, false, true},
		{fault.HomeRelayed, homeSupervisor, false, false},
		{fault.HomeHanded, oldGuest, true, true},
		{fault.HomeHanded, guestSupervisor, false, false},
		{fault.HomeHanded, program, false, false},
	}},
}
