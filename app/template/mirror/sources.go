package mirror

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// HostHosts returns the hosts of the Debian mirrors that this machine's apt uses, sorted; none where it names none.
// Other people's archives (a source whose address has no /debian path) are left out.
func HostHosts() []string { return hosts(debian("/etc/apt")) }

// HostMirror returns the first Debian mirror that this machine's apt uses, or "".
func HostMirror() string {
	for _, address := range debian("/etc/apt") {
		if strings.HasSuffix(strings.TrimSuffix(address, "/"), "/debian") {
			return strings.TrimSuffix(address, "/")
		}
	}
	return ""
}

// debian reads the addresses of Debian archives from sources.list and sources.list.d (sources.list(5), both formats).
func debian(folder string) []string {
	var found []string
	lists, _ := filepath.Glob(filepath.Join(folder, "sources.list.d", "*.list"))
	for _, name := range append([]string{filepath.Join(folder, "sources.list")}, lists...) {
		for _, line := range lines(name) {
			if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "deb" {
				found = append(found, archives(fields[1:])...)
			}
		}
	}
	units, _ := filepath.Glob(filepath.Join(folder, "sources.list.d", "*.sources"))
	for _, name := range units {
		for _, line := range lines(name) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(key), "uris") {
				found = append(found, archives(strings.Fields(value))...)
			}
		}
	}
	return found
}

// lines returns the lines of a file that are no comments; none when it cannot be read.
func lines(name string) []string {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(strings.Split(string(raw), "\n"), func(s string) bool { return strings.HasPrefix(s, "#") })
}

// archives picks the addresses of Debian archives out of words.
func archives(words []string) []string {
	var found []string
	for _, word := range words {
		u, err := url.Parse(word)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			continue
		}
		if strings.Contains(u.Path, "/debian") {
			found = append(found, word)
		}
	}
	return found
}

func hosts(addresses []string) []string {
	var found []string
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil {
			found = append(found, strings.ToLower(u.Host))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
