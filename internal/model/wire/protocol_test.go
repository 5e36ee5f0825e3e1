package wire

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// spoken is the sum of what is said in each protocol. Whoever changes a word decides here whether supervisors of before
// still understand those of now: then the sum of the protocol changes, else there is another protocol.
var spoken = map[int]string{
	1: "2d7beff0788bcb71",
}

func TestProtocolIsThatOfTheWords(t *testing.T) {
	if got := words(t, ".", "../image"); got != spoken[Protocol] {
		t.Errorf("the words are %s, those of protocol %d were %s: if supervisors of before misunderstand them, raise Protocol; "+
			"in any case write the sum of the words here", got, Protocol, spoken[Protocol])
	}
}

func TestUnderstand(t *testing.T) {
	if !Understand(Protocol, Protocol) || Understand(Protocol, Protocol+1) || Understand(Protocol, Unsaid) || Understand(Unsaid, Unsaid) {
		t.Error("other protocols are taken for the same, or the same for others")
	}
}

// words sums up the types and constants of packages, without comments: what is laid out otherwise by functions alone is not in it.
func words(t *testing.T, packages ...string) string {
	t.Helper()
	var all []string
	for _, dir := range packages {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == "protocol.go" {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution) // no comments
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok && (g.Tok == token.TYPE || g.Tok == token.CONST) {
					all = append(all, said(t, g))
				}
			}
		}
	}
	sort.Strings(all) // which file it is in does not matter
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(all, "\n"))))[:16]
}

// said prints a declaration in one way, whatever its layout.
func said(t *testing.T, d ast.Decl) string {
	t.Helper()
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), d); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
