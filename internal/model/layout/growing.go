package layout

import "openmosix/internal/model/image"

// MarkGrowing marks the anonymous mappings that grow downwards: those in places
// where such mappings are known to be. The list of mappings that the kernel
// gives names only the first stack, and growth moves only a mapping's start.
func MarkGrowing(vmas []image.VMA, known []image.Range) {
	for i := range vmas {
		v := &vmas[i]
		if v.Kind == image.Anonymous && !v.Grows {
			v.Grows = len(Intersect([]image.Range{v.Range}, known)) > 0
		}
	}
}

// Growing lists where mappings grow downwards.
func Growing(vmas []image.VMA) []image.Range {
	var all []image.Range
	for i := range vmas {
		if vmas[i].Grows {
			all = append(all, vmas[i].Range)
		}
	}
	return Union(all)
}

// extends tells whether the wanted cell is what the mapping above it, which is
// there, becomes by growing.
func extends(cells []cell, i int) bool {
	if i+1 >= len(cells) {
		return false
	}
	c, above := &cells[i], &cells[i+1]
	return c.have == nil && c.want.Kind == image.Anonymous && c.want.Grows && above.Start == c.End &&
		above.have != nil && above.have.Kind == image.Anonymous && above.have.Grows && above.want != nil && above.want.Kind == image.Anonymous
}
