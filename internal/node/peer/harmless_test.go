package peer

import (
	"encoding/json"
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/role/transport"
)

// Reasons and names of another node are printed as they are by many commands.
func TestWordsOfAnotherNodeAreHarmless(t *testing.T) {
	const evil = "\x1b]0;you\a\u009b2J\rüber\nnode"
	for what, r := range map[string]Reply{
		"error":   {Error: evil},
		"open":    {Opened: &supervisor.Opened{Text: evil, Version: evil}},
		"info":    {Info: &Info{Name: evil, Refuses: evil}},
		"fetched": {Fetched: &Fetched{Text: evil}},
		"admin":   {Admin: &control.Result{Text: evil, Unkept: evil, Outcomes: []control.Outcome{{Text: evil}}}},
	} {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeReply(transport.Frame{Kind: reply, Data: text})
		said := ""
		if err != nil {
			said = err.Error()
		} else if text, err = json.Marshal(got); err == nil {
			said = string(text)
		}
		if !strings.Contains(said, "über") || strings.ContainsAny(said, "\x1b\a\r\u009b") || strings.Contains(said, `\u00`) || strings.Contains(said, `\r`) {
			t.Errorf("%s: %q", what, said)
		}
	}
}
