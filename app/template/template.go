// Package template builds the container template that Allotment's guests start from: Debian 12 with cloud-init, a
// first-boot unit that learns where the guest's configuration is, and `allotment-guest`, which carries the setup out and
// reports its progress. An app's packages may be baked in, so that an order takes seconds.
//
// # What happens in a guest
//
//  1. allotment-enrol (files/allotment-enrol) runs before cloud-init. It finds ALLOTMENT_ENROL_URL and, optionally,
//     ALLOTMENT_CA in the environment of PID 1, or the same in the comment of one ssh key of root (see KeyComment), adds
//     the authority to the trust store and writes cloud-init's NoCloud seed with one line: the address to fetch.
//  2. cloud-init fetches the user-data from there, once, over TLS. It writes /etc/allotment/order.json and
//     /etc/allotment/setup.sh (write_files, 0600) and calls `allotment-guest run` (runcmd). Both are the recipe's work.
//  3. allotment-guest (files/allotment-guest) runs setup.sh and sends its progress lines and its end to the portal.
package template

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"allotment/app/template/mirror"
)

// Suite is the Debian release in every template.
const Suite = "bookworm"

// Environment variables of a guest's PID 1, read by allotment-enrol.
const (
	EnvURL = "ALLOTMENT_ENROL_URL" // https address of the guest's user-data, with its one-time token
	EnvCA  = "ALLOTMENT_CA"        // base64 of a PEM or DER certificate that the guest shall trust; optional
)

//go:embed files
var files embed.FS

// base are the packages of every template. python3-cffi-backend is missing from cloud-init's dependencies; ifupdown is
// what Proxmox writes a Debian guest's network for (PVE::LXC::Setup::Debian).
var base = []string{
	"systemd-sysv", "dbus", "cloud-init", "python3-cffi-backend", "ca-certificates", "openssl", "curl", "jq", "sudo",
	"ifupdown", "iproute2", "iputils-ping", "netbase", "procps", "less",
}

// Options say what a template holds.
type Options struct {
	Name     string            // of the template, e.g. "allotment-redmine": lower-case letters, digits, hyphen, dot, underscore
	Packages []string          // Debian packages to bake in
	Bake     string            // bash script, run with -eE in the finished file system; no daemon starts there
	Output   string            // path of the archive (NAME.tar.zst); OUTPUT.sha256 is written beside it
	Mirror   string            // address of a Debian mirror, ending in /debian; blank means mirror.HostMirror()
	Packed   string            // folder that keeps downloaded packages for the next build; blank keeps none
	Log      func(line string) // gets each line of the build's output; may be nil
}

var (
	nameShape    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	packageShape = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)
)

// check refuses options that mmdebstrap would misread.
func (o Options) check() error {
	if !nameShape.MatchString(o.Name) {
		return fmt.Errorf("template name %q: use lower-case letters, digits, '-', '.' and '_'", o.Name)
	}
	for _, p := range o.Packages {
		if !packageShape.MatchString(p) {
			return fmt.Errorf("template %s: %q is not the name of a Debian package", o.Name, p)
		}
	}
	return nil
}

func (o Options) mirror() string {
	if o.Mirror != "" {
		return strings.TrimSuffix(o.Mirror, "/")
	}
	return mirror.HostMirror()
}

// Key names what a template with these options holds: equal inputs (packages, bake script, the files of this package)
// give the same key. The mirror is no part of it, since all mirrors hold the same packages.
func Key(o Options) string {
	packages := slices.Compact(slices.Sorted(slices.Values(o.Packages)))
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%q\n%q\n%q\n%s\n", Suite, o.Name, base, packages, o.Bake, prepare+bake+finish)
	for _, name := range fileNames() {
		raw, _ := files.ReadFile("files/" + name)
		fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(raw))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func fileNames() []string {
	entries, _ := fs.ReadDir(files, "files")
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// KeyComment returns the comment of the ssh key that carries the enrolment to a guest on Proxmox VE 8, which cannot hand
// an environment to PID 1. ca is PEM or DER and may be empty.
func KeyComment(url string, ca []byte) (string, error) {
	raw, err := json.Marshal(map[string]string{"url": url, "ca": base64.StdEncoding.EncodeToString(ca)})
	if err != nil {
		return "", err
	}
	return "allotment-enrol=" + base64.RawURLEncoding.EncodeToString(raw), nil
}

// Possible says, in words for an operator, why templates cannot be built here; nil when they can.
func Possible() error {
	var missing []string
	for program, pkg := range map[string]string{"mmdebstrap": "mmdebstrap", "zstd": "zstd", "unshare": "util-linux"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, pkg)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("building a template needs %s: run `apt-get install %s` as root", strings.Join(missing, " and "), strings.Join(missing, " "))
	}
	if os.Geteuid() != 0 {
		return errors.New("building a template needs root: run the same command with sudo")
	}
	return nil
}
