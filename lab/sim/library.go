package sim

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed scenarios/*.txt
var library embed.FS

// Scenarios names the scenarios that come with openMosix.
func Scenarios() []string {
	files, err := fs.Glob(library, "scenarios/*.txt")
	if err != nil {
		return nil
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".txt")
	}
	return files
}

// OpenScenario opens one of them.
func OpenScenario(name string) (fs.File, error) {
	return library.Open("scenarios/" + name + ".txt")
}
