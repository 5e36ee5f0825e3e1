package hours

import (
	"strings"
	"testing"
	"time"
)

func TestHold(t *testing.T) {
	const nights = "Mon-Fri 18:00-08:00, Sat-Sun"
	for _, c := range []struct {
		hours        string
		day          time.Weekday
		hour, minute int
		want         bool
	}{
		{"", time.Tuesday, 12, 0, true},
		{"  ", time.Tuesday, 12, 0, true},
		{nights, time.Monday, 7, 59, false}, // Sunday's part ends with the day, and Monday's begins at 18:00
		{nights, time.Monday, 17, 59, false},
		{nights, time.Monday, 18, 0, true},
		{nights, time.Tuesday, 7, 59, true},
		{nights, time.Tuesday, 8, 0, false},
		{nights, time.Saturday, 7, 0, true},
		{nights, time.Sunday, 23, 59, true},
		{"sun 22:00-06:00", time.Monday, 5, 59, true}, // over the end of the week
		{"sun 22:00-06:00", time.Monday, 6, 0, false},
		{"sun 22:00-06:00", time.Sunday, 5, 0, false},
		{"12:00-24:00", time.Wednesday, 23, 59, true},
		{"12:00-24:00", time.Wednesday, 0, 0, false},
		{"Fri-Mon", time.Sunday, 3, 0, true},
		{"Fri-Mon", time.Tuesday, 0, 0, false},
		{"WED", time.Wednesday, 0, 0, true},
		{"Wed 00:00-00:01", time.Wednesday, 0, 0, true},
		{"Wed 00:00-00:01", time.Wednesday, 0, 1, false},
	} {
		h, err := Parse(c.hours)
		if err != nil {
			t.Errorf("%q: %v", c.hours, err)
			continue
		}
		if got := h.Hold(c.day, c.hour, c.minute); got != c.want {
			t.Errorf("%q on %v %02d:%02d: %v", c.hours, c.day, c.hour, c.minute, got)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"Mon-Fri 18:00":           `"18:00" has no end`,
		"Mon-Fri 8:00-18:00":      `"8:00" is no time of day`,
		"Mon 18:00-24:01":         `"24:01" is no time of day`,
		"Mon 18:60-19:00":         `"18:60" is no time of day`,
		"Mon 24:00-06:00":         "24:00 is an end",
		"Mon 06:00-06:00":         "no time at all",
		"Monday":                  `"Monday" is no day`,
		"Mon-Fry":                 `"Fry" is no day`,
		"Mon, ,Tue":               "nothing is said",
		"Mon Tue":                 `"Tue" has no end`,
		"Mon 08:00-09:00 10:00-1": `"10:00-1" is too much`,
		"08:00-09:00 Mon":         `"Mon" is too much`,
		"Mon -1:00-09:00":         "no time of day",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Mon-Fri 18:00-08:00, Sat-Sun", 5, 3, 4)
	f.Fuzz(func(t *testing.T, text string, d, h, m int) {
		if got, err := Parse(text); err == nil {
			_ = got.Hold(time.Weekday(uint(d)%7), int(uint(h)%24), int(uint(m)%60))
		}
	})
}
