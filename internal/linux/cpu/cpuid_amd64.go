package cpu

// cpuid runs the instruction of that name.
//
//go:noescape
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// xgetbv reads XCR0. It faults unless the kernel has set CR4.OSXSAVE.
//
//go:noescape
func xgetbv() (eax, edx uint32)
