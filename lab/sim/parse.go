package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// MaxRuns is how many runs there may be.
const MaxRuns = 1_000_000

// What else a scenario may ask for: enough for anything sensible, and no way to
// fill the machine.
const (
	maxNodes = 100_000
	maxBurst = 10_000_000
	maxLines = 10_000
)

// Parse reads a scenario. Its errors name the line.
func Parse(r io.Reader) (*Scenario, error) {
	s := &Scenario{
		Seed: 1, Runs: 1, Duration: 1000 * time.Second, Interval: time.Second, Freeze: 30 * time.Millisecond, Thrash: 10,
		Link:        Link{Bandwidth: 110e6, Latency: 200 * time.Microsecond},
		Information: Information{Kind: Gossip, Keep: 256},
	}
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		l := &line{words: words[1:]}
		read, known := readers[words[0]]
		switch {
		case number > maxLines:
			l.fail("more than %d lines", maxLines)
		case !known:
			l.fail("what is %q? A line begins with one of %s", words[0], list(readers))
		default:
			read(s, l)
		}
		if l.err == nil && len(l.words) > 0 {
			l.fail("%q is too much", strings.Join(l.words, " "))
		}
		if l.err != nil {
			return nil, fmt.Errorf("line %d: %w", number, l.err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	return s, s.complete()
}

// complete checks what is only known at the end.
func (s *Scenario) complete() error {
	switch {
	case len(s.Groups) == 0:
		return errors.New("there are no nodes (nodes COUNT …)")
	case s.Interval < time.Millisecond:
		return fmt.Errorf("an interval of %v between decisions: at least 1ms", s.Interval)
	case len(s.Jobs) == 0:
		return errors.New("there are no jobs (jobs NAME …)")
	case len(s.Policies) == 0:
		return fmt.Errorf("there is nothing to compare (policies NAME…, of %s)", list(policies))
	}
	for _, e := range s.Events {
		if e.Node > s.nodes() {
			return fmt.Errorf("something happens at node %d, and there are %d", e.Node, s.nodes())
		}
	}
	for _, j := range s.Jobs {
		if n, ok := number(j.At); ok && (n < 1 || n > s.nodes()) {
			return fmt.Errorf("jobs %s come at node %d, and there are %d", j.Name, n, s.nodes())
		}
	}
	if s.Limit == 0 {
		s.Limit = 20 * s.Duration
	}
	return nil
}

// readers read the rest of a line that begins with the word.
var readers = map[string]func(*Scenario, *line){
	"title":       func(s *Scenario, l *line) { s.Title, l.words = strings.Join(l.words, " "), nil },
	"seed":        func(s *Scenario, l *line) { s.Seed = uint64(l.count(0, 1<<53)) },
	"runs":        func(s *Scenario, l *line) { s.Runs = l.count(1, MaxRuns) },
	"duration":    func(s *Scenario, l *line) { s.Duration = l.span() },
	"limit":       func(s *Scenario, l *line) { s.Limit = l.span() },
	"interval":    func(s *Scenario, l *line) { s.Interval = l.span() },
	"freeze":      func(s *Scenario, l *line) { s.Freeze = l.span() },
	"thrash":      func(s *Scenario, l *line) { s.Thrash = l.positive() },
	"policies":    readPolicies,
	"information": readInformation,
	"link":        readLink,
	"nodes":       readNodes,
	"jobs":        readJobs,
	"at":          readEvent,
	"demands":     func(s *Scenario, l *line) { s.Blind = l.oneOf("known", "unknown") == "unknown" },
}

func readPolicies(s *Scenario, l *line) {
	for l.more() {
		name := l.word()
		if _, ok := policies[name]; !ok {
			l.fail("there is no policy %q, only %s", name, list(policies))
		}
		s.Policies = append(s.Policies, name)
	}
}

func readInformation(s *Scenario, l *line) {
	s.Information = Information{Kind: l.oneOf(Now, Delay, Gossip), Keep: 256}
	switch s.Information.Kind {
	case Delay:
		s.Information.Delay = l.span()
	case Gossip:
		if l.more() {
			l.oneOf("keep")
			s.Information.Keep = l.count(1, 8192)
		}
	}
}

func readLink(s *Scenario, l *line) {
	for l.more() {
		switch l.oneOf("bandwidth", "latency") {
		case "bandwidth":
			s.Link.Bandwidth = l.positive()
		case "latency":
			s.Link.Latency = l.span()
		}
	}
}

func readNodes(s *Scenario, l *line) {
	g := Group{Count: l.count(1, maxNodes), CPUs: 1, Speed: 10000, Memory: 4 << 30}
	for l.more() {
		switch l.oneOf("cpus", "speed", "mem", "owner-first") {
		case "cpus":
			g.CPUs = l.count(1, 4096)
		case "speed":
			g.Speed = l.count(1, 10_000_000)
		case "mem":
			g.Memory = l.positive()
		case "owner-first":
			g.OwnerFirst = true
		}
	}
	s.Groups = append(s.Groups, g)
	if s.nodes() > maxNodes {
		l.fail("more than %d nodes", maxNodes)
	}
}

func readJobs(s *Scenario, l *line) {
	j := Jobs{Name: l.word(), At: "random", Life: fixed(60), Memory: fixed(10 << 20), Wants: fixed(1)}
	for l.more() {
		switch l.oneOf("arrive", "at", "life", "mem", "wants", "calls", "call-bytes", "grows", "hint") {
		case "arrive":
			j.Arrive = readArrivals(l)
		case "at":
			j.At = l.word()
			if _, ok := number(j.At); !ok && j.At != "random" && j.At != "round-robin" {
				l.fail("jobs come at random, at round-robin, or at a node's number, not at %q", j.At)
			}
		case "life":
			j.Life = l.dist()
		case "mem":
			j.Memory = l.dist()
		case "wants":
			j.Wants = l.dist()
		case "calls":
			j.Calls = l.dist()
		case "call-bytes":
			j.CallBytes = l.dist()
		case "grows":
			j.Growth = l.dist()
			l.oneOf("to")
			j.GrownTo = l.dist()
		case "hint":
			j.Kind = l.oneOf("cpu", "io")
		}
	}
	if j.Arrive.Kind == "" {
		l.fail("when do they arrive? (arrive poisson MEAN | every TIME | burst COUNT)")
	}
	s.Jobs = append(s.Jobs, j)
}

func readArrivals(l *line) Arrivals {
	a := Arrivals{Kind: l.oneOf("poisson", "every", "burst")}
	if a.Kind == "burst" {
		a.Count = l.count(1, maxBurst)
	} else if a.Mean = l.span(); a.Mean < time.Microsecond {
		l.fail("%v between two arrivals is too little", a.Mean)
	}
	for l.next("count") || l.next("from") {
		switch l.word() {
		case "count":
			a.Count = l.count(1, maxBurst)
		case "from":
			a.Start = l.span()
		}
	}
	return a
}

func readEvent(s *Scenario, l *line) {
	e := Event{At: l.span()}
	l.oneOf("node")
	e.Node = l.count(1, maxNodes)
	e.What = l.oneOf("dies", "owner", "quiet", "blocks")
	if e.What != "dies" {
		e.Value = l.number()
	}
	s.Events = append(s.Events, e)
}
