package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// coalesce is the size up to which a frame goes out in one write.
	coalesce = 64 << 10
	// piece is what is handed to the connection at once.
	piece = 1 << 20
	// sendQueue is how much may wait before Send waits too, postQueue how much
	// before Post gives the connection up.
	sendQueue = 4 << 20
	postQueue = 16 << 20
	// keepQueue is the largest memory kept for the queue.
	keepQueue = 256 << 10
	// lastWords is how long Close lets the queue go out.
	lastWords = 2 * time.Second
)

// ErrBacklog is wrapped when the peer takes too little of what is posted to it.
var ErrBacklog = errors.New("the other side does not take what is sent to it")

// outgoing is the sending half. One goroutine at a time writes; frames that
// come meanwhile wait in the queue, so the order is that of the calls.
type outgoing struct {
	conn  io.WriteCloser
	below *gathered // nil: conn has no TLS
	pace  *Pace     // how the peer takes what is sent

	mu      sync.Mutex
	room    sync.Cond // the queue is shorter, or the connection broken
	queue   []byte
	spare   []byte
	writing bool
	waiting int  // large frames that are to be written by who sends them
	yours   bool // who wrote leaves that, and the queue, to one of these
	broken  error
	last    *lasting // nil: the first error ends the connection

	out []byte // the writer's
}

func (o *outgoing) init(conn io.WriteCloser) {
	o.room.L = &o.mu
	o.out = make([]byte, 0, 4096)
	o.goBy(conn)
}

// goBy writes to conn from now on. Precondition: nobody is writing.
func (o *outgoing) goBy(conn io.WriteCloser) {
	o.conn, o.below = conn, nil
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		o.below, _ = t.NetConn().(*gathered)
	}
	o.pace = newPace(conn, func() { o.tooSlow(conn) })
}

// Send writes the parts, joined, as one frame, or leaves a copy to whoever is
// writing; who sends a large one waits until it can write it. While too much is queued it
// waits, as long as the peer takes anything at all. The parts are the caller's again when
// it returns.
func (o *outgoing) Send(kind uint8, id uint64, parts ...[]byte) error {
	header, length, err := o.header(kind, id, parts)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if length > coalesce {
		o.takeTurn()
		if o.broken != nil {
			return o.broken
		}
	} else {
		for o.broken == nil && o.writing && len(o.queue) > 0 && len(o.queue)+length > sendQueue {
			o.room.Wait()
		}
		if o.broken != nil || o.writing || len(o.queue) > 0 {
			o.enqueue(header[:], parts)
			if o.broken == nil && !o.writing {
				o.writing = true
				o.drain()
			}
			return o.broken
		}
		o.writing = true
	}
	o.keep(header[:], parts...)
	o.mu.Unlock()
	err = o.write(header[:], parts)
	o.mu.Lock()
	if o.wrote(err) == severed {
		return nil // it is kept
	}
	switch {
	case o.broken != nil:
	case len(o.queue) == 0:
	case o.waiting > 0:
		o.handOver()
		return nil
	default:
		go o.drainLater()
		return nil
	}
	o.writing = false
	o.room.Broadcast()
	return o.broken
}

// takeTurn waits until the caller is the one who writes, and writes what has been
// queued before. Large frames are not copied into the queue: pages would be in memory
// once more, and whatever is small would wait behind all of them. Precondition: mu is
// held, but not while it waits or writes.
func (o *outgoing) takeTurn() {
	o.waiting++
	defer func() { o.waiting-- }()
	for {
		for o.broken == nil && o.writing && !o.yours {
			o.room.Wait()
		}
		if o.broken != nil {
			return
		}
		o.writing, o.yours = true, false
		if o.wrote(nil) != severed && o.writeQueue() != severed {
			return
		}
	}
}

// handOver leaves the writing, and what is queued, to one who waits in takeTurn.
// Precondition: mu is held, the caller is the one who writes, and somebody waits.
func (o *outgoing) handOver() {
	o.yours = true
	o.room.Broadcast()
}

// Post is Send for those who must not wait: the frame is queued and written by
// somebody else. When too much waits the connection is broken and closed.
func (o *outgoing) Post(kind uint8, id uint64, parts ...[]byte) error {
	header, length, err := o.header(kind, id, parts)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue)+length > postQueue {
		o.fail(fmt.Errorf("send frame: %w (%d bytes wait)", ErrBacklog, len(o.queue)))
	}
	o.enqueue(header[:], parts)
	if o.broken == nil && !o.writing {
		o.writing = true
		go o.drainLater()
	}
	return o.broken
}

// Waiting is how many bytes wait for who writes.
func (o *outgoing) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.queue)
}

// Along queues a frame that goes out with the next one that is sent or posted, in
// the same write. There must be a next one.
func (o *outgoing) Along(kind uint8, id uint64, parts ...[]byte) error {
	header, _, err := o.header(kind, id, parts)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.enqueue(header[:], parts)
	return o.broken
}

