// Package trust derives everything nodes prove to each other from one secret,
// the cluster key, and decides whose proof is accepted.
//
//	cluster key ─ HKDF-SHA256 ─┬ "authority" → Ed25519 key of the CA → leaf certificates
//	                           ├ "gossip"    → key of the membership traffic
//	                           └ "beacon"    → key of the discovery beacons
//
// Every node that holds the key derives the same CA, byte for byte; no node is
// special and nothing has to be handed out but the key file. Pure: where the
// key file is, what time it is and where randomness comes from is told by the
// caller.
package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// KeySize is the length of the cluster key in bytes.
const KeySize = 32

// header marks the key file and its version.
const header = "openmosix-key-1 "

// Key is the cluster key. Whoever has it is the cluster.
type Key [KeySize]byte

// NewKey draws a key.
func NewKey(random io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(random, k[:]); err != nil {
		return Key{}, fmt.Errorf("draw cluster key: %w", err)
	}
	return k, nil
}

// Encode gives the text of a key file: one line.
func (k Key) Encode() []byte {
	return []byte(header + base64.StdEncoding.EncodeToString(k[:]) + "\n")
}

// String hides the secret from logs.
func (Key) String() string { return "cluster key" }

// ParseKey reads the text of a key file.
func ParseKey(text []byte) (Key, error) {
	body, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(header))
	if !ok {
		return Key{}, fmt.Errorf("not a cluster key: the file must begin with %q (make one with `openmosix key new`)", header)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSpace(body)))
	if err != nil {
		return Key{}, errors.New("damaged cluster key: the part after the header is not base64; copy the file again")
	}
	if len(raw) != KeySize {
		return Key{}, fmt.Errorf("damaged cluster key: %d bytes instead of %d; copy the file again", len(raw), KeySize)
	}
	var k Key
	copy(k[:], raw)
	if k == (Key{}) {
		return Key{}, errors.New("cluster key is all zero; make one with `openmosix key new`")
	}
	return k, nil
}

// Gossip is the key of the membership traffic.
func (k Key) Gossip() [32]byte { return k.derive("gossip") }

// Beacon is the key of the discovery beacons.
func (k Key) Beacon() [32]byte { return k.derive("beacon") }

// ID is a short public name of the key: it tells two clusters apart in logs
// and says nothing of the key.
func (k Key) ID() string { return fmt.Sprintf("%x", k.publicName()) }

func (k Key) publicName() [4]byte {
	d := k.derive("id")
	return [4]byte(d[:4])
}

func (k Key) authority() ed25519.PrivateKey {
	seed := k.derive("authority")
	return ed25519.NewKeyFromSeed(seed[:])
}

// derive gives an independent key for each purpose. HKDF fails only for
// outputs longer than 255 hashes, which this is not.
func (k Key) derive(purpose string) [32]byte {
	var out [32]byte
	raw, err := hkdf.Key(sha256.New, k[:], nil, "openmosix 1 "+purpose, len(out))
	if err != nil {
		panic("trust: " + err.Error())
	}
	copy(out[:], raw)
	return out
}
