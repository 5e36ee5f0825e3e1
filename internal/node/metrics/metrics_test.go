package metrics

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"openmosix/internal/model/event"
	"openmosix/internal/model/tally"
)

// scrape reads the page as Prometheus does.
func scrape(t *testing.T, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	server := httptest.NewServer(m.Handler(slog.New(slog.DiscardHandler)))
	defer server.Close()
	answer, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s: %s", answer.Status, text)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func find(f *dto.MetricFamily, labels ...string) *dto.Metric {
	for _, m := range f.GetMetric() {
		var values []string
		for _, l := range m.GetLabel() {
			values = append(values, l.GetName()+"="+l.GetValue())
		}
		if slices.Equal(values, labels) {
			return m
		}
	}
	return nil
}

func full() Figures {
	calls := []tally.Call{{Nr: 0, Nanos: uint64(3 * time.Millisecond), Sent: 10, Received: 20, Buckets: []uint64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2}}, {Nr: tally.Numbers - 1, Buckets: []uint64{1}}}
	return Figures{Nodes: map[string]int{"up": 2, "down": 1}, Load: 1.5, Utilisation: 0.25, Speed: 9000, CPUs: 2,
		MemTotal: 4, MemAvailable: 3, MemLendable: 2, Guests: 1, Away: 2, Moving: 1, Refused: 7, KeptAsked: map[string]uint64{"found": 1}, Seen: calls, Done: calls}
}

func TestPage(t *testing.T) {
	m := New(full)
	m.Observe(event.Event{What: &event.Move{Is: event.MoveBegun, Way: event.Out}})
	m.Observe(event.Event{What: &event.Move{Is: event.Moved, Way: event.Out, Frozen: 5000, Bytes: 100}})
	m.Observe(event.Event{What: &event.Move{Is: event.Moved, Way: event.Exec}})
	m.Observe(event.Event{What: &event.Move{Is: event.MoveFailed, Way: event.Home, Bytes: 11}})
	m.Observe(event.Event{What: &event.Move{Is: event.MoveRefused, Way: event.Out}})
	m.Observe(event.Event{What: &event.Loss{}})
	m.Observe(event.Event{What: &event.Guest{Is: event.GuestTaken}})
	m.Observe(event.Event{What: &event.Guest{Is: event.GuestEnded}})
	m.Observe(event.Event{What: &event.Other{Is: "new"}})
	page := scrape(t, m)
	for _, row := range Table() {
		f := page[row.Name]
		if f == nil || strings.ToLower(f.GetType().String()) != row.Type || f.GetHelp() != row.Help {
			t.Errorf("%s: %v", row.Name, f)
		}
	}
	if len(page) != len(Table()) {
		t.Errorf("%d metrics, the table has %d", len(page), len(Table()))
	}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{moves, []string{"kind=out", "outcome=done"}, 1},
		{moves, []string{"kind=out", "outcome=refused"}, 1},
		{moves, []string{"kind=exec", "outcome=done"}, 1},
		{moves, []string{"kind=home", "outcome=failed"}, 1},
		{moves, []string{"kind=onward", "outcome=done"}, 0},
		{moveBytes, []string{"kind=out"}, 100},
		{moveBytes, []string{"kind=home"}, 11},
		{lending, []string{"outcome=taken"}, 1},
		{lost, nil, 1},
		{strangers, nil, 7},
		{events, []string{"kind=moved"}, 2},
		{events, []string{"kind=new"}, 1},
		{callBytes, []string{"call=read", "direction=from_home"}, 20},
	} {
		if got := find(page[c.name], c.labels...).GetCounter().GetValue(); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{nodes, []string{"state=up"}, 2}, {nodeLoad, nil, 1.5}, {utilisation, nil, 0.25}, {speed, nil, 9000}, {memory, []string{"kind=lendable"}, 2},
		{guestsNow, nil, 1}, {away, nil, 2}, {moving, nil, 1},
	} {
		if got := find(page[c.name], c.labels...).GetGauge().GetValue(); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	if h := find(page[freeze], "kind=out").GetHistogram(); h.GetSampleCount() != 1 || h.GetSampleSum() != 0.005 {
		t.Errorf("freeze: %v", h)
	}
	if find(page[freeze], "kind=exec") != nil {
		t.Error("an exec stands still")
	}
	h := find(page[callSeen], "call=read").GetHistogram()
	if h.GetSampleCount() != 3 || h.GetSampleSum() != 0.003 {
		t.Errorf("read: %v", h)
	}
	for _, b := range h.GetBucket() {
		want := uint64(0)
		switch at := b.GetUpperBound(); {
		case at > 0.002:
			want = 3
		case at > 0.001:
			want = 1
		}
		if b.GetUpperBound() == 0.001024 && b.GetCumulativeCount() != 1 || b.GetUpperBound() > 0.0021 && b.GetCumulativeCount() != want {
			t.Errorf("read: %d below %v", b.GetCumulativeCount(), b.GetUpperBound())
		}
	}
	if find(page[callSeen], "call=call_511") == nil {
		t.Error("a call without a name is not told")
	}
}

func TestNamesAreAsTheyShouldBe(t *testing.T) {
	problems, err := promlint.New(New(full).page()).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestNothingHappened: what has not happened is 0 and not absent, so that rates
// begin with the first event.
func TestNothingHappened(t *testing.T) {
	page := scrape(t, New(func() Figures { return Figures{} }))
	for _, way := range event.Ways() {
		for _, outcome := range []string{done, failed, refused} {
			if find(page[moves], "kind="+string(way), "outcome="+outcome) == nil {
				t.Errorf("%s, %s is absent", way, outcome)
			}
		}
	}
	if n := len(page[events].GetMetric()); n != len(event.Kinds())-3 {
		t.Errorf("%d kinds of events are counted", n)
	}
}

// TestTexts: whatever is in a label or a help text, the page can be read.
func TestTexts(t *testing.T) {
	odd := "a \"b\"\\c\nd é"
	m := New(func() Figures { return Figures{Nodes: map[string]int{odd: 3}} })
	if n := find(scrape(t, m)[nodes], "state="+odd); n.GetGauge().GetValue() != 3 {
		t.Errorf("a state %q is read as %v", odd, n)
	}
	var p page
	p.family(Metric{Name: "x", Type: "gauge", Help: `\` + "\n"}, []sample{{value: 1e-9}})
	if text := p.String(); text != "# HELP x \\\\\\n\n# TYPE x gauge\nx 1e-09\n" {
		t.Errorf("%q", text)
	}
}

// TestBounds: a value belongs to the first bound that is not less.
func TestBounds(t *testing.T) {
	h := newHistogram([]float64{1, 2})
	for _, v := range []float64{0, 1, 1.5, 2, 2.5, 1e9} {
		h.observe(v)
	}
	if !slices.Equal(h.counts, []uint64{2, 2, 2}) {
		t.Errorf("%v", h.counts)
	}
}

// TestReaders: so many at once, and no more.
func TestReaders(t *testing.T) {
	m := New(full)
	for range maxReaders {
		m.readers <- struct{}{}
	}
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("one too many is answered %d", w.Code)
	}
}
