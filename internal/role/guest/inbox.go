package guest

import "sync"

// inbox holds what home says about one arrival until its goroutine takes it.
type inbox struct {
	frames chan frame
	closed chan struct{}
	once   sync.Once
	off    bool // home has given the arrival up; Guest.mu

	open  chan struct{} // closed when what comes beside can be stored: beside.go
	mu    sync.RWMutex  // held to read by who stores
	store func([]byte) error
}

// inboxSize frames may wait for a sequence; after that the reader waits.
const inboxSize = 16

func newInbox() *inbox {
	return &inbox{frames: make(chan frame, inboxSize), closed: make(chan struct{}), open: make(chan struct{})}
}

// put waits until the sequence takes the frame or is over.
func (i *inbox) put(f frame) {
	select {
	case i.frames <- f:
	case <-i.closed:
	}
}

func (i *inbox) close() { i.once.Do(func() { close(i.closed) }) }
