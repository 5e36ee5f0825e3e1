package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// every is a configuration in which no setting has its default.
func every() Config {
	return Config{
		Number: 7, Name: "seven", Listen: ":1", Advertise: "10.0.0.7", Networks: []string{"10.0.0.0/8"}, Key: "/k", RunDir: "/r",
		StateDir: "/s", Log: "debug", LogFormat: "json", Metrics: ":9", Speed: 5,
		Discovery: Discovery{Interfaces: []string{"eth0", "eth1"}, TTL: 2, Port: 1, Seeds: []string{"a:1"}, Map: "/m"},
		Topology:  Topology{Relay: true, Gateways: 2},
		Guests: Guests{Max: 1, UIDBase: 70000, Spare: 1, CGroup: "g", Weight: 1, CPUPercent: 1, Memory: 1, EachMemory: 1, EachPIDs: 64,
			Hours: "Sun", OwnerSeconds: 1, OwnerIdleMinutes: 1, LoadLimit: 1.5, OOM: OOMNever, CacheDir: "/cache", Cache: 1},
		Balance: Balance{Users: []string{"*"}, ExcludeUsers: []string{"daemon"}, MinNice: 1},
		Peers:   []Peer{{2, "two", "b:2"}},
	}
}

func TestTextIsReadAgain(t *testing.T) {
	for name, c := range map[string]Config{"default": Default(), "every": every()} {
		got, err := Parse([]byte(c.Text(false)))
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, c.Text(false))
		}
		if len(Differences(got, c)) > 0 {
			t.Errorf("%s: %v differ", name, Differences(got, c))
		}
	}
	got, err := Parse([]byte(every().Text(true)))
	if err != nil || len(Differences(got, Default())) > 0 {
		t.Errorf("as comments: %v, %v", Differences(got, Default()), err)
	}
}

// Differences is all of Changes.
func Differences(a, b Config) []string {
	live, restart := Changes(a, b)
	return slices.Concat(live, restart)
}

func TestEverySettingIsDocumented(t *testing.T) {
	var keys []string
	var walk func(prefix string, of reflect.Type)
	walk = func(prefix string, of reflect.Type) {
		for _, f := range reflect.VisibleFields(of) {
			key := prefix + f.Tag.Get("toml")
			switch {
			case f.Type.Kind() == reflect.Struct:
				walk(key+".", f.Type)
			default:
				keys = append(keys, key)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	got := Differences(Default(), every())
	slices.Sort(keys)
	slices.Sort(got)
	if !slices.Equal(got, keys) {
		t.Errorf("documented: %v\nsettings:   %v", got, keys)
	}
}

func TestApplyTakesWhatIsLive(t *testing.T) {
	live, restart := Changes(Default(), every())
	applied := Default().Apply(every())
	gotLive, _ := Changes(Default(), applied)
	_, left := Changes(applied, every())
	if !slices.Equal(gotLive, live) || !slices.Equal(left, restart) {
		t.Errorf("applied %v of %v, left %v of %v", gotLive, live, left, restart)
	}
}

func TestOriginal(t *testing.T) {
	c, err := ParseOriginal([]byte(`# /etc/openmosix/openmosix.config
AUTODISC=1
AUTODISCIF=eth0,eth1   # both
export MYOMID="12"
MOSGATES=2
NODESPEED=10000
MIGRATE=yes
BLOCK='yes'
MFS=no
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Number != 12 || c.Guests.Accept || !c.Discovery.Multicast || !c.Migrate || c.MFS || c.Topology.Gateways != 2 || c.Speed != 10000 || !slices.Equal(c.Discovery.Interfaces, []string{"eth0", "eth1"}) {
		t.Errorf("%+v", c)
	}
	for text, want := range map[string]string{
		"\nMYOMID=70000":           "line 2: MYOMID=70000",
		"MOSGATES=3":               "expected 0…2",
		"\n\nNODESPEED=-4":         "line 3: NODESPEED=-4: expected 1…",
		"BLOCK=maybe":              "expected yes or no",
		"if true; then":            "expected KEY=VALUE",
		"MYOMID=$(hostid)":         "not shell",
		"MYOMID=\"1":               "not shell",
		"BLOCKS=yes":               "not a setting",
		strings.Repeat("#", 70000): "longer than",
	} {
		if _, err := ParseOriginal([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseOriginal(f *testing.F) {
	f.Add("AUTODISC=1\nAUTODISCIF='eth0' # x\nexport MYOMID=\"3\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseOriginal([]byte(text)); err == nil {
			_ = c.Check()
		}
	})
}
