package hostilenode

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// fetchable is what of a process's memory can follow it.
func (s *side) fetchable() []image.Range {
	return missing.Later(&s.thaw.Image, []image.Range{{End: 1 << 47}}, missing.Always, 0)
}

// frozenLater is frozen, with all that can follow left out.
func (s *side) frozenLater(try uint64) {
	if err := s.frozen(try, func(m *wire.ThawMsg) { m.Missing = s.fetchable() }); err != nil {
		s.r.t.Error(err)
	}
	if err := s.send(wire.PagesEnd, s.pid, nil); err != nil {
		s.r.t.Error(err)
	}
}

// piece is pages of a process, in a Fetched frame.
func piece(at uint64, n int) []byte { return append(wire.FetchedHead(at, n), make([]byte, n)...) }

// gives gives what is asked for, a page in a frame, as often as is said.
func (s *side) gives(m wire.WantMsg, times int) {
	for _, r := range m.Ranges {
		for at := r.Start; at < r.End; at += image.PageSize {
			for range times {
				if s.send(wire.Fetched, s.pid, piece(at, image.PageSize)) != nil {
					return
				}
			}
		}
	}
}

// What a node gives of a process that has come home already, in whatever order and how often,
// is taken once; what cannot be, or comes never, or next to never, ends the process, and nothing else.
func TestPagesThatFollowHome(t *testing.T) {
	for name, c := range map[string]struct {
		gives func(s *side, m wire.WantMsg)
		says  string        // empty: it comes home
		slow  time.Duration // the end comes after this
	}{
		"honest": {func(s *side, m wire.WantMsg) { s.gives(m, 1) }, "", 0},
		"twice":  {func(s *side, m wire.WantMsg) { s.gives(m, 2) }, "", 0},
		"and more that nobody asked for": {func(s *side, m wire.WantMsg) {
			for _, at := range []uint64{0, image.PageSize, 1<<47 - image.PageSize, s.thaw.Image.VMAs[0].Start} {
				_ = s.send(wire.Fetched, s.pid, piece(at, image.PageSize))
			}
			_ = s.send(wire.Fetched, s.r.home.Process.Pid, piece(m.Ranges[0].Start, image.PageSize))
			s.gives(m, 1)
		}, "", 0},
		"half a page": {func(s *side, m wire.WantMsg) { _ = s.send(wire.Fetched, s.pid, piece(m.Ranges[0].Start, 100)) }, "not understood", 0},
		"an odd place": {func(s *side, m wire.WantMsg) {
			_ = s.send(wire.Fetched, s.pid, piece(m.Ranges[0].Start+1, image.PageSize))
		}, "not understood", 0},
		"less than is said": {func(s *side, m wire.WantMsg) {
			_ = s.send(wire.Fetched, s.pid, piece(m.Ranges[0].Start, image.PageSize)[:image.PageSize])
		}, "not understood", 0},
		"of the kernel": {func(s *side, m wire.WantMsg) {
			_ = s.send(wire.Fetched, s.pid, piece(0xffff800000000000, image.PageSize))
		}, "not understood", 0},
		"it has died": {func(s *side, m wire.WantMsg) { _ = s.send(wire.Died, s.pid, wire.Encode(wire.DiedMsg{Signal: 9})) }, "was killed", 0},
		"it hangs up": {func(s *side, m wire.WantMsg) { _ = s.raw.Close() }, "connection", 0},
		"nothing":     {func(s *side, m wire.WantMsg) {}, "not at all, or too slowly", 25 * time.Second},
		"a page now and then": {func(s *side, m wire.WantMsg) {
			for _, r := range m.Ranges {
				for at := r.Start; at < r.End && !s.gone() && !over(s.pid); at += image.PageSize {
					_ = s.send(wire.Fetched, s.pid, piece(at, image.PageSize))
					time.Sleep(9 * time.Second)
				}
			}
		}, "not at all, or too slowly", 25 * time.Second},
		"others without end": {func(s *side, m wire.WantMsg) {
			for !s.gone() && !over(s.pid) && s.send(wire.Fetched, s.pid, piece(image.PageSize, 1<<18)) == nil {
			}
		}, "not at all, or too slowly", 25 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow > 0 && testing.Short() {
				t.Skip("takes half a minute")
			}
			t.Parallel()
			r, v, bystander := pair(t)
			begun := time.Now()
			word := r.ask(supervisor.Request{Verb: supervisor.MoveTo, PID: v.pid, Strategy: supervisor.PostCopy})
			v.frozenLater((<-v.freezes).Try)
			told := make(chan struct{})
			go func() {
				for {
					select {
					case m := <-v.wants:
						c.gives(v, m)
					case <-told:
						return
					}
				}
			}()
			e := r.answer(word, 2*time.Minute)
			close(told)
			took := time.Since(begun)
			switch {
			case c.says == "" && e.Kind != supervisor.Moved:
				t.Errorf("%+v", e)
			case c.says == "":
				<-v.commits
				if over(v.pid) {
					t.Error("it has ended")
				}
			case e.Kind != supervisor.Failed || !strings.Contains(e.Text, c.says) || took < c.slow:
				t.Errorf("after %v: %+v", took, e)
			default:
				v.ends()
				r.toldLost(v.pid)
			}
			r.unharmed(bystander)
			if n := userfaults(t, r.home.Process.Pid); n != 0 {
				t.Errorf("%d userfaultfds are left", n)
			}
		})
	}
}

// userfaults counts the userfaultfds of a process; some may be about to go.
func userfaults(t *testing.T, pid int) (n int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, err := exec.Command("ls", "-l", "/proc/"+itoa(pid)+"/fd").Output()
		if err != nil {
			t.Fatal(err)
		}
		if n = strings.Count(string(text), "userfaultfd"); n == 0 {
			return 0
		}
	}
	return n
}
