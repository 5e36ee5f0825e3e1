package tracee

import (
	"sync"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"
)

// buffers are read into by turns, for each stream: while one is sent the next is read.
const buffers = 3

// spread reads pieces, and has them sent by as many streams as there are, each when it has
// sent the one before. What one stream carries is in order; they are not among each other.
type spread struct {
	space *mem.Space
	full  chan piece
	free  chan []byte
	quit  chan struct{} // closed: nothing more is to be read
	group sync.WaitGroup
	// relief is closed when there is a stream that is not to be relieved.
	relief   chan struct{}
	relieved bool // it has been

	streams []Stream

	mu   sync.Mutex
	sent uint64
	err  error // the first
}

// MostStreams carry the memory of one process.
const MostStreams = 8

func newSpread(space *mem.Space) *spread {
	return &spread{space: space, full: make(chan piece, buffers), free: make(chan []byte, buffers*MostStreams), quit: make(chan struct{}), relief: make(chan struct{})}
}

// run sends the contents of ranges by all streams, and by those that come meanwhile (nil:
// none do). With wraps what each emits by. It tells how many bytes were sent; nothing is read or
// sent any more when it returns, and s.streams are those there were.
func (s *spread) run(ranges []image.Range, streams []Stream, with func(Emit) Emit, joining <-chan Stream) (uint64, error) {
	for _, stream := range streams {
		s.join(stream, with)
	}
	read := make(chan struct{})
	s.group.Go(func() {
		defer close(read)
		defer close(s.full)
		_ = pieces(ranges, s.read)
	})
	for more := joining != nil; more; {
		select {
		case stream := <-joining:
			s.join(stream, with)
		case <-read:
			more = false
		}
	}
	s.group.Wait()
	return s.sent, s.err
}

// join has one stream carry pieces, until there are no more.
func (s *spread) join(stream Stream, with func(Emit) Emit) {
	if len(s.streams) == MostStreams {
		return
	}
	s.streams = append(s.streams, stream)
	if !stream.Relieved && !s.relieved {
		s.relieved = true
		close(s.relief)
	}
	for range buffers {
		s.free <- make([]byte, chunk)
	}
	emit := with(stream.Emit)
	var relief <-chan struct{} // nil: never
	if stream.Relieved {
		relief = s.relief
	}
	s.group.Go(func() {
		for p, more := s.take(relief); more; p, more = s.take(relief) {
			n, err := p.send(s.space, emit)
			s.free <- p.bytes
			if s.count(n, err) {
				return
			}
		}
	})
}

// take is the next piece to be sent; false: there are none, or others send them.
func (s *spread) take(relief <-chan struct{}) (piece, bool) {
	select {
	case <-relief:
		return piece{}, false
	default:
	}
	select {
	case p, more := <-s.full:
		return p, more
	case <-relief:
		return piece{}, false
	}
}

func (s *spread) count(n uint64, err error) (failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent += n
	if err != nil && s.err == nil {
		s.err = err
		close(s.quit)
	}
	return err != nil
}

// read reads the next piece, when there is memory for it.
func (s *spread) read(r image.Range) error {
	select {
	case buf := <-s.free:
		p := read(s.space, r, buf[:cap(buf)])
		select {
		case s.full <- p:
			return nil
		case <-s.quit:
		}
	case <-s.quit:
	}
	return ErrStopped
}

// carrying is by how many of some streams pages go.
func carrying(streams []Stream) int {
	n := 0
	for _, s := range streams {
		if !s.Relieved {
			n++
		}
	}
	return max(n, 1)
}
