package catalog

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

var (
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`) // Debian policy 5.6.1
	plainFile   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)
)

// checkFiles checks that every file that the manifest names is there and is of its kind.
func (l *linter) checkFiles() {
	guest := l.app.Guest
	l.checkFile(l.app.Icon, "icon")
	if svg, ok := l.app.File(l.app.Icon); ok {
		if message := checkSVG(svg); message != "" {
			l.reportf("icon", "%s: %s", l.app.Icon, message)
		}
	}
	if guest.Bake != "" {
		l.checkScript(guest.Bake, "guest", "bake")
	}
	l.checkScript(guest.Setup, "guest", "setup")
	for i, name := range guest.Files {
		l.checkFile(name, "guest", "files", i)
		if contains([]string{"order.json", "setup.sh"}, name) {
			l.report(fmt.Sprintf("%s is a name that the guest uses itself", name), "guest", "files", i)
		}
	}
	if !idPattern.MatchString(guest.Template) {
		l.report(fmt.Sprintf("%q must be lower-case letters, digits and hyphens", guest.Template), "guest", "template")
	}
	for i, name := range guest.Packages {
		if !packageName.MatchString(name) {
			l.report(fmt.Sprintf("%q is not the name of a Debian package", name), "guest", "packages", i)
		}
	}
	for i, address := range guest.Downloads {
		l.webAddress(address, "guest", "downloads", i)
	}
	if !l.app.Targets.LXC && !l.app.Targets.VM {
		l.reportf("targets", "the app must run in a container or in a virtual machine")
	}
}

func (l *linter) checkFile(name string, path ...any) {
	if _, ok := l.app.File(name); !ok || !plainFile.MatchString(name) {
		l.report(fmt.Sprintf("the file %s/%s is missing", l.folder, name), path...)
	}
}

// checkScript also wants the lines without which a failing script would go on.
func (l *linter) checkScript(name string, path ...any) {
	l.checkFile(name, path...)
	script, ok := l.app.File(name)
	if !ok {
		return
	}
	lines := strings.Split(string(script), "\n")
	if lines[0] != "#!/bin/bash" || !slices.Contains(lines, "set -euo pipefail") {
		l.report(fmt.Sprintf("%s must begin with #!/bin/bash and have a line set -euo pipefail", name), path...)
	}
	if bytes.Contains(script, []byte("\r")) {
		l.report(fmt.Sprintf("%s has line ends of Windows", name), path...)
	}
}

// checkSVG refuses an icon that is no SVG or that would run or fetch something.
func checkSVG(data []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	first := true
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && !first {
			return ""
		}
		if err != nil {
			return "it is not an SVG picture"
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if first && element.Name.Local != "svg" {
			return "it is not an SVG picture"
		}
		first = false
		if contains([]string{"script", "foreignObject", "image", "use", "style"}, element.Name.Local) {
			return "the element " + element.Name.Local + " is not allowed in an icon"
		}
		for _, attribute := range element.Attr {
			if strings.HasPrefix(attribute.Name.Local, "on") || attribute.Name.Local == "href" {
				return "the attribute " + attribute.Name.Local + " is not allowed in an icon"
			}
		}
	}
}
