package catalog

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Embedded holds the entries that are part of the program, one folder each.
//
//go:embed */*
var Embedded embed.FS

// Catalog is a set of apps that were found in order.
type Catalog struct {
	apps []*App
}

// Apps lists every app by its ID's order.
func (c *Catalog) Apps() []*App { return c.apps }

// App returns the app with the given ID; false when the catalog has none.
func (c *Catalog) App(id string) (*App, bool) {
	for _, app := range c.apps {
		if app.ID == id {
			return app, true
		}
	}
	return nil, false
}

// Load reads every entry of a folder of entries. It refuses the whole when any entry has a problem, and names the first ones.
func Load(files fs.FS) (*Catalog, error) {
	apps, problems := read(files)
	if len(problems) > 0 {
		return nil, problemsError(problems)
	}
	return &Catalog{apps: apps}, nil
}

// Problem is one thing that is wrong with an entry.
type Problem struct {
	File    string
	Line    int // from 1; 0 when it concerns the file as a whole
	Message string
}

// String is the problem as compilers write it: "redmine/app.yaml:12: message".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ": " + p.Message
}

func problemsError(problems []Problem) error {
	const shown = 5
	var lines []string
	for _, problem := range problems[:min(len(problems), shown)] {
		lines = append(lines, problem.String())
	}
	if len(problems) > shown {
		lines = append(lines, fmt.Sprintf("and %d more; run catalog lint", len(problems)-shown))
	}
	return errors.New("the catalog has problems:\n" + strings.Join(lines, "\n"))
}

// read reads and checks every entry, as far as that goes without other programs. Files beside the folders are not looked at.
func read(files fs.FS) (apps []*App, problems []Problem) {
	folders, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, []Problem{{File: ".", Message: err.Error()}}
	}
	for _, folder := range folders {
		if folder.IsDir() && !strings.HasPrefix(folder.Name(), ".") {
			app, found := readApp(files, folder.Name())
			problems = append(problems, found...)
			if app != nil {
				apps = append(apps, app)
			}
		}
	}
	return apps, problems
}

// readApp reads the entry in one folder. The app is nil when it has a problem.
func readApp(files fs.FS, folder string) (*App, []Problem) {
	file := folder + "/app.yaml"
	data, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, []Problem{{File: file, Message: "the file is missing or cannot be read"}}
	}
	root, app, problems := decode(file, data)
	if len(problems) > 0 {
		return nil, problems
	}
	app.files, err = readFiles(files, folder)
	if err != nil {
		return nil, []Problem{{File: folder, Message: err.Error()}}
	}
	l := &linter{file: file, folder: folder, root: root, app: app}
	l.run()
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	return app, nil
}

// decode reads a manifest whose shape is right.
func decode(file string, data []byte) (root *yaml.Node, app *App, problems []Problem) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&document); err != nil {
		return nil, nil, []Problem{syntaxProblem(file, err)}
	}
	report := func(line int, format string, args ...any) {
		problems = append(problems, Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	root = document.Content[0]
	(&shape{report: report}).check(root, reflect.TypeFor[App](), "")
	if len(problems) > 0 {
		return nil, nil, problems
	}
	app = new(App)
	if err := root.Decode(app); err != nil {
		return nil, nil, []Problem{syntaxProblem(file, err)}
	}
	return root, app, nil
}

// syntaxProblem takes the line out of yaml.v3's message "yaml: line 3: what is wrong".
func syntaxProblem(file string, err error) Problem {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		number, words, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			return Problem{File: file, Line: line, Message: "this is not YAML: " + words}
		}
	}
	return Problem{File: file, Message: "this is not YAML: " + message}
}

// readFiles reads every file of a folder but the manifest.
func readFiles(files fs.FS, folder string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, entry := range entries {
		if entry.IsDir() || entry.Name() == "app.yaml" {
			continue
		}
		data, err := fs.ReadFile(files, folder+"/"+entry.Name())
		if err != nil {
			return nil, err
		}
		out[entry.Name()] = data
	}
	return out, nil
}
