package guest

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
)

// alignFiles brings the sources into the order of the frozen image's files,
// which another node may have numbered, and has home send what was mapped since
// the sketch and is not here.
func (a *arrival) alignFiles(img *image.Image) error {
	aligned := make([]*source, len(img.Files))
	for i := range img.Files {
		f := &img.Files[i]
		if f.Sole {
			make := a.s.b.newSole
			if f.Joint {
				make = a.s.b.newJoint
			}
			s, err := make(f)
			if err != nil {
				return err
			}
			aligned[i] = s
			continue
		}
		for j := range a.img.Files {
			if sameContents(&a.img.Files[j], f) { // else it has been written to since the sketch
				aligned[i] = a.files[j]
				break
			}
		}
		if aligned[i] != nil {
			continue
		}
		var err error
		if aligned[i], err = a.g.sourceOf(f); err != nil {
			return err
		}
	}
	a.files = aligned
	var m wire.LackingMsg
	for i, s := range aligned {
		for _, r := range a.g.lacks(s, img.Files[i].Size, shown(img, uint32(i))...) {
			m.Parts = append(m.Parts, wire.FilePart{File: uint32(i), Range: r})
		}
	}
	if err := a.g.send(wire.Lacking, a.own, wire.Encode(m)); err != nil {
		return err
	}
	return a.receiveFiles()
}

// shown lists the parts of a file that mappings show.
func shown(img *image.Image, file uint32) []image.Range {
	var all []image.Range
	for i := range img.VMAs {
		v := &img.VMAs[i]
		if (v.Kind == image.File || v.Kind == image.SharedFile) && v.File == file {
			all = append(all, image.Range{Start: v.Off, End: v.Off + v.Len()})
		}
	}
	return all
}
