package lab

import (
	"embed"
	"path/filepath"
	"sort"
	"strings"
	"text/template"
)

// confs are the servers' configurations, as templates.
//
//go:embed conf
var confs embed.FS

// render fills the configuration name with data. A value that data lacks is an error.
func render(name string, data map[string]any) (string, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(confs, "conf/"+name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return b.String(), err
}

// newest returns the last file by name that pattern matches ("" for none): of several versions, the newest one.
func newest(pattern string) string {
	found, _ := filepath.Glob(pattern)
	if len(found) == 0 {
		return ""
	}
	sort.Strings(found)
	return found[len(found)-1]
}
