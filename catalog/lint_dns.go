package catalog

import (
	"fmt"
	"strings"
)

var recordTypes = []string{"A", "AAAA", "CNAME", "MX", "TXT", "SRV"}

func (l *linter) checkHosts() {
	if len(l.app.Hosts) == 0 {
		l.reportf("hosts", "there is none")
	}
	seen := map[string]bool{}
	for i, host := range l.app.Hosts {
		rest, ok := strings.CutSuffix(host.Name, "{domain}")
		if !ok || strings.ContainsAny(rest, "{} ") || (rest != "" && !strings.HasSuffix(rest, ".")) {
			l.report(fmt.Sprintf("%q must be {domain} or a name below it, such as webmail.{domain}", host.Name), "hosts", i, "name")
		}
		if seen[host.Name] {
			l.report(fmt.Sprintf("the host %q is there twice", host.Name), "hosts", i, "name")
		}
		seen[host.Name] = true
	}
}

func (l *linter) checkDNS() {
	if len(l.app.Hosts) == 0 {
		return // placeholders need a host
	}
	known := l.app.placeholders(DNSValues{})
	addressed := false
	for i, record := range l.app.Records {
		l.oneOf(record.Type, recordTypes, "dns", i, "type")
		l.checkTemplate(record.Name, known, "dns", i, "name")
		l.checkTemplate(record.Value, known, "dns", i, "value")
		if record.TTL < 0 || record.TTL > 86400 {
			l.report("ttl is in seconds, at most 86400", "dns", i, "ttl")
		}
		if !strings.Contains(record.Name, "{domain}") && !strings.Contains(record.Name, "{host}") {
			l.report("the name must lie in the tenant's {domain} or {host}", "dns", i, "name")
		}
		addressed = addressed || record.Type == "A"
	}
	if !addressed {
		l.reportf("dns", "no A record leads to the app")
	}
}

// checkTemplate reports braces that do not pair up and names that are no placeholder.
func (l *linter) checkTemplate(template string, known map[string]string, path ...any) {
	rest := template
	for {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			l.report(fmt.Sprintf("%q has a } without a {", template), path...)
		}
		if !found {
			return
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			l.report(fmt.Sprintf("%q has a { without a }", template), path...)
			return
		}
		if _, ok := known[name]; !ok {
			l.report(fmt.Sprintf("{%s} is not a placeholder%s", name, didYouMean(name, keys(known))), path...)
		}
		rest = tail
	}
}
