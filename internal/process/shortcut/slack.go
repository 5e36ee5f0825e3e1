package shortcut

import "openmosix/internal/model/image"

// ELF's fields: elf(5).
const (
	elfHeader    = 64
	programEntry = 56
	mostEntries  = 64
	loadable     = 1
	executable   = 1
	page         = 4096
)

// Slack gives the bytes at the end of a mapping of a program's or library's code that belong to no
// segment of it: what the last page shows of the file behind the segment's end. head is the beginning of the file, code the
// mapping, from is the file's offset at its beginning. Empty: there are none, or it is no such file.
func Slack(head []byte, code image.Range, from uint64) image.Range {
	if len(head) < elfHeader || string(head[:6]) != "\x7fELF\x02\x01" || le.Uint16(head[54:]) != programEntry {
		return image.Range{}
	}
	at, n := le.Uint64(head[32:]), uint64(le.Uint16(head[56:]))
	if n > mostEntries || at > uint64(len(head)) || at+n*programEntry > uint64(len(head)) {
		return image.Range{}
	}
	for i := range n {
		e := head[at+i*programEntry:][:programEntry]
		offset, size, memory := le.Uint64(e[8:]), le.Uint64(e[32:]), le.Uint64(e[40:])
		if le.Uint32(e) != loadable || le.Uint32(e[4:])&executable == 0 || size != memory || offset&^(page-1) != from {
			continue
		}
		end := code.Start + (offset - from) + size
		if offset+size < offset || end < code.Start || end > code.End || code.End-end >= page {
			continue
		}
		return image.Range{Start: end, End: code.End}
	}
	return image.Range{}
}

// Landings are places in a slack for landings, from its end on; the first bytes stay free.
func Landings(slack image.Range, n int) (at uint64, ok bool) {
	const apart = 16
	at = slack.End - uint64(n+1)*landingSize
	return at, slack.End > slack.Start && at >= slack.Start+apart && at < slack.End
}
