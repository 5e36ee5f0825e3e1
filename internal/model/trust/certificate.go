package trust

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"time"
)

// Leaf is what proves a daemon's or supervisor's place in the cluster. It does
// not contain the cluster key.
type Leaf struct {
	Certificate []byte // DER
	Key         []byte // PKCS#8 DER of the certificate's private key
	Authority   []byte // DER of the cluster's CA certificate, or of several, joined
}

// The dates of all certificates are these, and nobody looks at them. Who can issue a leaf has the cluster
// key and can write into it what he likes; and a cluster whose nodes believe only who has the right time is
// taken apart by one power cut, after which machines without a battery begin in 1970. What ends a
// leaf is that the key it is of is not accepted any more (ring.go).
var (
	validFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Authority issues leaf certificates. It holds a secret as strong as the
// cluster key and stays in the node daemon.
type Authority struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

// Authority derives the cluster's CA. Serial, names and dates are constants
// and Ed25519 signs deterministically, so all nodes get the same certificate.
func (k Key) Authority() (*Authority, error) {
	key := k.authority()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "openMosix cluster " + k.ID()},
		NotBefore:             validFrom,
		NotAfter:              validUntil,
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make cluster CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read cluster CA: %w", err)
	}
	return &Authority{key: key, cert: cert}, nil
}

// Issue makes the identity of one daemon or supervisor: a fresh key and a
// certificate that names the node and the role.
func (a *Authority) Issue(who Name, random io.Reader) (Leaf, error) {
	uri, err := who.uri()
	if err != nil {
		return Leaf{}, err
	}
	var drawn [ed25519.SeedSize + 16]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return Leaf{}, fmt.Errorf("draw leaf key: %w", err)
	}
	key := ed25519.NewKeyFromSeed(drawn[:ed25519.SeedSize])
	san, err := alternativeName(uri)
	if err != nil {
		return Leaf{}, err
	}
	template := &x509.Certificate{
		SerialNumber:    new(big.Int).SetBytes(drawn[ed25519.SeedSize:]),
		Subject:         pkix.Name{CommonName: fmt.Sprintf("node %d %s", who.Node, who.Role)},
		NotBefore:       validFrom,
		NotAfter:        validUntil,
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		ExtraExtensions: []pkix.Extension{san},
	}
	der, err := x509.CreateCertificate(nil, template, a.cert, key.Public(), a.key)
	if err != nil {
		return Leaf{}, fmt.Errorf("issue certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Leaf{}, fmt.Errorf("encode leaf key: %w", err)
	}
	return Leaf{Certificate: der, Key: private, Authority: a.cert.Raw}, nil
}

// alternativeName is the subjectAltName extension with one URI (context tag 6
// of GeneralName, RFC 5280 4.2.1.6).
func alternativeName(uri string) (pkix.Extension, error) {
	const uriTag = 6
	value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: uriTag, Bytes: []byte(uri)}})
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("encode certificate name: %w", err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}, nil
}
