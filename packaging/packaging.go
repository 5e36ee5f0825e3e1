// Package packaging holds what an installed openMosix has beside its binary:
// how init systems start a node. `openmosix install` puts them in place, and
// nfpm.yaml makes packages (deb, rpm) of what that has installed.
package packaging

import _ "embed"

// Service is the unit for systemd.
//
//go:embed openmosix.service
var Service []byte

// Files is the unit that mounts the tree of files; it is enabled separately.
//
//go:embed openmosix-hpcfs.service
var Files []byte

// Init is the script for /etc/init.d.
//
//go:embed openmosix.init
var Init []byte
