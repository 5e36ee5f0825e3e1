package cli

import (
	"strings"
	"unicode/utf8"
)

// A manual page as text, for pipes and for machines without man(1). It knows the requests that the
// pages here use, and no others.

const (
	pageWidth  = 78
	bodyIndent = 7
	itemIndent = 14
	partIndent = 3
)

// pageText formats a page.
func pageText(source string) string {
	f := &formatter{indent: bodyIndent}
	for line := range strings.Lines(source) {
		f.line(strings.TrimSuffix(line, "\n"))
	}
	f.end()
	return f.out.String()
}

// formatter is a page on its way to text.
type formatter struct {
	out    strings.Builder
	words  []string // of the paragraph
	tag    string   // of the item that begins with it
	tags   bool     // the next text is a tag
	indent int
	asIs   bool // lines are not filled
	headed bool // what is next stands below a heading
}

func (f *formatter) line(line string) {
	name, rest := "", line
	if strings.HasPrefix(line, ".") {
		name, rest, _ = strings.Cut(line[1:], " ")
	}
	words := requestWords(rest)
	switch name {
	case "TH":
		f.out.WriteString(words[0] + "(" + words[1] + ")\n")
	case "SH", "SS", "PP", "TP":
		f.end()
		if !f.headed || name == "SH" || name == "SS" {
			f.out.WriteByte('\n')
		}
		f.headed = name == "SH" || name == "SS"
		f.tags = name == "TP"
		if f.indent = bodyIndent; f.tags {
			f.indent = itemIndent
		}
		switch name {
		case "SH":
			f.write(0, strings.Join(words, " "))
		case "SS":
			f.write(partIndent, strings.Join(words, " "))
		}
	case "br":
		f.end()
	case "nf", "fi":
		f.end()
		f.asIs = name == "nf"
	case "B", "I":
		f.text(strings.Join(words, " "))
	case "BR", "RB", "BI", "IB", "RI", "IR":
		f.text(strings.Join(words, ""))
	default:
		f.text(rest)
	}
}

// requestWords takes apart what follows a request: words, or several in quotes.
func requestWords(rest string) (words []string) {
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var word string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			word, rest, _ = strings.Cut(quoted, `"`)
		} else {
			word, rest, _ = strings.Cut(rest, " ")
		}
		words = append(words, word)
	}
	return words
}

// characters are the escapes of the pages; fonts are left out.
var characters = strings.NewReplacer(`\-`, "-", `\&`, "", `\(lq`, `"`, `\(rq`, `"`, `\fB`, "", `\fI`, "", `\fR`, "", `\fP`, "")

func (f *formatter) text(s string) {
	s = characters.Replace(s)
	f.headed = false
	switch {
	case f.asIs:
		f.write(f.indent, s)
	case f.tags:
		f.tag, f.tags = s, false
	default:
		f.words = append(f.words, strings.Fields(s)...)
	}
}

// end writes the paragraph out.
func (f *formatter) end() {
	line := ""
	if f.tag != "" {
		line, f.tag = strings.Repeat(" ", bodyIndent)+f.tag, ""
		if utf8.RuneCountInString(line) >= f.indent {
			f.write(0, line)
			line = ""
		} else {
			line += strings.Repeat(" ", f.indent-utf8.RuneCountInString(line)-1)
		}
	}
	if line == "" {
		line = strings.Repeat(" ", f.indent-1)
	}
	begin := len(line)
	for _, w := range f.words {
		if len(line) > begin && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > pageWidth {
			f.write(0, line)
			line = strings.Repeat(" ", f.indent-1)
			begin = len(line)
		}
		line += " " + w
	}
	f.words = nil
	if strings.TrimSpace(line) != "" {
		f.write(0, line)
	}
}

func (f *formatter) write(indent int, line string) {
	f.out.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+characters.Replace(line), " ") + "\n")
}
