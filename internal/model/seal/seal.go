// Package seal puts single packets under a secret that all nodes share:
// encrypted, authenticated, each accepted once.
//
//	magic 4 │ name of the key 4 │ salt 16 │ counter 8 │ unix time 8 │ AES-256-GCM (payload, tag 16)
//	└──────────────── authenticated, in clear ────────────────────┘
//
// Each sender draws a salt when it starts; the packet key is derived from
// secret and salt, and the counter is the nonce, so no nonce comes twice
// however long the secret is used. Receivers keep a window of counters for
// each salt. What they do not know of (a sender seen for the first time) must
// be of this hour, unless the receiver knows of its sender otherwise.
//
// Pure: time and salt come from the caller. A Sealer or Opener belongs to one
// goroutine at a time.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const (
	magic      = "oMxS"
	saltAt     = 8
	counterAt  = 24
	timeAt     = 32
	headerSize = 40
	// Overhead is how much longer a sealed packet is than its payload.
	Overhead = headerSize + 16
)

// MaxSkew is how far the time of a packet may be from the receiver's.
const MaxSkew = time.Hour

// Secret is a shared key and its public name, which tells a packet of another
// cluster from a forged one.
type Secret struct {
	ID  [4]byte
	Key [32]byte
}

// Salt names one run of one sender.
type Salt [16]byte

// Why a packet is refused.
var (
	ErrGarbage  = errors.New("not a packet of openMosix")
	ErrOtherKey = errors.New("sealed with another cluster key")
	ErrForged   = errors.New("not sealed with the cluster key it names")
	ErrReplayed = errors.New("sent before: a replay")
	ErrStale    = errors.New("from another time: compare the clocks of the two nodes, or it is a replay")
)

// Sealer seals the packets of one sender.
type Sealer struct {
	salt    Salt
	counter uint64
	secret  Secret
	aead    cipher.AEAD
}

// NewSealer makes a sealer; salt must never have been used before.
func NewSealer(salt Salt) *Sealer { return &Sealer{salt: salt} }

// Seal makes a packet of a payload.
func (s *Sealer) Seal(secret Secret, now time.Time, payload []byte) []byte {
	if s.aead == nil || s.secret != secret {
		s.aead, s.secret = packetKey(secret, s.salt), secret
	}
	s.counter++
	b := make([]byte, headerSize, Overhead+len(payload))
	copy(b, magic)
	copy(b[len(magic):], secret.ID[:])
	copy(b[saltAt:], s.salt[:])
	binary.BigEndian.PutUint64(b[counterAt:], s.counter)
	binary.BigEndian.PutUint64(b[timeAt:], uint64(now.Unix()))
	return s.aead.Seal(b, nonce(b), payload, b)
}

func nonce(header []byte) []byte {
	var n [12]byte
	copy(n[4:], header[counterAt:timeAt])
	return n[:]
}

// packetKey cannot fail: the lengths are constants.
func packetKey(secret Secret, salt Salt) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, secret.Key[:], salt[:], "openmosix 1 packet", 32)
	if err != nil {
		panic(fmt.Sprintf("seal: %v", err))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("seal: %v", err))
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Sprintf("seal: %v", err))
	}
	return aead
}
