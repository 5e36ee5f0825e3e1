package trust

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"
)

func newKey(t testing.TB) Key {
	t.Helper()
	k, err := NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func authority(t testing.TB, k Key) *Authority {
	t.Helper()
	a, err := k.Authority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestKeyFileRoundTrip(t *testing.T) {
	k := newKey(t)
	got, err := ParseKey(k.Encode())
	if err != nil || got != k {
		t.Fatalf("round trip: %v", err)
	}
	if strings.Contains(k.String(), k.ID()) || len(k.ID()) != 8 {
		t.Errorf("String %q, ID %q", k.String(), k.ID())
	}
}

func TestParseKeyRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":         "",
		"no header":     "AAAA",
		"other version": "openmosix-key-2 " + strings.Repeat("A", 44),
		"not base64":    header + "!!!!",
		"short":         header + "AAAA",
		"long":          header + strings.Repeat("AAAA", 20),
		"zero":          string(Key{}.Encode()),
		"two lines":     string(newKey(t).Encode()) + string(newKey(t).Encode()),
	} {
		if _, err := ParseKey([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDerivedKeysDifferByPurposeAndAgreeByKey(t *testing.T) {
	k := newKey(t)
	if k.Gossip() == k.Beacon() || k.Gossip() == [32]byte(k) {
		t.Error("two purposes share a key")
	}
	if !bytes.Equal(authority(t, k).cert.Raw, authority(t, k).cert.Raw) {
		t.Error("two nodes derive different CA certificates")
	}
}

func TestVerify(t *testing.T) {
	k := newKey(t)
	who := Name{Node: 2, Role: Guest}
	a := authority(t, k)
	id, err := a.Issue(who, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(id.Key); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		authority, leaf []byte
		ok, stranger    bool
	}{
		"good":             {id.Authority, id.Certificate, true, false},
		"of a day of 1970": {id.Authority, dated(t, a, id, 1970), true, false},
		"of a day of 2199": {id.Authority, dated(t, a, id, 2199), true, false},
		"other cluster":    {authority(t, newKey(t)).cert.Raw, id.Certificate, false, true},
		"the CA itself":    {id.Authority, id.Authority, false, false},
		"leaf as CA":       {id.Certificate, id.Certificate, false, true},
		"cut certificate":  {id.Authority, id.Certificate[:100], false, false},
	} {
		got, err := Verify(c.authority, c.leaf)
		if (err == nil) != c.ok || errors.Is(err, ErrStranger) != c.stranger {
			t.Errorf("%s: %v", name, err)
		}
		if c.ok && got != who {
			t.Errorf("%s: is %v, want %v", name, got, who)
		}
	}
}

// dated is a leaf as earlier versions issued it: for a day.
func dated(t *testing.T, a *Authority, l Leaf, year int) []byte {
	t.Helper()
	cert, err := x509.ParseCertificate(l.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	cert.NotBefore = time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
	cert.NotAfter = cert.NotBefore.Add(24 * time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, cert.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestIssueRefusesImpossibleNames(t *testing.T) {
	a := authority(t, newKey(t))
	for _, who := range []Name{{0, Home}, {-1, Home}, {MaxNode + 1, Home}, {1, "root"}, {1, ""}} {
		if _, err := a.Issue(who, rand.Reader); err == nil {
			t.Errorf("%v: issued", who)
		}
	}
}

func TestParseURI(t *testing.T) {
	for _, s := range []string{"", "openmosix://node/2", "openmosix://node/02/home", "openmosix://node/2/home/x",
		"openmosix://node/+2/home", "http://node/2/home", "openmosix://node/70000/home", "openmosix://node/2/Home"} {
		if n, err := parseURI(s); err == nil {
			t.Errorf("%q: accepted as %v", s, n)
		}
	}
	if n, err := parseURI("openmosix://node/65535/daemon"); err != nil || n != (Name{65535, Daemon}) {
		t.Errorf("%v, %v", n, err)
	}
}

func FuzzVerify(f *testing.F) {
	k := newKey(f)
	a := authority(f, k)
	id, err := a.Issue(Name{1, Daemon}, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(id.Certificate)
	f.Fuzz(func(t *testing.T, leaf []byte) {
		name, err := Verify(id.Authority, leaf)
		if err == nil && !bytes.Equal(leaf, id.Certificate) {
			t.Fatalf("a certificate the authority did not issue passed as %v", name)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(newKey(f).Encode())
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := ParseKey(text)
		if err != nil {
			return
		}
		if again, err := ParseKey(k.Encode()); err != nil || again != k {
			t.Fatal("accepted key does not survive a round trip")
		}
	})
}
