package syscalls

// Mounts are home's.
var mountRows = []Row{
	{Nr: 155, Name: "pivot_root", Where: Home, Args: args{path, path}},
	{Nr: 165, Name: "mount", Where: Home, Args: args{path, path, path, num, page}},
	{Nr: 166, Name: "umount2", Where: Home, Args: args{path, num}},
	{Nr: 428, Name: "open_tree", Where: Home, Args: args{fd, path, num}},
	{Nr: 429, Name: "move_mount", Where: Home, Args: args{fd, path, fd, path, num}},
	{Nr: 430, Name: "fsopen", Where: Home, Args: args{path, num}},
	{Nr: 431, Name: "fsconfig", Where: Return, Reason: "a command that is not known here", Variants: &fsconfigs},
	{Nr: 432, Name: "fsmount", Where: Home, Args: args{fd, num, num}},
	{Nr: 433, Name: "fspick", Where: Home, Args: args{fd, path, num}},
	{Nr: 442, Name: "mount_setattr", Where: Home, Args: args{fd, path, num, inMax(4, 4096), num}},
	{Nr: 457, Name: "statmount", Where: Home, Args: args{sizedIn, inoutMax(2, 1<<20), num, num}},
	{Nr: 458, Name: "listmount", Where: Home, Args: args{sizedIn, outIDs, num, num}},
	{Nr: 467, Name: "open_tree_attr", Where: Home, Args: args{fd, path, num, inMax(4, 4096), num}},
	{Nr: 470, Name: "listns", Where: Home, Args: args{sizedIn, outIDs, num, num}},
}

var fsconfigs = Variants{By: 1, List: []Variant{
	{0, Row{Name: "fsconfig(SET_FLAG)", Where: Home, Args: args{fd, num, str(256), null, num}}},
	{1, Row{Name: "fsconfig(SET_STRING)", Where: Home, Args: args{fd, num, str(256), str(256), num}}},
	{2, Row{Name: "fsconfig(SET_BINARY)", Where: Home, Args: args{fd, num, str(256), inInt(4, 1<<20), num}}},
	{3, Row{Name: "fsconfig(SET_PATH)", Where: Home, Args: args{fd, num, str(256), path, fd}}},
	{4, Row{Name: "fsconfig(SET_PATH_EMPTY)", Where: Home, Args: args{fd, num, str(256), path, fd}}},
	{5, Row{Name: "fsconfig(SET_FD)", Where: Home, Args: args{fd, num, str(256), null, fd}}},
	{6, Row{Name: "fsconfig(CMD_CREATE)", Where: Home, Args: args{fd, num, str(256), null, num}}},
	{7, Row{Name: "fsconfig(CMD_RECONFIGURE)", Where: Home, Args: args{fd, num, str(256), null, num}}},
	{8, Row{Name: "fsconfig(CMD_CREATE_EXCL)", Where: Home, Args: args{fd, num, str(256), null, num}}},
}}
