package wire

import (
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/tally"
)

// FuzzDecode: no bytes of a peer make a decoder fail otherwise than with an
// error, and what is decoded can be checked and encoded again.
func FuzzDecode(f *testing.F) {
	img := image.Image{PID: 7, VMAs: []image.VMA{{Range: image.Range{Start: 0x1000, End: 0x3000}, Prot: 3}},
		Threads: []image.Thread{{TID: 7, XState: make([]byte, 64)}}, HomeDirty: []image.Range{{Start: 0x1000, End: 0x2000}}, Guards: []image.Range{{Start: 0x3000, End: 0x4000}}}
	for _, v := range []any{PrepareMsg{Image: img}, PreparedMsg{}, ThawMsg{Image: img, Signals: []PendingSignal{{TID: 7, Info: make([]byte, 128)}}},
		FreezeMsg{Full: true, Later: 2, Rate: 1 << 30}, RangesMsg{Ranges: img.HomeDirty}, FailedMsg{Step: "freeze"}, DiedMsg{Signal: 9}, NeedHomeMsg{Nr: 1},
		CloneMsg{Serial: 1}, UnmadeMsg{Own: 8, Signal: 17, PIDFD: -1}, ExecMsg{Path: []byte("/bin/true"), Argv: [][]byte{{'x'}}}, MapFileMsg{FD: 3}, MappedMsg{Regular: true}, UsageMsg{RSS: 1}, WantMsg{Ranges: img.HomeDirty, Urgent: true}, OwnFileMsg{Name: "stat"}, TextMsg{Serial: 1},
		CallsMsg{Calls: []tally.Call{{Nr: 1, Nanos: 5, Buckets: []uint64{1}}}},
		BoundsMsg{Limits: []Bound{{Resource: 2}}, CPUs: []ThreadCPUs{{TID: 7, CPUs: []uint64{3}}}, Weighs: []ThreadWeight{{TID: 7, Weight: image.Weight{Policy: 3, Nice: 5}}}}} {
		f.Add(Encode(v))
	}
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var prepare PrepareMsg
		if Decode(b, &prepare) == nil {
			if prepare.Image.Validate() == nil {
				inUserSpace(t, &prepare.Image)
			}
			Encode(prepare)
		}
		var thaw ThawMsg
		if Decode(b, &thaw) == nil {
			if thaw.Image.Validate() == nil {
				inUserSpace(t, &thaw.Image)
				if missing.Allowed(&thaw.Image, thaw.Missing) == nil && layout.Bytes(layout.Union(thaw.Missing)) > 1<<42 {
					t.Fatal("more may be missing than is kept account of")
				}
			}
		}
		var ranges RangesMsg
		if Decode(b, &ranges) == nil && image.ValidateRanges(ranges.Ranges) == nil {
			for _, r := range ranges.Ranges {
				if r.Start > r.End {
					t.Fatalf("%v was accepted", r)
				}
			}
		}
		for _, v := range []any{new(PreparedMsg), new(FreezeMsg), new(FailedMsg), new(DiedMsg), new(NeedHomeMsg),
			new(CloneMsg), new(UnmadeMsg), new(ExecMsg), new(MapFileMsg), new(MappedMsg), new(UsageMsg), new(OwnFileMsg), new(TextMsg), new(CallsMsg),
			new(LackingMsg), new(KnownMsg), new(ReadableMsg), new(OpenedMsg), new(ForgetMsg), new(WantMsg), new(BoundsMsg)} {
			_ = Decode(b, v)
		}
	})
}

// inUserSpace fails the test unless what is built from an image is bounded.
func inUserSpace(t *testing.T, img *image.Image) {
	var end uint64
	for i := range img.VMAs {
		v := &img.VMAs[i]
		if v.Start < end || v.End <= v.Start || v.End >= 1<<47 || len(v.Name) > 1<<14 {
			t.Fatalf("mapping %+v was accepted", v)
		}
		end = v.End
	}
	if len(img.Threads) > 1<<14 || img.PID <= 0 {
		t.Fatalf("%d threads of process %d were accepted", len(img.Threads), img.PID)
	}
}
