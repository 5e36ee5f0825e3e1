package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Role is what the holder of a certificate does in the cluster.
type Role string

const (
	Daemon Role = "daemon" // the node daemon
	Home   Role = "home"   // a home supervisor
	Guest  Role = "guest"  // a guest supervisor
)

// MaxNode is the largest node number: they come from 16 bits of an address.
const MaxNode = 1<<16 - 1

// Name is what a certificate says of its holder.
type Name struct {
	Node int
	Role Role
}

// String as in "node 2 (guest)".
func (n Name) String() string { return fmt.Sprintf("node %d (%s)", n.Node, n.Role) }

const scheme = "openmosix://node/"

func (n Name) uri() (string, error) {
	if n.Node < 1 || n.Node > MaxNode {
		return "", fmt.Errorf("node number %d is not in 1…%d", n.Node, MaxNode)
	}
	if !n.Role.known() {
		return "", fmt.Errorf("unknown role %q", n.Role)
	}
	return scheme + strconv.Itoa(n.Node) + "/" + string(n.Role), nil
}

func (r Role) known() bool { return slices.Contains([]Role{Daemon, Home, Guest}, r) }

// parseURI accepts exactly what uri writes.
func parseURI(s string) (Name, error) {
	rest, ok := strings.CutPrefix(s, scheme)
	if !ok {
		return Name{}, errors.New("certificate names no node")
	}
	number, role, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return Name{}, errors.New("certificate names no node")
	}
	name := Name{Node: n, Role: Role(role)}
	if again, err := name.uri(); err != nil || again != s {
		return Name{}, errors.New("certificate names no valid node and role")
	}
	return name, nil
}

// ErrStranger is wrapped by every refusal of Verify that means: not one of us.
var ErrStranger = errors.New("does not hold this cluster's key")

// Verify decides whether the peer that showed this leaf belongs to the cluster,
// and who it is. What time it is does not matter (certificate.go). authority is the DER of the CA certificate, or,
// during a rotation, of all that are accepted, one after the other. The
// handshake must have proven possession of the leaf's private key.
func Verify(authority, leaf []byte) (Name, error) {
	accepted, err := x509.ParseCertificates(authority)
	if err != nil {
		return Name{}, fmt.Errorf("read cluster CA: %w", err)
	}
	cert, err := x509.ParseCertificate(leaf)
	if err != nil {
		return Name{}, fmt.Errorf("read peer certificate: %w", err)
	}
	if !slices.ContainsFunc(accepted, func(ca *x509.Certificate) bool { return cert.CheckSignatureFrom(ca) == nil }) {
		return Name{}, fmt.Errorf("peer %w (certificate of %q)", ErrStranger, cert.Subject.CommonName)
	}
	// The CA's own certificate carries no node name; it must not serve as a leaf.
	if cert.IsCA || len(cert.UnhandledCriticalExtensions) > 0 {
		return Name{}, errors.New("peer certificate is not one of a node")
	}
	return NameOf(cert)
}

// NameOf reads who a certificate is about. Precondition: the certificate has
// passed Verify.
func NameOf(cert *x509.Certificate) (Name, error) {
	if len(cert.URIs) != 1 {
		return Name{}, errors.New("certificate names no node")
	}
	return parseURI(cert.URIs[0].String())
}
