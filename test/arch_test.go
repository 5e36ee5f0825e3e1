package test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "openmosix/"

// source is one Go file of the tree.
type source struct {
	path    string // from the root of the tree
	pkg     string // directory of path
	lines   int
	syntax  *ast.File
	fileSet *token.FileSet
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) imports() []string {
	var paths []string
	for _, i := range s.syntax.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, path)
	}
	return paths
}

func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var all []source
	walk := func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "out", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s := source{path: rel, pkg: filepath.Dir(rel), lines: bytes.Count(text, []byte("\n")), fileSet: token.NewFileSet()}
		s.syntax, err = parser.ParseFile(s.fileSet, rel, text, parser.ParseComments|parser.SkipObjectResolution)
		all = append(all, s)
		return err
	}
	if err := filepath.WalkDir(root, walk); err != nil {
		t.Fatal(err)
	}
	return all
}

// below tells whether path is dir or lies in it.
func below(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(f string) bool { return below(pkg, f) })
}

func TestImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || slices.ContainsFunc(outside, func(o string) bool { return below(s.pkg, o) }) {
			continue
		}
		from := floorOf(s.pkg)
		if from < 0 {
			t.Errorf("%s is on no floor; floors are %v", s.path, floors)
			continue
		}
		for _, path := range s.imports() {
			to, ok := strings.CutPrefix(path, module)
			if ok && !mayImport(s.pkg, to) {
				t.Errorf("%s imports %s: imports go down the floors (%s), and sideways or out only by the tables in rules_test.go",
					s.path, to, strings.Join(floors, " > "))
			}
		}
	}
}

func mayImport(from, to string) bool {
	for _, e := range exceptions {
		if below(from, e.from) && below(to, e.to) {
			return true
		}
	}
	f, g := floorOf(from), floorOf(to)
	if f != g {
		return g > f
	}
	for _, s := range siblings {
		if below(from, s.from) && below(to, s.to) {
			return true
		}
	}
	return false
}

func TestModelIsPure(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || !below(s.pkg, "internal/model") {
			continue
		}
		for _, path := range s.imports() {
			if slices.ContainsFunc(impure, func(i string) bool { return below(path, i) }) && !slices.Contains(pureAfterAll, path) {
				t.Errorf("%s imports %s: model knows no machine", s.path, path)
			}
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a goroutine: model has none", s.fileSet.Position(n.Pos()))
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					t.Errorf("%s: time.%s: model is told the time", s.fileSet.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestUnsafeIsInFilesNamedSo(t *testing.T) {
	for _, s := range sources(t) {
		name := strings.TrimSuffix(strings.TrimSuffix(s.path, ".go"), "_test")
		if !strings.HasSuffix(name, "_unsafe") && slices.Contains(s.imports(), "unsafe") {
			t.Errorf("%s imports unsafe: move that part to a file named *_unsafe.go", s.path)
		}
		if slices.Contains(s.imports(), "C") {
			t.Errorf("%s uses cgo: the binary is static Go", s.path)
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if name := s.syntax.Name.Name; slices.Contains(nameless, name) {
			t.Errorf("%s: package %s says nothing of what is in it", s.path, name)
		}
		if !s.isTest() {
			said[s.pkg] = said[s.pkg] || s.syntax.Doc != nil
		}
	}
	for pkg, has := range said {
		if !has {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if _, excused := longer[s.path]; s.lines > longest && !excused {
			t.Errorf("%s has %d lines, more than %d: split it by subject", s.path, s.lines, longest)
		}
	}
	for path := range longer {
		if _, err := os.Stat(filepath.Join("..", path)); err != nil {
			t.Errorf("the excuse for %s has outlived it", path)
		}
	}
}

// Rules that nothing tests rot; these are the tables' own tests.
func TestMayImport(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"cmd/openmosix", "internal/model/image", true},
		{"internal/node/daemon", "internal/role/transport", true},
		{"internal/role/deputy", "internal/role/transport", true},
		{"internal/role/deputy", "internal/role/guest", false},
		{"internal/linux/mem", "internal/linux/procfs", false},
		{"internal/model/image", "internal/linux/mem", false},
		{"internal/linux/mem", "internal/node/config", false},
		{"internal/node/daemon", "lab/cluster", false},
		{"internal/face/cli", "lab/cluster", true},
	} {
		if got := mayImport(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
