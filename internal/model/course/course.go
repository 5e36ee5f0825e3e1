// Package course foresees which calls a program makes next, from those that earlier runs of it have made: a
// compiler begins with the same forty calls for each file.
//
// A run consists of steps, calls that do something, and of questions between them, which change nothing. What
// is learnt is which questions follow a step, in which order. A step is known by its kind and those of the two
// before, as names in it differ from run to run. A question is foreseen when two runs in a row had it in that place, and not
// any more when it is not asked.
//
// Pure. A Table and what belongs to it is used under its owner's lock.
package course

import "slices"

// Bounds of what is kept.
const (
	maxPrograms  = 16
	maxSteps     = 64  // of a program
	maxQuestions = 40  // behind a step
	maxLength    = 512 // of a question
)

// How often a question has been asked where it is: it is foreseen from the second time on, and forgotten
// after as many runs without it.
const (
	foreseen = 2
	surest   = 3
)

// Table is what is known of programs.
type Table struct {
	programs map[string]*program
}

// program is one of them: what follows each step.
type program struct {
	after map[step]*questions
}

// step is a kind of call, and those of the two before it.
type step [3]string

type questions struct {
	all []question // in their order; replaced as a whole
}

type question struct {
	text string
	seen int
}

// Run is one run of a program, or nothing.
type Run struct {
	p     *program
	last  step
	at    *questions // behind that; nil: there was none yet
	plan  []string   // what is foreseen there ...
	next  int        // ... and what of it is still to come
	told  int        // how many of those have been told
	asked []string   // what has been asked there
}

// Begin begins to follow a run of a program.
func (t *Table) Begin(name string) *Run {
	p := t.programs[name]
	if p == nil {
		if t.programs == nil || len(t.programs) >= maxPrograms {
			t.programs = make(map[string]*program)
		}
		p = &program{after: make(map[step]*questions)}
		t.programs[name] = p
	}
	return &Run{p: p}
}

// Step: the program does something.
func (r *Run) Step(kind string) {
	r.learn()
	r.last = step{kind, r.last[0], r.last[1]}
	r.at = r.p.after[r.last]
	if r.at == nil {
		if len(r.p.after) >= maxSteps {
			clear(r.p.after)
		}
		r.at = new(questions)
		r.p.after[r.last] = r.at
	}
	r.plan, r.next, r.told, r.asked = nil, 0, 0, nil
	for _, q := range r.at.all {
		if q.seen >= foreseen {
			r.plan = append(r.plan, q.text)
		}
	}
}

// Foresee gives the questions that come next, and remembers that they were told.
func (r *Run) Foresee(most int) []string {
	r.told = 0
	if r.at == nil {
		return nil
	}
	next := r.plan[r.next:]
	next = next[:min(len(next), most)]
	r.told = len(next)
	return next
}

// Used tells which of the questions that were told last have been asked, as a bit for each, since.
func (r *Run) Used(which uint32) {
	from := r.next
	for i := range min(r.told, 32) {
		if which&(1<<i) != 0 {
			r.asked = append(r.asked, r.plan[from+i])
			r.next = from + i + 1
		}
	}
	r.told = 0
}

// Asked: the program has asked a question that had not been told, or not in time.
func (r *Run) Asked(text string) {
	if r.at == nil || len(text) > maxLength || len(r.asked) >= maxQuestions {
		return
	}
	r.asked = append(r.asked, text)
	if i := slices.Index(r.plan[r.next:], text); i >= 0 {
		r.next += i + 1
	}
}

// learn notes which questions were asked behind the last step.
func (r *Run) learn() {
	if r.at == nil {
		return
	}
	known := r.at.all
	var all []question
	passed := func(until int) {
		for _, q := range known[:until] {
			if q.seen--; q.seen > 0 {
				all = append(all, q)
			}
		}
		known = known[until:]
	}
	for _, text := range r.asked {
		q := question{text, 1}
		if i := slices.IndexFunc(known, func(k question) bool { return k.text == text }); i >= 0 {
			passed(i)
			q.seen = min(known[0].seen+1, surest)
			known = known[1:]
		}
		all = append(all, q)
	}
	passed(len(known))
	r.at.all = all[:min(len(all), maxQuestions)]
}
