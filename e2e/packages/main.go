// Packages installs the Debian packages that the lab, its guests and the browser tests need, through apt. It says what it will
// install, and does nothing where everything is there. Further ones
// may be named, as PACKAGE=FILE, where FILE (or a pattern) is there when the package is.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"allotment/e2e/lab"
)

// others are needed beside the lab's servers.
var others = []lab.Package{
	{Name: "lxc", Proof: "/usr/bin/lxc-start"},                               // real guests
	{Name: "iproute2", Proof: "/*bin/ip"},                                    // their network
	{Name: "mmdebstrap", Proof: "/usr/bin/mmdebstrap"},                       // their templates
	{Name: "zstd", Proof: "/usr/bin/zstd"},                                   // their templates
	{Name: "cloud-init", Proof: "/usr/bin/cloud-init"},                       // checks user-data
	{Name: "chromium", Proof: "/usr/bin/chromium"},                           // browser tests
	{Name: "libxml2-utils", Proof: "/usr/bin/xmllint"},                       // tests of exports
	{Name: "poppler-utils", Proof: "/usr/bin/pdftotext"},                     // tests of printed invoices
	{Name: "postgresql-contrib", Proof: "/usr/lib/postgresql/*/bin/pgbench"}, // benches
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

func run() error {
	var missing []string
	wanted := append(lab.Packages(), others...)
	for _, arg := range os.Args[1:] {
		name, proof, _ := strings.Cut(arg, "=")
		wanted = append(wanted, lab.Package{Name: name, Proof: proof})
	}
	for _, p := range wanted {
		if found, err := filepath.Glob(p.Proof); err != nil || len(found) == 0 {
			missing = append(missing, p.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	shell, err := rootShell()
	if err != nil {
		return fmt.Errorf("these Debian packages are missing: %s\n%w", strings.Join(missing, " "), err)
	}
	fmt.Println("Installing Debian packages:", strings.Join(missing, " "))
	cmd := exec.Command(shell[0], append(append(shell[1:], install, "sh"), missing...)...)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get: %w", err)
	}
	return nil
}

// install installs its arguments. The servers that they bring are not started on this machine (Debian Policy 9.3.3.1: invoke-rc.d
// asks policy-rc.d): the lab starts its own, elsewhere.
const install = `set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	trap 'rm -f $policy' EXIT
fi
apt-get update -qq >/dev/null
apt-get install -y -qq --no-install-recommends "$@" >/dev/null`

// rootShell runs a script as root: directly, or through sudo.
func rootShell() ([]string, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, errors.New("this is no Debian machine: install them by its own means")
	}
	if os.Geteuid() == 0 {
		return []string{"sh", "-c"}, nil
	}
	if _, err := exec.LookPath("sudo"); err != nil {
		return nil, errors.New("run this once as root, or install sudo")
	}
	return []string{"sudo", "sh", "-c"}, nil
}
