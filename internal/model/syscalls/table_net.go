package syscalls

// Sockets.
var netRows = []Row{
	{Nr: 41, Name: "socket", Where: Home, Args: args{num, num, num}},
	{Nr: 42, Name: "connect", Where: Home, Args: args{fd, inInt(2, 128), num}, Interrupt: Restart},
	{Nr: 43, Name: "accept", Where: Home, Args: args{fd, addrOut(2), intptr}, Interrupt: Restart},
	{Nr: 44, Name: "sendto", Where: Home, Args: args{fd, inSocket(2), num, num, inInt(5, 128), num}, Interrupt: Restart},
	{Nr: 45, Name: "recvfrom", Where: Home, Args: args{fd, outMax(2, MaxBuffer), num, num, addrOut(5), intptr}, Interrupt: Restart},
	{Nr: 46, Name: "sendmsg", Where: Home, Args: args{fd, msgIn, num}, Interrupt: Restart},
	{Nr: 47, Name: "recvmsg", Where: Home, Args: args{fd, msgOut, num}, Interrupt: Restart},
	{Nr: 48, Name: "shutdown", Where: Home, Args: args{fd, num}},
	{Nr: 49, Name: "bind", Where: Home, Args: args{fd, inInt(2, 128), num}},
	{Nr: 50, Name: "listen", Where: Home, Args: args{fd, num}},
	{Nr: 51, Name: "getsockname", Where: Home, Args: args{fd, addrOut(2), intptr}},
	{Nr: 52, Name: "getpeername", Where: Home, Args: args{fd, addrOut(2), intptr}},
	{Nr: 53, Name: "socketpair", Where: Home, Args: args{num, num, num, inoutAlways(8)}, Note: "the kernel stores the descriptors before it knows whether there are sockets"},
	{Nr: 54, Name: "setsockopt", Where: Home, Args: args{fd, num, num, inInt(4, 1<<20), num}, Variants: &setOptions},
	{Nr: 55, Name: "getsockopt", Where: Home, Args: args{fd, num, num, optOut(4), intptr}, Variants: &getOptions},
	{Nr: 288, Name: "accept4", Where: Home, Args: args{fd, addrOut(2), intptr, num}, Interrupt: Restart},
	{Nr: 299, Name: "recvmmsg", Where: Home, Args: args{fd, msgsOut, num, num, inoutPos(16)}, Interrupt: Restart},
	{Nr: 307, Name: "sendmmsg", Where: Home, Args: args{fd, msgsIn, num, num}, Interrupt: Restart},
}

const pointsOn = "the option's structure points at more memory"

// Socket options are told apart by level, then by name: a few point at more memory.
var setOptions = Variants{By: 1, List: []Variant{
	{0, Row{Name: "setsockopt(IP)", Where: Home, Args: setArgs, Variants: &Variants{By: 2, List: []Variant{
		{64, Row{Name: "setsockopt(IPT_SO_SET_REPLACE)", Where: Return, Reason: pointsOn}},
		{65, Row{Name: "setsockopt(IPT_SO_SET_ADD_COUNTERS)", Where: Return, Reason: pointsOn}},
	}}}},
	{1, Row{Name: "setsockopt(SOCKET)", Where: Home, Args: setArgs, Variants: &Variants{By: 2, List: []Variant{
		{26, Row{Name: "setsockopt(SO_ATTACH_FILTER)", Where: Home, Args: args{fd, num, num, progIn, num}}},
		{51, Row{Name: "setsockopt(SO_ATTACH_REUSEPORT_CBPF)", Where: Home, Args: args{fd, num, num, progIn, num}}},
	}}}},
	{41, Row{Name: "setsockopt(IPV6)", Where: Home, Args: setArgs, Variants: &Variants{By: 2, List: []Variant{
		{64, Row{Name: "setsockopt(IP6T_SO_SET_REPLACE)", Where: Return, Reason: pointsOn}},
		{65, Row{Name: "setsockopt(IP6T_SO_SET_ADD_COUNTERS)", Where: Return, Reason: pointsOn}},
	}}}},
}}

var getOptions = Variants{By: 1, List: []Variant{
	{1, Row{Name: "getsockopt(SOCKET)", Where: Home, Args: getArgs, Variants: &Variants{By: 2, List: []Variant{
		{26, Row{Name: "getsockopt(SO_GET_FILTER)", Where: Return, Reason: "its length counts instructions, not bytes"}},
	}}}},
	{6, Row{Name: "getsockopt(TCP)", Where: Home, Args: getArgs, Variants: &Variants{By: 2, List: []Variant{
		{35, Row{Name: "getsockopt(TCP_ZEROCOPY_RECEIVE)", Where: Return, Reason: "it maps received pages into the caller"}},
	}}}},
}}

var (
	setArgs = args{fd, num, num, inInt(4, 1<<20), num}
	getArgs = args{fd, num, num, optOut(4), intptr}
)
