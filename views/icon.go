package views

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed icons/*.svg
var iconFiles embed.FS

// icons holds the shapes of each icon by name; see static/source/build.mjs for where they come from.
var icons = readIcons()

func readIcons() map[string]string {
	shapes := map[string]string{}
	names, _ := fs.Glob(iconFiles, "icons/*.svg")
	for _, name := range names {
		data, _ := iconFiles.ReadFile(name)
		shapes[strings.TrimSuffix(strings.TrimPrefix(name, "icons/"), ".svg")] = string(data)
	}
	return shapes
}
