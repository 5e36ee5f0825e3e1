package deputy

import "testing"

// Who uses nothing of what is sent ahead is sent less and less often something, and as before when it uses some.
func TestWhatIsNotUsedIsSentSeldom(t *testing.T) {
	const count, piece = 4096, 65536
	var r sequence
	sent, at := 0, int64(0)
	read := func() { // that asks home
		if !r.rest(at) {
			sent++
			r.from, r.sent = at+count, at+count+piece
		}
		at += count
	}
	for range 1000 {
		read()
	}
	if sent > 14 {
		t.Errorf("%d pieces for 1000 reads that use none", sent)
	}
	for r.sent == 0 {
		read()
	}
	at += piece // all of it is used
	sent = 0
	for range 10 {
		read()
		at += piece
	}
	if sent != 10 {
		t.Errorf("%d pieces for 10 reads of who uses them", sent)
	}
}
