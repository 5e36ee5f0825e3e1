package zoo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"openmosix/test/labtest"
)

// The way every program goes: out, onward, home, out again, in quick succession.
var way = []int{2, 3, labtest.Home, 2}

// mostTimes is how often a program is taken that way which cannot move for some of the time.
const mostTimes = 10

// move takes a program all the way and checks that it went as the program
// expects. False: it has failed, and there is no use in going on.
func move(ctx context.Context, r *run, lab *labtest.Lab, p Program, pid int) bool {
	r.t.Helper()
	allowed := []labtest.Status{labtest.Moved}
	switch p.Expect {
	case IsRefused:
		code, _ := labtest.StatusNamed(p.Code)
		r.phase = "refused"
		status, text := lab.Migrate(ctx, 1, pid, way[0], r.flags...)
		if status != code {
			r.fail("migrate gives %v, not %v: %s", status, code, text)
			return false
		}
		return true
	case ComesHome:
		allowed = append(allowed, labtest.CannotMove, labtest.AlreadyThere)
	}
	moved := 0
	for times := 0; times == 0 || moved == 0 && p.Expect == ComesHome && times < mostTimes; times++ {
		for _, to := range way {
			status, ok := r.step(ctx, lab, pid, to, allowed)
			if !ok {
				return false
			}
			if status == labtest.Moved {
				moved++
			}
		}
	}
	if moved == 0 {
		r.fail("nothing has moved; the last answer: %s", r.answer)
		return false
	}
	if p.Expect == Moves && !r.stays(ctx, lab, pid, way[len(way)-1]) {
		return false
	}
	return r.moveOthers(ctx, lab)
}

func (r *run) step(ctx context.Context, lab *labtest.Lab, pid, to int, allowed []labtest.Status) (labtest.Status, bool) {
	r.t.Helper()
	r.phase = "move to " + labtest.Destination(to)
	status, text := lab.Migrate(ctx, 1, pid, to, r.flags...)
	r.answer = text
	if !slices.Contains(allowed, status) {
		r.fail("migrate gives %v: %s%s", status, text, r.howItEnded())
		return status, false
	}
	return status, true
}

// howItEnded tells that of a program that has ended, which is not to be waited for any more.
func (r *run) howItEnded() string {
	select {
	case err := <-r.ended:
		r.ended <- err
		return fmt.Sprintf(" (it ended with %v)", err)
	case <-time.After(time.Second):
		return ""
	}
}

// stays checks that the process has not come home by itself: what goes on at
// home then proves nothing.
func (r *run) stays(ctx context.Context, lab *labtest.Lab, pid, at int) bool {
	r.t.Helper()
	r.phase = "stay"
	node, err := lab.Where(ctx, 1, pid)
	if err != nil {
		r.fail("%v", err)
		return false
	}
	if node != at {
		r.fail("it runs on %s, not on node %d", labtest.Destination(node), at)
		return false
	}
	return true
}

// moveOthers moves the children that the program named, each alone.
func (r *run) moveOthers(ctx context.Context, lab *labtest.Lab) bool {
	r.t.Helper()
	for {
		select {
		case pid := <-r.also:
			for i, to := range []int{3, labtest.Home, 2} {
				allowed := []labtest.Status{labtest.Moved}
				if i == 0 { // a child made there
					allowed = append(allowed, labtest.AlreadyThere)
				}
				if _, ok := r.step(ctx, lab, pid, to, allowed); !ok {
					return false
				}
			}
		default:
			return true
		}
	}
}
