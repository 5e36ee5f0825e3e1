// Notices writes, for a binary, the licences of all that is linked into it: whoever passes the binary on has to pass
// these on as well.
//
//	go run ./packaging/notices BINARY >NOTICES
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: notices BINARY")
		os.Exit(2)
	}
	all, err := linked(os.Args[1])
	if err == nil {
		err = write(os.Stdout, all)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "notices: %v\n", err)
		os.Exit(1)
	}
}

// part is something that is linked into a binary, and where its source is.
type part struct{ name, dir string }

// linked lists what is linked into a binary: Go's own packages and the modules that it says it was made of.
func linked(binary string) ([]part, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	all := []part{{"Go's standard library, " + info.GoVersion, strings.TrimSpace(string(root))}}
	args := []string{"mod", "download", "-json"}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		args = append(args, m.Path+"@"+m.Version)
	}
	if len(args) == 3 {
		return all, nil
	}
	text, err := exec.Command("go", args...).Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download: %w", err)
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var m struct{ Path, Version, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		all = append(all, part{m.Path + " " + m.Version, m.Dir})
	}
}

// write writes the texts, each once, below the names of all to which it applies.
func write(w io.Writer, all []part) error {
	var order []string
	names := map[string][]string{}
	for _, p := range all {
		text, err := licence(p.dir)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if names[text] == nil {
			order = append(order, text)
		}
		names[text] = append(names[text], p.name)
	}
	var b bytes.Buffer
	b.WriteString("The binary of openMosix contains the following, each under the licence below it.\n")
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 78), strings.Join(names[text], "\n"), strings.TrimSpace(text))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// licence is what a source says about passing it on.
func licence(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, e := range entries {
		name, _, _ := strings.Cut(strings.ToUpper(e.Name()), ".")
		name, _, _ = strings.Cut(name, "-")
		switch name {
		case "LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "PATENTS":
		default:
			continue
		}
		if e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	if len(texts) == 0 {
		return "", errors.New("its source has no licence")
	}
	return strings.Join(texts, "\n\n"), nil
}
