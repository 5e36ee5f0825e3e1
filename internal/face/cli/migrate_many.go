package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/listing"
)

// selection chooses processes by what they are, not by their numbers.
type selection struct {
	all   bool
	user  string
	group int
}

func (s *selection) flags(c *cobra.Command) {
	c.Flags().StringVarP(&s.user, "user", "u", "", "the processes of this user")
	c.Flags().IntVarP(&s.group, "group", "g", 0, "the processes of this process group")
	c.Flags().BoolVar(&s.all, "all", false, "all processes that you may move")
}

func (s *selection) any() bool { return s.all || s.user != "" || s.group != 0 }

// pids are those chosen. One that is named by itself must move or it is a
// failure; of these only those are meant that can.
func (s *selection) pids(c *cobra.Command, daemon *control.Client) ([]int, error) {
	if s.group < 0 {
		return nil, usageError("-g %d: not a process group", s.group)
	}
	uid := -1
	if s.user != "" {
		n, err := userID(s.user)
		if err != nil {
			return nil, err
		}
		uid = n
	}
	answer, err := daemon.Ask(c.Context(), control.Request{Verb: control.PS}, nil)
	if err == nil {
		err = errorOf(answer)
	}
	if err != nil {
		return nil, err
	}
	rows, err := listing.List(procfs.FS("/proc"), answer.Procs)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r listing.Row) bool {
		switch {
		case r.PID == os.Getpid(), r.Kernel:
			return true
		case uid >= 0 && r.UID != uid, s.group != 0 && r.Group != s.group:
			return true
		}
		return os.Geteuid() != 0 && r.UID != os.Geteuid()
	})
	pids := make([]int, len(rows))
	for i, r := range rows {
		pids[i] = r.PID
	}
	return pids, nil
}

// leftAlone tells whether an outcome is none of interest for a process that
// nobody has named: it cannot move, is there already, or has ended.
func leftAlone(o moved) bool {
	switch o.Code {
	case supervisor.CannotMove, supervisor.AlreadyThere, supervisor.NoSuchProcess, control.Ended, control.NotPermitted:
		return true
	}
	return false
}

// summary is for people: what came of many.
func summary(c *cobra.Command, outcomes []moved) {
	done, stay := 0, 0
	for _, o := range outcomes {
		if o.Code == "" {
			done++
		} else if leftAlone(o) {
			stay++
		}
	}
	fmt.Fprintf(c.OutOrStdout(), "%d moved, %d cannot or need not, %d failed\n", done, stay, len(outcomes)-done-stay)
}
