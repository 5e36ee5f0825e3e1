package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"openmosix/internal/model/event"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/measure"
	"openmosix/internal/node/peer"
	"openmosix/internal/node/settings"
)

// change is what one word of an administrator does to the settings.
type change struct {
	numbers []int // how many it may be followed by
	names   []string
	edit    func(v *settings.Values, numbers []int)
}

var changes = map[string]change{
	"stay":    {numbers: []int{0}, names: []string{"stay"}, edit: func(v *settings.Values, _ []int) { v.Stay = true }},
	"nostay":  {numbers: []int{0}, names: []string{"stay"}, edit: func(v *settings.Values, _ []int) { v.Stay = false }},
	"lstay":   {numbers: []int{0}, names: []string{"lstay"}, edit: func(v *settings.Values, _ []int) { v.LStay = true }},
	"nolstay": {numbers: []int{0}, names: []string{"lstay"}, edit: func(v *settings.Values, _ []int) { v.LStay = false }},
	"block":   {numbers: []int{0}, names: []string{"block"}, edit: func(v *settings.Values, _ []int) { v.Block = true }},
	"noblock": {numbers: []int{0}, names: []string{"block"}, edit: func(v *settings.Values, _ []int) { v.Block = false }},
	"quiet":   {numbers: []int{0}, names: []string{"quiet"}, edit: func(v *settings.Values, _ []int) { v.Quiet = true }},
	"noquiet": {numbers: []int{0}, names: []string{"quiet"}, edit: func(v *settings.Values, _ []int) { v.Quiet = false }},
	"nomfs":   {numbers: []int{0}, names: []string{"nomfs"}, edit: func(v *settings.Values, _ []int) { v.NoMFS = true }},
	"mfs":     {numbers: []int{0}, names: []string{"nomfs"}, edit: func(v *settings.Values, _ []int) { v.NoMFS = false }},

	"setspeed": {numbers: []int{1}, names: []string{"speed"}, edit: func(v *settings.Values, n []int) { v.Speed = n[0] }},
	"setyard":  {numbers: []int{1}, names: []string{"yard"}, edit: func(v *settings.Values, n []int) { v.Yard = n[0] }},
	"setdecay": {numbers: []int{1, 3}, names: []string{"period", "slow", "fast"}, edit: func(v *settings.Values, n []int) {
		v.Period = n[0]
		if len(n) == 3 {
			v.Slow, v.Fast = n[1], n[2]
		}
	}},
}

// Words that do something else than to change a setting.
const (
	wordShow  = "show"
	wordExpel = "expel"
	wordBring = "bring"
)

// configured is what the configuration says where the administrator says nothing.
func configured(c config.Config) settings.Values {
	v := settings.Default()
	v.Block, v.Stay, v.NoMFS, v.Speed = !c.Guests.Accept, !c.Migrate, !c.MFS, c.Speed
	return v
}

// speedOf is a node's speed: what was set, else what was measured.
func speedOf(v settings.Values, f measure.Figures) int {
	if v.Speed != 0 {
		return v.Speed
	}
	return max(f.Speed, load.MinSpeed)
}

// admin does what a user of this node asks of it or of another. To ask is
// everybody's, to change is root's, also on another node: its daemon believes
// this one, which has the cluster's key.
func (d *Daemon) admin(ctx context.Context, who control.Caller, r control.Request, tell func(control.Progress)) control.Result {
	if r.Word != wordShow && who.UID != 0 {
		return failed(control.NotPermitted, "not permitted: only root administers a node")
	}
	to, no := d.nodeOf(ctx, r)
	if no.Code != "" {
		return no
	}
	if to == 0 {
		return d.adminHere(ctx, r, tell)
	}
	node, known := d.nodes.Lookup(to)
	if !known {
		return failed(supervisor.UnknownNode, "unknown node %d (`openmosix nodes` lists them)", to)
	}
	there := control.Request{Verb: control.Admin, Word: r.Word, Values: r.Values}
	reply, err := d.followCall(ctx, node, peer.Request{Admin: &there}, tell)
	if err != nil {
		return failed(supervisor.Unreachable, "node %d: %v", to, err)
	}
	if reply.Admin == nil {
		return failed(supervisor.Unreachable, "node %d: its answer is not understood (different versions?)", to)
	}
	if reply.Admin.Code != "" {
		reply.Admin.Text = fmt.Sprintf("node %d: %s", to, reply.Admin.Text)
	}
	return *reply.Admin
}

