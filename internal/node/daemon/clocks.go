package daemon

import (
	"fmt"
	"time"
)

// A process away reads the clock of the machine it is on, natively, thousands of times a second perhaps. So nothing goes where
// that is another time: what is certain is the least by which two clocks differ, as the answer was given
// between the question and its arrival.

// mostApart is by how much clocks may differ between which processes move. Nodes that keep their clocks by NTP differ by milliseconds.
const mostApart = 10 * time.Second

// otherTime tells why a lender's clock is not one for this node's processes; empty: it is. It has said wall, in
// nanoseconds since 1970, at some moment between asked and heard.
func otherTime(lender int, wall int64, asked, heard time.Time) string {
	at := time.Unix(0, wall)
	behind, ahead := asked.Round(0).Sub(at), at.Sub(heard.Round(0)) // by the wall clock
	switch {
	case wall == 0:
		return ""
	case behind > mostApart:
		return fmt.Sprintf("the clock of node %d is %v behind this one's, and a process would see that: set the one that is wrong (NTP does)", lender, behind.Round(time.Second))
	case ahead > mostApart:
		return fmt.Sprintf("the clock of node %d is %v ahead of this one's, and a process would see that: set the one that is wrong (NTP does)", lender, ahead.Round(time.Second))
	}
	return ""
}
