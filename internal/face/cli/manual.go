package cli

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// manualPage is one name of the manual.
type manualPage struct {
	Name    string `json:"name"`
	Section string `json:"section"`
	About   string `json:"about"`
	file    string // the page with the text
}

// manualIndex is all names with the one line that their page says of them, as
// man -k has it.
func manualIndex() []manualPage {
	files, err := fs.Glob(pages, "*.[178]")
	if err != nil {
		return nil // only a malformed pattern is an error
	}
	var out []manualPage
	for _, file := range files {
		text, err := pages.ReadFile(file)
		if err != nil {
			continue
		}
		names, about := nameLine(string(text))
		for _, name := range names {
			out = append(out, manualPage{Name: name, Section: path.Ext(file)[1:], About: about, file: file})
		}
	}
	slices.SortFunc(out, func(a, b manualPage) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// nameLine takes the line below NAME apart.
func nameLine(text string) (names []string, about string) {
	_, rest, _ := strings.Cut(text, ".SH NAME\n")
	line, _, _ := strings.Cut(rest, "\n")
	list, about, _ := strings.Cut(line, ` \- `)
	for _, name := range strings.Split(list, ",") {
		names = append(names, strings.ReplaceAll(strings.TrimSpace(name), `\-`, "-"))
	}
	return names, strings.ReplaceAll(about, `\-`, "-")
}

// manualFiles are the pages to be installed, and for each name that has none of
// its own a link to the page it is on.
func manualFiles() ([]installedFile, error) {
	var out []installedFile
	for _, p := range manualIndex() {
		text, err := pages.ReadFile(p.file)
		if err != nil {
			return nil, err
		}
		if own := p.Name + "." + p.Section; own != p.file {
			text = fmt.Appendf(nil, ".so man%s/%s\n", p.Section, p.file)
		}
		out = append(out, installedFile{path: "usr/share/man/man" + p.Section + "/" + p.Name + "." + p.Section, mode: 0o644, content: text})
	}
	return out, nil
}

func printIndex(w io.Writer) error {
	for _, p := range manualIndex() {
		if _, err := fmt.Fprintf(w, "%-26s - %s\n", p.Name+" ("+p.Section+")", p.About); err != nil {
			return err
		}
	}
	return nil
}
