package lab

import (
	"fmt"
	"os"
	"strings"
)

// Package is a Debian package that a lab needs.
type Package struct {
	Name  string // as apt knows it
	Proof string // a file (or pattern) that is there when the package is
}

// postgresPackage is named where its programs are looked for: their folder carries the version.
var postgresPackage = Package{"postgresql", "/usr/lib/postgresql/*/bin/postgres"}

// needs are the packages of each server.
func needs() map[string][]Package {
	return map[string][]Package{
		"PostgreSQL": {postgresPackage},
		"DNS (PowerDNS)": {
			{"pdns-server", "/usr/sbin/pdns_server"},
			{"pdns-backend-sqlite3", "/usr/lib/*/pdns/libgsqlite3backend.so"},
			{"sqlite3", "/usr/bin/sqlite3"},
		},
		"the directory (OpenLDAP)": {
			{"slapd", "/usr/sbin/slapd"},
		},
		"mail (Postfix and Cyrus)": {
			{"postfix", "/usr/sbin/postfix"},
			{"postfix-pgsql", "/usr/lib/postfix/postfix-pgsql.so*"},
			{"sasl2-bin", "/usr/sbin/saslauthd"},
			{"libsasl2-modules", "/usr/lib/*/sasl2/libplain.so*"},
			{"libsasl2-modules-sql", "/usr/lib/*/sasl2/libsql.so*"},
			{"cyrus-imapd", "/usr/lib/cyrus/bin/imapd"},
		},
	}
}

// servers lists needs' keys in the order in which people read them, each with its switch in Options.
func servers(o *Options) []struct {
	what string
	on   *bool
} {
	return []struct {
		what string
		on   *bool
	}{
		{"PostgreSQL", &o.Postgres},
		{"DNS (PowerDNS)", &o.DNS},
		{"the directory (OpenLDAP)", &o.Directory},
		{"mail (Postfix and Cyrus)", &o.Mail},
	}
}

// Packages lists every Debian package that a whole lab needs.
func Packages() []Package {
	var all []Package
	var o Options
	for _, s := range servers(&o) {
		all = append(all, needs()[s.what]...)
	}
	return all
}

// Check lists the packages of Packages that this machine lacks, for apt to install.
func Check() []Package { return absent(Packages()) }

func absent(packages []Package) []Package {
	var missing []Package
	for _, p := range packages {
		if newest(p.Proof) == "" {
			missing = append(missing, p)
		}
	}
	return missing
}

// withoutUnavailable lists in l what o asks for and this machine cannot run, and returns o without it.
func (l *Lab) withoutUnavailable(o Options) Options {
	for _, s := range servers(&o) {
		if !*s.on {
			continue
		}
		if m, ok := l.unavailable(s.what); ok {
			l.Unavailable = append(l.Unavailable, m)
			l.say("%s", m)
			*s.on = false
		}
	}
	if o.Mail && !(o.Postgres && o.Directory) {
		l.Unavailable = append(l.Unavailable, Missing{What: "mail (Postfix and Cyrus)", Why: "it needs PostgreSQL and the directory",
			Enable: l.Unavailable[0].Enable})
		o.Mail = false
	}
	return o
}

// unavailable tells why a server cannot run here, if so.
func (l *Lab) unavailable(what string) (Missing, bool) {
	if lacks := absent(needs()[what]); len(lacks) > 0 {
		var names []string
		for _, p := range lacks {
			names = append(names, p.Name)
		}
		list := strings.Join(names, " ")
		return Missing{What: what, Why: fmt.Sprintf("the Debian packages %s are not installed", list),
			Enable: "sudo apt-get install --no-install-recommends " + list}, true
	}
	switch {
	case !strings.HasPrefix(what, "mail") || l.namespaces:
		return Missing{}, false
	case os.Geteuid() != 0:
		return Missing{What: what, Why: "Postfix starts as root only", Enable: "sudo make run"}, true
	default: // its children would outlive us
		return Missing{What: what, Why: "this container may not make process namespaces",
			Enable: "docker run --cap-add SYS_ADMIN ... (or the like of it, for the container around)"}, true
	}
}
