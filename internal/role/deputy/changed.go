package deputy

// What a process is can be told for certain only when it stands still: it has run since it was announced.

// isStrange tells whether what is known of names does not hold for the process, which stands still.
func (p *proc) isStrange() bool {
	if p.sharesNames.Load() && !p.s.naming.Shares(p.PID) {
		p.sharesNames.Store(false)
	}
	p.plain.Store(p.s.naming.IsPlain(p.PID))
	return !p.sharesNames.Load()
}