// Push writes what is queued, as far as nobody does that. It may wait as Send does.
func (o *outgoing) Push() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken == nil && !o.writing && len(o.queue) > 0 {
		o.writing = true
		o.drain()
	}
}

// Flush waits until all frames of earlier calls have gone out.
func (o *outgoing) Flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.broken == nil && o.writing {
		o.room.Wait()
	}
}

func (o *outgoing) header(kind uint8, id uint64, parts [][]byte) (header [headerSize]byte, length int, err error) {
	for _, p := range parts {
		if length += len(p); length > MaxFrame {
			return header, length, fmt.Errorf("send frame of kind %d: %w (%d bytes)", kind, ErrFrameTooBig, MaxFrame)
		}
	}
	binary.BigEndian.PutUint32(header[:], uint32(length))
	header[4] = kind
	binary.BigEndian.PutUint64(header[5:], o.last.acknowledge(id))
	return header, length, nil
}

// enqueue copies a frame. Precondition: mu is held.
func (o *outgoing) enqueue(header []byte, parts [][]byte) {
	if o.broken != nil {
		return
	}
	o.queue = append(o.queue, header...)
	for _, p := range parts {
		o.queue = append(o.queue, p...)
	}
}

// fail ends the connection; the first reason stays. Precondition: mu is held.
func (o *outgoing) fail(err error) {
	if o.broken != nil {
		return
	}
	o.broken, o.queue = err, nil
	o.room.Broadcast()
	go hangUp(o.conn)
}

// reason is why the connection has ended, where err says only that it has been closed here.
func (o *outgoing) reason(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if errors.Is(err, net.ErrClosed) && o.broken != nil {
		return o.broken
	}
	return err
}

// hangUp closes what is below TLS: a farewell would wait for the peer.
func hangUp(c io.Closer) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		_ = t.NetConn().Close()
	}
	_ = c.Close()
}

func (o *outgoing) drainLater() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drain()
}

// drain writes the queue until it is empty, or somebody waits who does that. Precondition:
// mu is held, but not while it writes, and writing was set for it.
func (o *outgoing) drain() {
	for o.broken == nil && len(o.queue) > 0 {
		if o.waiting > 0 {
			o.handOver()
			return
		}
		if o.writeQueue() == severed {
			return
		}
	}
	o.writing = false
	o.room.Broadcast()
}

// writeQueue writes what is queued now. Preconditions are those of drain.
func (o *outgoing) writeQueue() outcome {
	if len(o.queue) == 0 {
		return whole
	}
	batch := o.queue
	o.queue = o.spare[:0]
	o.keep(batch)
	o.room.Broadcast()
	o.mu.Unlock()
	err := o.writePieces(batch)
	o.mu.Lock()
	if o.spare = batch[:0]; cap(batch) > keepQueue {
		o.spare = nil
	}
	return o.wrote(err)
}

// write gathers small parts into one write and passes large ones on uncopied.
func (o *outgoing) write(header []byte, parts [][]byte) error {
	o.out = append(o.out[:0], header...)
	for _, p := range parts {
		if len(o.out)+len(p) <= coalesce {
			o.out = append(o.out, p...)
			continue
		}
		if err := o.flush(); err != nil {
			return err
		}
		if len(p) <= coalesce {
			o.out = append(o.out, p...)
			continue
		}
		if err := o.writePieces(p); err != nil {
			return err
		}
	}
	return o.flush()
}

func (o *outgoing) flush() error {
	if len(o.out) == 0 {
		return nil
	}
	err := o.writePieces(o.out)
	o.out = o.out[:0]
	return err
}

// writePieces writes b.
func (o *outgoing) writePieces(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), piece)
		o.pace.begins(n)
		err := o.writePiece(b[:n])
		o.pace.ends(n)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// tooSlow: the peer of a connection takes nothing, or too little. One that outlives that does
// so once, unless the peer has got something meanwhile.
func (o *outgoing) tooSlow(conn io.WriteCloser) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.conn != conn: // another goes on in its place
	case o.last != nil && o.last.gotOn():
		o.sever()
	default:
		o.fail(fmt.Errorf("send frame: %w", errTooSlow))
	}
}

func (o *outgoing) writePiece(b []byte) error {
	if o.below == nil || len(b) <= worthGathering {
		_, err := o.conn.Write(b)
		return err
	}
	o.below.gather()
	_, err := o.conn.Write(b)
	return errors.Join(err, o.below.release())
}

// Close closes the connection and ends a Recv that waits. It does not wait
// itself; what is queued is given a moment to go out.
func (o *outgoing) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken != nil {
		return nil
	}
	o.goodbye()
	if !o.writing {
		o.broken = net.ErrClosed
		return o.conn.Close()
	}
	late := time.AfterFunc(lastWords, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.fail(net.ErrClosed)
	})
	go func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		for o.broken == nil && o.writing {
			o.room.Wait()
		}
		late.Stop()
		o.fail(net.ErrClosed)
	}()
	return nil
}
