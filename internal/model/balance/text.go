package balance

import (
	"fmt"
	"strings"
	"time"
)

// texts say what each rule means, about "it", a process; or, of a node, why it
// does not take it.
var texts = map[Rule]string{
	Balance:    "it costs less there, by more than the move does",
	Memory:     "its node is, or will be, short of memory",
	Owner:      "its node needs its CPUs for its own work",
	Data:       "its calls go home, and it follows them",
	Placed:     "it has just been started, and starts there",
	Cannot:     "something of it keeps it from moving",
	Locked:     "it is locked",
	Stay:       "nothing leaves its node by itself (stay)",
	LStay:      "its node keeps its own processes (lstay)",
	IOBound:    "an I/O job stays with its data",
	Idle:       "it wants no CPU, and its memory is little",
	Cooling:    "it moved a moment ago",
	NobodyWait: "nobody waits for a CPU here, and there is none faster",
	NoNode:     "no node can take it",
	NoGain:     "no node is enough better",
	NotWorth:   "the move would cost more than it saves in its life",
	ElseWhere:  "the node it runs on decides",
	Best:       "no node is enough better to start it there",

	NoInformation: "nothing recent is known of it",
	Blocked:       "takes no guests",
	Full:          "has as many guests as it wants",
	LoadLimit:     "is loaded up to its limit",
	NoMemory:      "has no room in its memory",
	CPUFeatures:   "may lack what its program uses of the processor",
	NotAllowed:    "is not among the nodes it may go to",
	OwnerBusy:     "needs its CPUs for its own work",
}

// Text says what a rule means, in words.
func (r Rule) Text() string { return texts[r] }

// String is the explanation as a line: what was decided, by which rule, and the
// numbers of it.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Rule, e.Rule.Text())
	if e.Here != 0 || e.To != 0 {
		fmt.Fprintf(&b, "; cost %.3g on node %d", e.Here, e.Where)
	}
	if e.To != 0 {
		fmt.Fprintf(&b, ", %.3g on node %d", e.There, e.To)
		if e.Age > 0 {
			fmt.Fprintf(&b, " (seen %s ago)", short(e.Age))
		}
		fmt.Fprintf(&b, "; moving %dM costs %s", e.Bytes>>20, short(e.Price))
		if e.Gain >= 0 {
			fmt.Fprintf(&b, ", saves %s in %s", short(e.Gain), short(e.Life))
		} else {
			fmt.Fprintf(&b, ", loses %s in %s", short(-e.Gain), short(e.Life))
		}
	}
	if e.Refused != "" {
		fmt.Fprintf(&b, "; of others: %s", e.Refused)
	}
	return b.String()
}

// short is a time with three digits.
func short(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 3600:
		return fmt.Sprintf("%.3gh", s/3600)
	case s >= 1:
		return fmt.Sprintf("%.3gs", s)
	case s >= 0.001:
		return fmt.Sprintf("%.3gms", s*1e3)
	case s > 0:
		return fmt.Sprintf("%.3gus", s*1e6)
	}
	return "0s"
}
