package guest

import (
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/model/wire"
)

// A process that arrives is waited for while its pages come by further connections, and nothing by the link.
func TestPagesBesideTheLinkAreSomething(t *testing.T) {
	for name, comes := range map[string]bool{"pages come": true, "nothing comes": false} {
		synctest.Test(t, func(t *testing.T) {
			a := &arrival{g: &Guest{done: make(chan struct{})}, in: &inbox{frames: make(chan frame, 1)}}
			go func() {
				for range 10 {
					time.Sleep(stepLimit / 2)
					if comes {
						a.came.Store(true)
					}
				}
				a.in.frames <- frame{kind: wire.Thaw}
			}()
			f, err := a.next()
			if came := err == nil && f.kind == wire.Thaw; came != comes {
				t.Errorf("%s: %v %v", name, f.kind, err)
			}
			time.Sleep(10 * stepLimit)
		})
	}
}