// nodeOf resolves the node a request is about; 0: this one, or none is named.
func (d *Daemon) nodeOf(ctx context.Context, r control.Request) (int, control.Result) {
	if r.Node != "" {
		number, known := d.named(ctx, r.Node)
		if !known {
			return 0, failed(supervisor.UnknownNode, "no node is called %q (`openmosix nodes` lists them)", r.Node)
		}
		r.To = number
	}
	if r.To == d.config.Number {
		return 0, control.Result{}
	}
	return r.To, control.Result{}
}

// adminHere does it on this node.
func (d *Daemon) adminHere(ctx context.Context, r control.Request, tell func(control.Progress)) control.Result {
	set := func(w string, numbers []int) control.Result {
		c := changes[w]
		values, err := d.settings.Change(func(v *settings.Values) { c.edit(v, numbers) }, c.names...)
		unkept := ""
		if errors.Is(err, settings.ErrUnkept) {
			unkept = fmt.Sprintf("%s holds only until the daemon of node %d ends, as %v: mend that, and say it again", w, d.config.Number, err)
			d.log.Warn("a setting is not kept", "word", w, "error", err)
		} else if err != nil {
			return failed(control.BadRequest, "%v", err)
		}
		d.askAgain()
		d.happened(&event.Settings{Word: w, Values: numbers})
		d.information.Changed()
		return control.Result{Settings: &values, Unkept: unkept}
	}
	switch r.Word {
	case wordShow:
		values := d.settings.Now()
		result := control.Result{Settings: &values, Node: d.config.Number}
		if d.badState != nil {
			result.Text = d.badState.Error()
		}
		return result
	case wordExpel: // as block: they must not come back at once
		result := set("block", nil)
		if result.Code == "" {
			result.Outcomes = d.expel(ctx, tell) // until somebody says noblock
			d.swept(event.Expelled, result.Outcomes)
		}
		return result
	case wordBring: // as lstay
		result := set("lstay", nil)
		if result.Code == "" {
			result.Outcomes = d.bring(ctx, tell) // until somebody says nolstay
			d.swept(event.Brought, result.Outcomes)
		}
		return result
	}
	c, known := changes[r.Word]
	if !known {
		words := slices.Sorted(maps.Keys(changes))
		return failed(control.BadRequest, "unknown word %q (known are %s, %s, %s, %s)", r.Word, strings.Join(words, ", "), wordExpel, wordBring, wordShow)
	}
	if !slices.Contains(c.numbers, len(r.Values)) {
		return failed(control.BadRequest, "%s is followed by %d numbers, not by %d", r.Word, c.numbers[len(c.numbers)-1], len(r.Values))
	}
	return set(r.Word, r.Values)
}

// figures is the Nodes verb: of all, or of one, which is asked.
func (d *Daemon) figures(ctx context.Context, r control.Request) control.Result {
	if r.To == 0 && r.Node == "" {
		return control.Result{Nodes: d.nodesNow(ctx, r.Ask), Node: d.config.Number}
	}
	to, no := d.nodeOf(ctx, r)
	if no.Code != "" {
		return no
	}
	if to == 0 {
		own, listed := d.nodes.Lookup(d.config.Number)
		if !listed {
			own = config.Peer{Number: d.config.Number, Name: d.config.Name, Address: d.address}
		}
		return control.Result{Nodes: []control.Node{d.ask(ctx, own)}, Node: d.config.Number}
	}
	p, known := d.nodes.Lookup(to)
	if !known {
		return failed(supervisor.UnknownNode, "unknown node %d (`openmosix nodes` lists them)", to)
	}
	return control.Result{Nodes: []control.Node{d.ask(ctx, p)}, Node: d.config.Number}
}

// staysHere tells why a process of this node may not leave it; no code: it may.
func (d *Daemon) staysHere() control.Result {
	set := d.settings.Now()
	switch {
	case d.leaving.Load():
		return failed(supervisor.Refused, "this node goes down")
	case set.Stay:
		return failed(supervisor.Refused, "this node's processes stay here (`mosctl nostay` changes that)")
	case set.LStay:
		return failed(supervisor.Refused, "this node's own processes stay here (`mosctl nolstay` changes that)")
	}
	return control.Result{}
}

// guestMayLeave: a guest may always go home.
func (d *Daemon) guestMayLeave(pid, to int) control.Result {
	if !d.settings.Now().Stay || to == 0 {
		return control.Result{}
	}
	for _, p := range d.guests.lent() {
		if p.PID == pid && p.Node == to {
			return control.Result{}
		}
	}
	return failed(supervisor.Refused, "guests stay here or go home (`mosctl nostay` changes that)")
}
