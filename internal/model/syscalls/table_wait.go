package syscalls

// Waiting for descriptors. The masks of ppoll and its like stay at the guest,
// whose kernel delivers the signals (see Row.WaitMask).
var waitRows = []Row{
	{Nr: 7, Name: "poll", Where: Home, Args: args{pollfds, num, num}, Interrupt: RestartBlock},
	{Nr: 23, Name: "select", Where: Home, Args: args{num, fdset(), fdset(), fdset(), rest}, Interrupt: NoHand},
	{Nr: 213, Name: "epoll_create", Where: Home, Args: args{num}},
	{Nr: 232, Name: "epoll_wait", Where: Home, Args: args{fd, outArray(2, 12, 12*65536), num, num}, Interrupt: Eintr},
	{Nr: 233, Name: "epoll_ctl", Where: Home, Args: args{fd, num, fd, in(12)}},
	{Nr: 270, Name: "pselect6", Where: Answer, Handler: HandleMaskWait, Args: args{num, fdset(), fdset(), fdset(), rest, sigmask6}, Interrupt: NoHand},
	{Nr: 271, Name: "ppoll", Where: Answer, Handler: HandleMaskWait, Args: args{pollfds, num, rest, sigmask, num}, Interrupt: NoHand},
	{Nr: 281, Name: "epoll_pwait", Where: Answer, Handler: HandleMaskWait, Args: args{fd, outArray(2, 12, 12*65536), num, num, sigmask, num}, Interrupt: Eintr},
	{Nr: 284, Name: "eventfd", Where: Home, Args: args{num}},
	{Nr: 290, Name: "eventfd2", Where: Home, Args: args{num, num}},
	{Nr: 291, Name: "epoll_create1", Where: Home, Args: args{num}},
	{Nr: 441, Name: "epoll_pwait2", Where: Answer, Handler: HandleMaskWait, Args: args{fd, outArray(2, 12, 12*65536), num, in(16), sigmask, num}, Interrupt: Eintr},
}
