// Package hours is at what times of the week something holds, as people write
// it: "Mon-Fri 18:00-08:00, Sat-Sun". Pure; it knows minutes of a local week and
// no dates, so a change to summer time moves nothing: what is written is what
// the clock on the wall shows.
//
//	HOURS = PART {"," PART}
//	PART  = DAYS [TIMES] | TIMES        without DAYS: every day; without TIMES: all day
//	DAYS  = DAY ["-" DAY]               Fri-Mon goes over the weekend
//	TIMES = HH:MM "-" HH:MM             18:00-08:00 ends on the next day
package hours

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	day  = 24 * 60
	week = 7 * day
)

// Hours are parts of the week. The zero value is all of it.
type Hours struct {
	spans []span
}

// span is from a minute of the week until another; beyond the week's end it
// goes on at its beginning.
type span struct{ from, until int }

// days in the order in which people count them, from Monday.
var days = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Parse reads hours; an empty text is always.
func Parse(text string) (Hours, error) {
	var h Hours
	if strings.TrimSpace(text) == "" {
		return h, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		spans, err := parsePart(strings.Fields(part))
		if err != nil {
			return Hours{}, fmt.Errorf("%q: %w (as in \"Mon-Fri 18:00-08:00, Sat-Sun\")", strings.TrimSpace(part), err)
		}
		h.spans = append(h.spans, spans...)
	}
	return h, nil
}

func parsePart(words []string) ([]span, error) {
	first, last := 0, len(days)-1
	from, length := 0, day
	var err error
	if len(words) > 0 && !strings.Contains(words[0], ":") {
		if first, last, err = parseDays(words[0]); err != nil {
			return nil, err
		}
		words = words[1:]
	} else if len(words) == 0 {
		return nil, errors.New("nothing is said between two commas")
	}
	if len(words) > 0 {
		if from, length, err = parseTimes(words[0]); err != nil {
			return nil, err
		}
		words = words[1:]
	}
	if len(words) > 0 {
		return nil, fmt.Errorf("%q is too much: expected a day or days, then times, and a comma before the next", words[0])
	}
	var spans []span
	for d := first; ; d = (d + 1) % len(days) {
		begin := d*day + from
		spans = append(spans, span{begin, begin + length})
		if d == last {
			return spans, nil
		}
	}
}

func parseDays(word string) (first, last int, err error) {
	from, to, several := strings.Cut(word, "-")
	if !several {
		to = from
	}
	first, last = dayOf(from), dayOf(to)
	for i, n := range []int{first, last} {
		if n < 0 {
			return 0, 0, fmt.Errorf("%q is no day: expected Mon, Tue, Wed, Thu, Fri, Sat or Sun", []string{from, to}[i])
		}
	}
	return first, last, nil
}

func dayOf(word string) int { return slices.Index(days, strings.ToLower(word)) }

// parseTimes gives the minute of the day and for how many minutes.
func parseTimes(word string) (from, length int, err error) {
	begin, end, both := strings.Cut(word, "-")
	if !both {
		return 0, 0, fmt.Errorf("%q has no end: expected HH:MM-HH:MM", word)
	}
	if from, err = parseTime(begin); err != nil {
		return 0, 0, err
	}
	until, err := parseTime(end)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case from == day:
		return 0, 0, errors.New("24:00 is an end, not a beginning")
	case from == until:
		return 0, 0, fmt.Errorf("%q is no time at all: leave the times out for the whole day", word)
	case until < from:
		until += day
	}
	return from, until - from, nil
}

func parseTime(word string) (int, error) {
	wrong := fmt.Errorf("%q is no time of day: expected HH:MM from 00:00 to 24:00", word)
	if len(word) != len("00:00") || word[2] != ':' {
		return 0, wrong
	}
	var n [4]int
	for i, c := range word[:2] + word[3:] {
		if c < '0' || c > '9' {
			return 0, wrong
		}
		n[i] = int(c - '0')
	}
	hour, minute := n[0]*10+n[1], n[2]*10+n[3]
	if minute > 59 || hour*60+minute > day {
		return 0, wrong
	}
	return hour*60 + minute, nil
}

// Hold tells whether they contain a minute of a day.
func (h Hours) Hold(weekday time.Weekday, hour, minute int) bool {
	if len(h.spans) == 0 {
		return true
	}
	at := (int(weekday)+6)%7*day + hour*60 + minute
	return slices.ContainsFunc(h.spans, func(s span) bool {
		return (s.from <= at && at < s.until) || at+week < s.until
	})
}
