package owner

import (
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// The owner of a node with one CPU starts a program that wants all of it: the
// guests go home, the busiest first, and compute there what they would have
// computed anyway; no others come while the owner is there.
func TestOwnerReturns(t *testing.T) {
	lab, path := nodes(t, "owner_seconds = 2"), program(t)
	const rounds = 2500
	native := start(t, lab, home, path, "burn", rounds)
	native.goOn(t)
	want := native.result(t)

	guests := []*work{lent(t, lab, path, "burn", rounds), lent(t, lab, path, "burn", rounds)}
	for _, g := range guests {
		if at := g.where(t); at != lender {
			t.Fatalf("a guest is at %d before its lender wants anything", at)
		}
	}
	owner := start(t, lab, lender, path, "burn", 1_000_000)
	owner.goOn(t)
	begun := time.Now()
	until(t, "all guests are at home", func() bool { return guests[0].where(t) == labtest.Home && guests[1].where(t) == labtest.Home })
	t.Logf("all guests at home after %.1f s", time.Since(begun).Seconds())
	logged(t, lab, lender, "the owner's 1 threads")

	late := start(t, lab, home, path, "burn", 1)
	status, text := lab.Migrate(t.Context(), home, late.pid, lender)
	if status != labtest.Refused || !strings.Contains(text, "owner wants the CPUs") {
		t.Errorf("another guest: %v: %s", status, text)
	}
	late.goOn(t)
	late.result(t)
	for _, g := range guests {
		if got := g.result(t); got != want {
			t.Errorf("a guest says %q, at home it would have said %q", got, want)
		}
	}

	lab.Kill(lender, owner.pid)
	_ = owner.cmd.Wait()
	again := start(t, lab, home, path, "burn", 1)
	until(t, "guests are taken again", func() bool {
		status, _ := lab.Migrate(t.Context(), home, again.pid, lender)
		return status == labtest.Moved
	})
	again.goOn(t)
	again.result(t)
}

// With owner_first = false the owner has only what weights give him.
func TestOwnerLast(t *testing.T) {
	lab, path := nodes(t, "owner_seconds = 1; owner_first = false"), program(t)
	guest := lent(t, lab, path, "burn", 1_000_000)
	owner := start(t, lab, lender, path, "burn", 1_000_000)
	owner.goOn(t)
	time.Sleep(4 * time.Second) // nothing is to happen
	if at := guest.where(t); at != lender {
		t.Errorf("the guest is at %d", at)
	}
}

func TestHours(t *testing.T) {
	lab, path := nodes(t, "each_pids = 1000"), program(t)
	guest := lent(t, lab, path, "burn", 1500)
	native := start(t, lab, home, path, "burn", 1500)
	native.goOn(t)
	// Neither today nor, should midnight come, tomorrow.
	configure(t, lab, `hours = "`+time.Now().AddDate(0, 0, 3).Format("Mon")+`"`)
	until(t, "the guest is at home", func() bool { return guest.where(t) == labtest.Home })
	late := start(t, lab, home, path, "burn", 1)
	status, text := lab.Migrate(t.Context(), home, late.pid, lender)
	if status != labtest.Refused || !strings.Contains(text, "guests.hours") {
		t.Errorf("another guest: %v: %s", status, text)
	}
	said, err := lab.Shell(t.Context(), lender, labtest.InNode+" status")
	if err != nil || !strings.Contains(said, "none are taken: it takes guests only at certain hours") {
		t.Errorf("status: %v: %s", err, said)
	}
	late.goOn(t)
	late.result(t)
	if got, want := guest.result(t), native.result(t); got != want {
		t.Errorf("the guest says %q, at home it would have said %q", got, want)
	}
	if out, err := lab.Shell(t.Context(), lender, `sed -i 's/^hours = .*/hours = "Mon 8:00-9:00"/' /etc/openmosix/openmosix.toml; `+labtest.InNode+" reload"); err == nil || !strings.Contains(err.Error(), `"8:00-9:00"`) && !strings.Contains(err.Error(), `"8:00" is no time of day`) {
		t.Errorf("wrong hours: %v: %s", err, out)
	}
}
