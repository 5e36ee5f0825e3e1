package syscalls

// ioctls lists the requests whose argument is known. The kernel's sizes
// count: a request's encoding lies for some (FS_IOC_GETFLAGS says long and moves an int).
var ioctls = Variants{By: 1, Other: encoded, List: []Variant{
	{0x01, ioctl("FIBMAP", inout(4))},
	{0x02, ioctl("FIGETBSZ", out(4))},
	{0x125d, ioctl("BLKROSET", in(4))},
	{0x125e, ioctl("BLKROGET", out(4))},
	{0x125f, ioctl("BLKRRPART", num)},
	{0x1260, ioctl("BLKGETSIZE", out(8))},
	{0x1261, ioctl("BLKFLSBUF", num)},
	{0x1262, ioctl("BLKRASET", num)},
	{0x1263, ioctl("BLKRAGET", out(8))},
	{0x1267, ioctl("BLKSECTGET", out(2))},
	{0x1268, ioctl("BLKSSZGET", out(4))},
	{0x1277, ioctl("BLKDISCARD", in(16))},
	{0x1278, ioctl("BLKIOMIN", out(4))},
	{0x1279, ioctl("BLKIOOPT", out(4))},
	{0x127a, ioctl("BLKALIGNOFF", out(4))},
	{0x127b, ioctl("BLKPBSZGET", out(4))},
	{0x127c, ioctl("BLKDISCARDZEROES", out(4))},
	{0x127d, ioctl("BLKSECDISCARD", in(16))},
	{0x127e, ioctl("BLKROTATIONAL", out(2))},
	{0x127f, ioctl("BLKZEROOUT", in(16))},
	{0x5401, ioctl("TCGETS", out(36))},
	{0x5402, changing("TCSETS", in(36))},
	{0x5403, changing("TCSETSW", in(36))},
	{0x5404, changing("TCSETSF", in(36))},
	{0x5405, ioctl("TCGETA", out(18))},
	{0x5406, changing("TCSETA", in(18))},
	{0x5407, changing("TCSETAW", in(18))},
	{0x5408, changing("TCSETAF", in(18))},
	{0x5409, changing("TCSBRK", num)},
	{0x540a, changing("TCXONC", num)},
	{0x540b, changing("TCFLSH", num)},
	{0x540c, ioctl("TIOCEXCL", num)},
	{0x540d, ioctl("TIOCNXCL", num)},
	{0x540e, ioctl("TIOCSCTTY", num)},
	{0x540f, ioctl("TIOCGPGRP", out(4))},
	{0x5410, changing("TIOCSPGRP", in(4))},
	{0x5411, ioctl("TIOCOUTQ", out(4))},
	{0x5412, changing("TIOCSTI", in(1))},
	{0x5413, ioctl("TIOCGWINSZ", out(8))},
	{0x5414, ioctl("TIOCSWINSZ", in(8))},
	{0x5415, ioctl("TIOCMGET", out(4))},
	{0x5416, ioctl("TIOCMBIS", in(4))},
	{0x5417, ioctl("TIOCMBIC", in(4))},
	{0x5418, ioctl("TIOCMSET", in(4))},
	{0x5419, ioctl("TIOCGSOFTCAR", out(4))},
	{0x541a, changing("TIOCSSOFTCAR", in(4))},
	{0x541b, ioctl("FIONREAD", out(4))},
	{0x541d, ioctl("TIOCCONS", num)},
	{0x541e, ioctl("TIOCGSERIAL", out(72))},
	{0x541f, ioctl("TIOCSSERIAL", in(72))},
	{0x5420, ioctl("TIOCPKT", in(4))},
	{0x5421, ioctl("FIONBIO", in(4))},
	{0x5422, ioctl("TIOCNOTTY", num)},
	{0x5423, changing("TIOCSETD", in(4))},
	{0x5424, ioctl("TIOCGETD", out(4))},
	{0x5425, changing("TCSBRKP", num)},
	{0x5427, changing("TIOCSBRK", num)},
	{0x5428, changing("TIOCCBRK", num)},
	{0x5429, ioctl("TIOCGSID", out(4))},
	{0x542e, ioctl("TIOCGRS485", out(32))},
	{0x542f, ioctl("TIOCSRS485", inout(32))},
	{0x5437, ioctl("TIOCVHANGUP", num)},
	{0x5441, ioctl("TIOCGPTPEER", num)},
	{0x5450, ioctl("FIONCLEX", num)},
	{0x5451, ioctl("FIOCLEX", num)},
	{0x5452, ioctl("FIOASYNC", in(4))},
	{0x5456, ioctl("TIOCGLCKTRMIOS", out(36))},
	{0x5457, ioctl("TIOCSLCKTRMIOS", in(36))},
	{0x5459, ioctl("TIOCSERGETLSR", out(4))},
	{0x545c, ioctl("TIOCMIWAIT", num)},
	{0x545d, ioctl("TIOCGICOUNT", out(80))},
	{0x5460, ioctl("FIOQSIZE", out(8))},
	{0x8901, ioctl("FIOSETOWN", in(4))},
	{0x8902, ioctl("SIOCSPGRP", in(4))},
	{0x8903, ioctl("FIOGETOWN", out(4))},
	{0x8904, ioctl("SIOCGPGRP", out(4))},
	{0x8905, ioctl("SIOCATMARK", out(4))},
	{0x8906, ioctl("SIOCGSTAMP", out(16))},
	{0x8907, ioctl("SIOCGSTAMPNS", out(16))},
	{0x8910, ioctl("SIOCGIFNAME", inout(40))},
	{0x8913, ioctl("SIOCGIFFLAGS", inout(40))},
	{0x8914, ioctl("SIOCSIFFLAGS", in(40))},
	{0x8915, ioctl("SIOCGIFADDR", inout(40))},
	{0x8916, ioctl("SIOCSIFADDR", in(40))},
	{0x8917, ioctl("SIOCGIFDSTADDR", inout(40))},
	{0x8918, ioctl("SIOCSIFDSTADDR", in(40))},
	{0x8919, ioctl("SIOCGIFBRDADDR", inout(40))},
	{0x891a, ioctl("SIOCSIFBRDADDR", in(40))},
	{0x891b, ioctl("SIOCGIFNETMASK", inout(40))},
	{0x891c, ioctl("SIOCSIFNETMASK", in(40))},
	{0x891d, ioctl("SIOCGIFMETRIC", inout(40))},
	{0x891e, ioctl("SIOCSIFMETRIC", in(40))},
	{0x8921, ioctl("SIOCGIFMTU", inout(40))},
	{0x8922, ioctl("SIOCSIFMTU", in(40))},
	{0x8923, ioctl("SIOCSIFNAME", in(40))},
	{0x8924, ioctl("SIOCSIFHWADDR", in(40))},
	{0x8927, ioctl("SIOCGIFHWADDR", inout(40))},
	{0x8933, ioctl("SIOCGIFINDEX", inout(40))},
	{0x8942, ioctl("SIOCGIFTXQLEN", inout(40))},
	{0x8943, ioctl("SIOCSIFTXQLEN", in(40))},
	{0x8970, ioctl("SIOCGIFMAP", inout(40))},
	{0x40045431, ioctl("TIOCSPTLCK", in(4))},
	{0x40045436, ioctl("TIOCSIG", num)},
	{0x40049409, ioctl("FICLONE", fd)},
	{0x40086602, ioctl("FS_IOC_SETFLAGS", in(4))},
	{0x40087602, ioctl("FS_IOC_SETVERSION", in(4))},
	{0x40081271, ioctl("BLKBSZSET", in(4))},
	{0x401c5820, ioctl("FS_IOC_FSSETXATTR", in(28))},
	{0x4020940d, ioctl("FICLONERANGE", in(32))},
	{0x402c542b, changing("TCSETS2", in(44))},
	{0x402c542c, changing("TCSETSW2", in(44))},
	{0x402c542d, changing("TCSETSF2", in(44))},
	{0x40305828, ioctl("FS_IOC_RESVSP", in(48))},
	{0x40305829, ioctl("FS_IOC_UNRESVSP", in(48))},
	{0x4030582a, ioctl("FS_IOC_RESVSP64", in(48))},
	{0x4030582b, ioctl("FS_IOC_UNRESVSP64", in(48))},
	{0x41009432, ioctl("FS_IOC_SETFSLABEL", in(256))},
	{0x80045200, ioctl("RNDGETENTCNT", out(4))},
	{0x80045430, ioctl("TIOCGPTN", out(4))},
	{0x80081270, ioctl("BLKBSZGET", out(4))},
	{0x80081272, ioctl("BLKGETSIZE64", out(8))},
	{0x80086601, ioctl("FS_IOC_GETFLAGS", out(4))},
	{0x80087601, ioctl("FS_IOC_GETVERSION", out(4))},
	{0x80111500, ioctl("FS_IOC_GETFSUUID", out(17))},
	{0x801c581f, ioctl("FS_IOC_FSGETXATTR", out(28))},
	{0x802c542a, ioctl("TCGETS2", out(44))},
	{0x81009431, ioctl("FS_IOC_GETFSLABEL", inout(256))},
	{0xc0045877, ioctl("FIFREEZE", num)},
	{0xc0045878, ioctl("FITHAW", num)},
	{0xc0185879, ioctl("FITRIM", inout(24))},
}}

// ioctl is a request whose third argument is a.
func ioctl(name string, a Arg) Row {
	return Row{Name: "ioctl(" + name + ")", Where: Home, Args: args{fd, num, a}}
}

// changing is a request that stops a background process (SIGTTOU), unless
// the caller's mask lets it through.
func changing(name string, a Arg) Row {
	r := ioctl(name, a)
	r.Mask = true
	return r
}

// encoded decides about requests that are not listed. Where a driver family
// is known to pass flat structures, the request's own encoding tells direction
// and size. Elsewhere a structure may point at more memory, which would be
// looked for in the deputy's: the process comes home instead.
func encoded(request uint32) *Row {
	dir, size := request>>30, request>>16&0x3fff
	row := &Row{Nr: 16, Name: "ioctl", Interrupt: Restart}
	switch byte(request >> 8) {
	case 'T', 'E', 'p', 'j': // terminals, input devices, clocks, joysticks
		if dir != 0 && size >= 1 && size <= 4096 {
			row.Where = Home
			row.Args = args{fd, num, inout(size)}
			if dir == 1 { // the kernel only reads
				row.Args[2] = in(size)
			}
			return row
		}
	}
	row.Where, row.Reason = Return, "an ioctl request that is not known here"
	return row
}
