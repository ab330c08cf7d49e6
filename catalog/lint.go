package catalog

import (
	"context"
	"fmt"
	"io/fs"
	"os/exec"
	"sort"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Lint says everything that is wrong with a folder of entries, sorted by place. Where cloud-init is installed, the user-data that
// each entry renders is put to its schema too.
func Lint(files fs.FS) []Problem {
	apps, problems := read(files)
	for _, app := range apps {
		if err := cloudInitSchema(app); err != nil {
			problems = append(problems, Problem{File: app.ID + "/app.yaml", Message: err.Error()})
		}
	}
	sort.SliceStable(problems, func(i, j int) bool {
		if problems[i].File != problems[j].File {
			return problems[i].File < problems[j].File
		}
		return problems[i].Line < problems[j].Line
	})
	return problems
}

// linter checks the meaning of one manifest whose shape is right.
type linter struct {
	file, folder string
	root         *yaml.Node
	app          *App
	problems     []Problem
}

// run makes every check. Each is in the file that its subject suggests.
func (l *linter) run() {
	l.checkNames()
	l.checkTexts(l.root, fieldType[App](), "")
	l.checkUpstream()
	l.checkOpenness()
	l.checkPlans()
	l.checkQuestions()
	l.checkFiles()
	l.checkHosts()
	l.checkDNS()
	l.checkNeeds()
	l.checkSecrets()
	l.checkCare()
	if len(l.problems) == 0 {
		l.checkUserData()
	}
}

// report adds a problem at the line of path, e.g. report("too small", "plans", 1, "vcpu").
func (l *linter) report(message string, path ...any) {
	l.problems = append(l.problems, Problem{File: l.file, Line: lineOf(l.root, path), Message: message})
}

// reportf is report for a place that is one field of the manifest.
func (l *linter) reportf(field, format string, args ...any) {
	l.report(field+": "+fmt.Sprintf(format, args...), field)
}

// lineOf follows field names and list positions down from node, as far as they lead, and returns the line.
func lineOf(node *yaml.Node, path []any) int {
	line := node.Line
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node, line = next.value, next.line
	}
	return line
}

type located struct {
	value *yaml.Node
	line  int
}

func child(node *yaml.Node, step any) *located {
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return &located{node.Content[step], node.Content[step].Line}
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return &located{node.Content[i+1], node.Content[i].Line}
			}
		}
	}
	return nil
}

// oneOf reports a field whose value is not among the allowed ones.
func (l *linter) oneOf(value string, allowed []string, path ...any) {
	if !contains(allowed, value) {
		l.report(fmt.Sprintf("%q is not allowed here; write one of: %s", value, strings.Join(allowed, ", ")), path...)
	}
}

// day reports a field that is not a date.
func (l *linter) day(value string, path ...any) {
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		l.report(fmt.Sprintf("%q is not a day; write it like 2026-11-20", value), path...)
	}
}

// cloudInitSchema puts an entry's user-data to cloud-init's own schema; nil where cloud-init is not installed.
func cloudInitSchema(app *App) error {
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		return nil
	}
	data, err := UserData(app, sampleOrder(app))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, "schema", "--config-file", "/dev/stdin")
	command.Stdin = strings.NewReader(string(data))
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cloud-init refuses the user-data: %s", strings.TrimSpace(string(out)))
	}
	return nil
}
