package refusal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/model/image"
)

// byName are mappings and descriptors that the kernel names for a facility
// that cannot move. Prefixes, compared in order.
var byName = []struct {
	prefix string
	code   Code
}{
	{"/[aio]", AIO},
	{"anon_inode:[io_uring]", IOUring},
	{"anon_inode:[perf_event]", Perf},
	{"anon_inode:bpf", BPF},
	{"anon_inode:[bpf", BPF},
	{"anon_inode:kvm", KVM},
	{"anon_inode:[userfaultfd]", Userfaultfd},
	{"/dev/userfaultfd", Userfaultfd},
	{"/secretmem", SecretMemory},
	{"secretmem", SecretMemory},
	{"/SYSV", SysVShm},
	{"[uprobes]", Probed},
}

func facility(name string) (Code, bool) {
	for _, row := range byName {
		if strings.HasPrefix(name, row.prefix) {
			return row.code, true
		}
	}
	return "", false
}

// sharedByName recognises memory that exists only to be shared. Who may not
// write it himself waits for what another process writes there.
func sharedByName(name string) bool {
	for _, prefix := range []string{"/dev/shm/", "/memfd:", "/dev/zero", "[anon_shmem"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// ofMapping judges one mapping. The most telling reason wins: a device mapping
// is also shared and writable, but to call it a device helps more.
func ofMapping(f *Facts, m Mapping) (Code, bool) {
	if m.Special || within(m.Range, f.Own) {
		return "", false
	}
	// A process's file may have any name: /SYSV… and the like count only when
	// the mapping is shared, which that of the facility always is.
	if code, ok := facility(m.Name); ok && (m.Flags.Has(Shared) || strings.HasPrefix(m.Name, "[")) {
		return code, true
	}
	switch {
	case m.Flags.Has(Device):
		return DeviceMapping, true
	case m.Flags.Has(HugePages):
		return Hugetlb, true
	case !m.Alone && (m.Flags.Has(Shared|MayWrite) || m.Flags.Has(Shared) && sharedByName(m.Name)):
		return SharedMemory, true
	case m.Written:
		return WrittenFile, true
	case m.Flags.Has(Shadow):
		return ShadowStack, true
	case m.Flags.Has(Sealed):
		return SealedMemory, true
	case m.ProtectionKey != 0:
		return ProtectionKey, true
	case m.Flags.Has(Faults) && !f.Supervised: // else it is our own write tracking
		return Userfaultfd, true
	}
	return "", false
}

// ofDescriptor judges one descriptor. Ordinary ones stay at home with the
// deputy and hinder nothing.
func ofDescriptor(f *Facts, d Descriptor) (Code, bool) {
	code, ok := facility(d.Target)
	switch {
	case ok && code == Userfaultfd && f.Supervised:
		return "", false
	// A path is just a name here; only the kernel's own objects count.
	case ok && (strings.HasPrefix(d.Target, "anon_inode:") || code == Userfaultfd):
		return code, true
	case memoryFile(f, d.Target):
		return MemoryFile, true
	}
	return "", false
}

// memoryFiles are files of /proc/pid that show the memory of a process. While
// it is away they would show the deputy's, which is empty.
var memoryFiles = []string{"mem", "pagemap", "maps", "smaps", "smaps_rollup", "numa_maps", "clear_refs"}

// memoryFile recognises /proc/PID/name and /proc/PID/task/TID/name.
func memoryFile(f *Facts, target string) bool {
	parts := strings.Split(target, "/")
	if len(parts) < 4 || parts[1] != "proc" {
		return false
	}
	if n, err := strconv.Atoi(parts[2]); err != nil || n != f.PID && !slices.Contains(f.Numbers, n) {
		return false
	}
	rest := parts[3:]
	if len(rest) == 3 && rest[0] == "task" {
		rest = rest[2:]
	}
	if len(rest) != 1 {
		return false
	}
	for _, name := range memoryFiles {
		if rest[0] == name {
			return true
		}
	}
	return false
}

func within(r image.Range, all []image.Range) bool {
	for _, a := range all {
		if a.Start <= r.Start && r.End <= a.End {
			return true
		}
	}
	return false
}

// nameOf calls a mapping by its file, or by its size and place.
func nameOf(m Mapping) string {
	name := printable(m.Name)
	switch {
	case name == "/dev/zero":
		name = "anonymous memory"
	case name == "":
		name = fmt.Sprintf("%d kB at %#x", m.Len()>>10, m.Start)
	}
	if m.Sharing != "" {
		name += " (" + m.Sharing + ")"
	}
	return name
}
