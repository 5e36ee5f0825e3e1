package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"openmosix/internal/model/supervisor"
)

// Bounds on clients, and how long one may take to say what it wants and to
// take an answer.
const (
	maxClients       = 256
	maxClientsOfUser = 64
	clientTimeout    = 10 * time.Second
)

const tooMany = "too many requests at once; wait for some to end"

// Handler does what a request asks. It may tell progress meanwhile, also when
// the client has gone: telling then has no effect. ctx is the daemon's, not the
// client's: who hangs up does not stop a move.
type Handler func(ctx context.Context, who Caller, r Request, tell func(Progress)) Result

// Server serves the control socket.
type Server struct {
	listener *net.UnixListener
	handle   Handler
	log      *slog.Logger

	mu     sync.Mutex
	total  int
	byUser map[uint32]int
}

// lastBreath is how long the socket of a daemon that was killed may still answer, for as long as the kernel
// takes its memory apart: whoever starts another one at once is not told to stop the first.
const lastBreath = 2 * time.Second

// serves tells whether a daemon answers, and goes on to.
func serves(path string) bool {
	for deadline := time.Now().Add(lastBreath); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("unix", path)
		if err != nil {
			return false
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			return true
		}
	}
}

// Listen creates the socket, open to everybody. A socket left by a dead daemon
// is replaced; one that answers is not.
func Listen(runDir string, handle Handler, log *slog.Logger) (*Server, error) {
	if err := os.MkdirAll(runDir, 0o755); err != nil {
		return nil, fmt.Errorf("make run directory: %w", err)
	}
	if err := openToAll(runDir, 0o055); err != nil {
		return nil, fmt.Errorf("open run directory to all users: %w", err)
	}
	path := filepath.Join(runDir, SocketName)
	if serves(path) {
		return nil, fmt.Errorf("another node daemon serves %s; stop it first or use another --run-dir", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove stale control socket: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		listener.Close()
		return nil, fmt.Errorf("open control socket to all users: %w", err)
	}
	return &Server{listener: listener, handle: handle, log: log, byUser: make(map[uint32]int)}, nil
}

// openToAll adds rights to those that a directory has: who made it may have been careful.
func openToAll(dir string, rights fs.FileMode) error {
	info, err := os.Stat(dir)
	if err != nil || info.Mode()&rights == rights {
		return err
	}
	return os.Chmod(dir, info.Mode()|rights)
}

// Serve answers clients until ctx ends, and then removes the socket. It does
// not wait for the clients being served.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	var told time.Time
	for {
		conn, err := s.listener.AcceptUnix()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			// Out of descriptors: wait for some to come back.
			if time.Since(told) > complaint {
				told = time.Now()
				s.log.Warn("cannot accept a client; trying on", "error", err)
			}
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go s.serve(ctx, conn)
	}
}

// complaint is how often the log is told that no client can be accepted: what takes all
// descriptors may go on for long.
const complaint = time.Minute

func (s *Server) serve(ctx context.Context, conn *net.UnixConn) {
	defer conn.Close()
	who, err := callerOf(conn)
	if err != nil {
		s.log.Warn("client without credentials", "error", err)
		return
	}
	no := func(code supervisor.Code, text string) { reply(conn, Answer{Result: &Result{Code: code, Text: text}}) }
	if !s.enter(who.UID) {
		no(BadRequest, tooMany)
		return
	}
	client := who.UID
	defer func() { s.leave(client) }()
	r, err := readRequest(conn)
	if err != nil {
		no(BadRequest, err.Error())
		return
	}
	if who, err = who.speaker(r); err != nil {
		no(NotPermitted, err.Error())
		return
	}
	// What is asked on a user's behalf takes a place of that user's.
	if who.UID != client {
		if !s.enter(who.UID) {
			no(BadRequest, tooMany)
			return
		}
		s.leave(client)
		client = who.UID
	}
	// A client that is slow to read must not hold up what it asked for, so
	// after the first failure nothing more is told.
	var once sync.Mutex
	gone := false
	tell := func(p Progress) {
		once.Lock()
		defer once.Unlock()
		gone = gone || reply(conn, Answer{Progress: &p}) != nil
	}
	result := s.handle(ctx, who, r, tell)
	once.Lock()
	defer once.Unlock()
	if result.Stream != nil && !gone {
		result = stream(ctx, conn, result.Stream)
	}
	if !gone {
		reply(conn, Answer{Result: &result})
	}
}

func readRequest(conn net.Conn) (Request, error) {
	conn.SetReadDeadline(time.Now().Add(clientTimeout))
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadBytes('\n')
	if err != nil {
		return Request{}, errors.New("request is not one line of JSON")
	}
	return parseRequest(line)
}

func parseRequest(line []byte) (Request, error) {
	var r Request
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return Request{}, fmt.Errorf("request is not understood (command and daemon of different versions?): %w", err)
	}
	return r, nil
}

func reply(conn net.Conn, a Answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	conn.SetWriteDeadline(time.Now().Add(clientTimeout))
	_, err = conn.Write(append(line, '\n'))
	return err
}

func (s *Server) enter(uid uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= maxClients || s.byUser[uid] >= maxClientsOfUser {
		return false
	}
	s.total++
	s.byUser[uid]++
	return true
}

func (s *Server) leave(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.byUser[uid]--; s.byUser[uid] == 0 {
		delete(s.byUser, uid)
	}
}
