package tracee

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// widened are the pipes and sockets of a process that are larger than they were.
type widened struct {
	mu sync.Mutex
	of map[inode]bool
}

type inode struct{ dev, ino uint64 }

// note sees to it that one gets its size again, when what is in it fits. owes is Family.Owes.
func (w *widened) note(r *room, pid, was int, owes func(more int)) {
	key := inode{r.file.Dev, r.file.Ino}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of[key] {
		return // it has been widened before, and is to get the size that it had then
	}
	if w.of == nil {
		w.of = map[inode]bool{}
	}
	w.of[key] = true
	if owes == nil {
		owes = func(int) {}
	}
	owes(1)
	go func() {
		r.giveBack(pid, was)
		w.mu.Lock()
		delete(w.of, key)
		w.mu.Unlock()
		owes(-1)
	}()
}

// giveBack gives a pipe or socket its size again.
func (r *room) giveBack(pid, was int) {
	for pause := firstPause; pause < longestPause; pause += pause / 4 {
		time.Sleep(pause)
		// Borrowed anew each time: as long as a pipe is open here as well, its reader does not come to its end.
		fd, err := Borrow(pid, r.number)
		if err != nil {
			return
		}
		var st unix.Stat_t
		same := unix.Fstat(fd, &st) == nil && st.Dev == r.file.Dev && st.Ino == r.file.Ino
		if same {
			err = r.narrow(fd, was)
		}
		_ = unix.Close(fd)
		if !same || err == nil {
			return
		}
	}
}

const (
	firstPause   = 20 * time.Millisecond
	longestPause = time.Minute
)
