package cpu

// word is one register of one CPUID leaf.
type word struct {
	leaf, sub uint32
	reg       int // 0 eax, 1 ebx, 2 ecx, 3 edx
	bits      []bit
}

type bit struct {
	bit  uint
	name string // as in /proc/cpuinfo
}

const (
	eax = iota
	ebx
	ecx
	edx
)

// words lists the bits that decide whether an instruction of user code works.
// The order is part of what nodes tell each other. Left out are bits that only
// promise speed (erms, fsrm), that the kernel alone can use (xsaves, pcid),
// that every x86-64 has (lm, syscall), and OSXSAVE, which XCR0 tells better.
var words = []word{
	{1, 0, ecx, []bit{{0, "sse3"}, {1, "pclmulqdq"}, {9, "ssse3"}, {12, "fma"}, {13, "cx16"}, {19, "sse4_1"}, {20, "sse4_2"},
		{22, "movbe"}, {23, "popcnt"}, {25, "aes"}, {26, "xsave"}, {28, "avx"}, {29, "f16c"}, {30, "rdrand"}}},
	{1, 0, edx, []bit{{4, "tsc"}, {8, "cx8"}, {15, "cmov"}, {19, "clflush"}, {23, "mmx"}, {24, "fxsr"}, {25, "sse"}, {26, "sse2"}}},
	{7, 0, ebx, []bit{{0, "fsgsbase"}, {3, "bmi1"}, {5, "avx2"}, {8, "bmi2"}, {11, "rtm"}, {14, "mpx"}, {16, "avx512f"},
		{17, "avx512dq"}, {18, "rdseed"}, {19, "adx"}, {21, "avx512ifma"}, {23, "clflushopt"}, {24, "clwb"}, {26, "avx512pf"},
		{27, "avx512er"}, {28, "avx512cd"}, {29, "sha_ni"}, {30, "avx512bw"}, {31, "avx512vl"}}},
	{7, 0, ecx, []bit{{1, "avx512vbmi"}, {4, "ospke"}, {5, "waitpkg"}, {6, "avx512_vbmi2"}, {7, "shstk"}, {8, "gfni"}, {9, "vaes"},
		{10, "vpclmulqdq"}, {11, "avx512_vnni"}, {12, "avx512_bitalg"}, {14, "avx512_vpopcntdq"}, {22, "rdpid"}, {25, "cldemote"},
		{27, "movdiri"}, {28, "movdir64b"}, {29, "enqcmd"}}},
	{7, 0, edx, []bit{{2, "avx512_4vnniw"}, {3, "avx512_4fmaps"}, {8, "avx512_vp2intersect"}, {14, "serialize"}, {16, "tsxldtrk"},
		{22, "amx_bf16"}, {23, "avx512_fp16"}, {24, "amx_tile"}, {25, "amx_int8"}}},
	{7, 1, eax, []bit{{0, "sha512"}, {1, "sm3"}, {2, "sm4"}, {4, "avx_vnni"}, {5, "avx512_bf16"}, {7, "cmpccxadd"}, {21, "amx_fp16"},
		{23, "avx_ifma"}}},
	{7, 1, edx, []bit{{4, "avx_vnni_int8"}, {5, "avx_ne_convert"}, {8, "amx_complex"}, {10, "avx_vnni_int16"}, {19, "avx10"}, {21, "apx"}}},
	{0xd, 1, eax, []bit{{0, "xsaveopt"}, {1, "xsavec"}, {2, "xgetbv1"}}},
	{0x80000001, 0, ecx, []bit{{0, "lahf_lm"}, {5, "abm"}, {6, "sse4a"}, {7, "misalignsse"}, {8, "3dnowprefetch"}, {11, "xop"},
		{16, "fma4"}, {21, "tbm"}, {29, "mwaitx"}}},
	{0x80000001, 0, edx, []bit{{22, "mmxext"}, {27, "rdtscp"}, {30, "3dnowext"}, {31, "3dnow"}}},
	{0x80000008, 0, ebx, []bit{{0, "clzero"}, {4, "rdpru"}}},
}

func (w word) mask() uint32 {
	var m uint32
	for _, b := range w.bits {
		m |= 1 << b.bit
	}
	return m
}

// read asks for the word. Leaf 7 tells in subleaf 0 how many more it has.
func (w word) read() uint32 {
	if w.leaf == 7 && w.sub > 0 {
		if last, _, _, _ := leaf(7, 0); w.sub > last {
			return 0
		}
	}
	a, b, c, d := leaf(w.leaf, w.sub)
	return [...]uint32{eax: a, ebx: b, ecx: c, edx: d}[w.reg]
}
