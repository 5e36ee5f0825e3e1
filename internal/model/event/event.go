// Package event is what happens on a node, as values: each kind of event has a
// row in the table of kinds, fields with stable names, and a line for people.
// Who tells whom, and when, is not its affair.
//
// In JSON an event is one flat object: seq, time, node and kind, and beside them
// the fields of its kind. A kind that is not known (another version's) is kept
// as it came. A new kind needs a type here, or one that is here, and a row.
package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"openmosix/internal/model/visible"
)

// Kind names what happened.
type Kind string

// What is something that happened: a pointer to one of the types of this package.
type What interface {
	Kind() Kind
	line() string // for people, without a time
}

// Event is something that happened, when and where.
type Event struct {
	Seq  uint64 // counts the events of one run of a daemon, from 1; 0: a remark of who passes events on
	Time time.Time
	Node int // whose daemon tells it
	What What
}

// head is what all events have in JSON.
type head struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Node int       `json:"node"`
	Kind Kind      `json:"kind"`
}

// MarshalJSON gives one flat object.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.What == nil {
		return nil, fmt.Errorf("an event in which nothing happens")
	}
	first, err := json.Marshal(head{e.Seq, e.Time, e.Node, e.What.Kind()})
	if err != nil {
		return nil, err
	}
	rest, err := json.Marshal(e.What)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(rest, []byte("{}")) {
		return first, nil
	}
	return append(append(first[:len(first)-1], ','), rest[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, here or on another node.
func (e *Event) UnmarshalJSON(text []byte) error {
	var h head
	if err := json.Unmarshal(text, &h); err != nil {
		return err
	}
	*e = Event{Seq: h.Seq, Time: h.Time, Node: h.Node, What: &Other{Is: h.Kind, Fields: map[string]any{}}}
	if row, known := rowOf(h.Kind); known {
		e.What = row.blank()
	}
	return json.Unmarshal(text, e.What)
}

// Text is the event as a line for people, without the end of line. What comes
// from programs and other nodes cannot do anything to a terminal.
func (e Event) Text() string {
	return fmt.Sprintf("%s node %d: %s", e.Time.Format("2006-01-02 15:04:05.000"), e.Node, e.Line())
}

// Line is Text without time and node.
func (e Event) Line() string {
	return visible.Line(e.What.line())
}

// Level is how much the event matters in a log.
func (e Event) Level() Level {
	if m, ok := e.What.(*Move); ok {
		switch {
		case m.everyday():
			return Debug
		case m.Is == MoveFailed && m.ended():
			return Info
		}
	}
	return RowOf(e.What.Kind()).Level
}

// Field is one of an event's own, by its name in JSON.
type Field struct {
	Name  string
	Value any
}

// Fields gives what the event has besides seq, time, node and kind, in order,
// without what JSON leaves out.
func (e Event) Fields() []Field {
	var out []Field
	v := reflect.Indirect(reflect.ValueOf(e.What))
	if v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || strings.Contains(options, "omitempty") && v.Field(i).IsZero() {
			continue
		}
		out = append(out, Field{name, v.Field(i).Interface()})
	}
	return out
}

// Other is an event of a kind that this version does not know.
type Other struct {
	Is     Kind           `json:"-"`
	Fields map[string]any `json:"-"`
}

// Kind implements What.
func (o *Other) Kind() Kind { return o.Is }

func (o *Other) line() string { return fmt.Sprintf("%s %v", o.Is, o.Fields) }

// MarshalJSON gives the fields as they came.
func (o *Other) MarshalJSON() ([]byte, error) { return json.Marshal(o.Fields) }

// UnmarshalJSON keeps what is not common to all events.
func (o *Other) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &o.Fields); err != nil {
		return err
	}
	for _, name := range []string{"seq", "time", "node", "kind"} {
		delete(o.Fields, name)
	}
	return nil
}
