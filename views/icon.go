package views

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/a-h/templ"

	"allotment/views/words"
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

// Icon draws an icon that goes with words: readers that speak pass over it. It is written by hand, as is moment, because a list
// draws one on every row.
func Icon(name, class string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		return write(w, `<svg class="`, templ.EscapeString(class), ` shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor" `+
			`stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">`, icons[name], `</svg>`)
	})
}

// moment is a time in words, with the exact time for those who want it.
func moment(at, now time.Time) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		at := at.UTC()
		return write(w, `<time datetime="`, at.Format(time.RFC3339), `" title="`, at.Format("2006-01-02 15:04:05 UTC"), `">`,
			templ.EscapeString(words.Ago(ctx, at, now)), `</time>`)
	})
}

func write(w io.Writer, parts ...string) error {
	for _, part := range parts {
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}
