package app_test

import (
	"os/exec"
	"strings"
	"testing"
)

// house says what each part may import of the others, directly. A part that is not here may be imported by nobody but cmd and e2e.
// What a part's tests import is their own affair.
var house = map[string][]string{
	"billing":                  {},
	"billing/bank":             {"billing", "billing/markup"},
	"billing/billingtest":      {"billing", "billing/invoice", "billing/tax"},
	"billing/cycle":            {"billing", "billing/invoice", "billing/tax"},
	"billing/export":           {"billing", "billing/invoice", "billing/ledger", "billing/markup", "billing/tax"},
	"billing/invoice":          {"billing", "billing/tax"},
	"billing/ledger":           {"billing", "billing/invoice"},
	"billing/markup":           {},
	"billing/pdf":              {"billing", "billing/invoice", "billing/tax"},
	"billing/tax":              {"billing"},
	"billing/ubl":              {"billing", "billing/invoice", "billing/markup", "billing/tax"},
	"catalog":                  {"billing"},
	"migrations":               {},
	"app":                      {"billing", "catalog"},
	"app/colour":               {},
	"app/vault":                {},
	"app/planner":              {"app", "billing", "catalog"},
	"app/store":                {"app", "billing", "billing/cycle", "billing/invoice", "billing/ledger", "billing/tax", "catalog", "migrations"},
	"app/portal":               {"app", "app/biller", "app/colour", "app/exporter", "app/payment", "app/planner", "app/store", "app/vault", "billing", "billing/bank", "billing/cycle", "billing/export", "billing/invoice", "billing/ledger", "billing/pdf", "billing/tax", "billing/ubl", "catalog"},
	"app/openid":               {"app", "app/store", "app/vault"},
	"app/provision":            {"app", "billing", "catalog", "app/store", "app/planner", "app/vault"},
	"app/provision/drivertest": {"app", "app/provision"},
	"app/biller":               {"app", "app/store", "billing", "billing/bank", "billing/cycle", "billing/invoice", "billing/ledger", "billing/tax"},
	"app/exporter":             {"app", "app/store", "billing", "billing/bank", "billing/export", "billing/invoice", "billing/ledger", "billing/pdf", "billing/tax", "billing/ubl"},
	"app/folder":               {"app"},
	"app/payment":              {"app", "app/biller", "app/store", "billing", "billing/tax"},
	"app/payment/providertest": {"app", "app/payment", "billing"},
	"app/outbox":               {"app", "app/store", "app/vault"},
	"app/biller/billertest":    {"app/biller", "app/portal/portaltest", "billing/billingtest"},
	"app/worker":               {"app", "app/biller", "app/store", "app/portal", "app/provision", "app/outbox", "app/payment"},
	"app/driver/proxmox":       {"app"},
	"app/driver/powerdns":      {"app"},
	"app/driver/ldap":          {"app"},
	"app/driver/postfix":       {"app"},
	"app/driver/signin":        {"app"},
	"app/driver/smtp":          {"app"},
	"app/driver/hydra":         {"app"},
	"app/driver/openid":        {"app"},
	"app/driver/stripe":        {"app", "billing"},
	"app/driver/vies":          {"app", "billing"},
	"app/driver/ecb":           {"app", "billing"},
	"app/template":             {"app/template/mirror"},
	"app/template/mirror":      {},
	"static":                   {},
	"views":                    {"app", "billing", "billing/cycle", "billing/invoice", "billing/ledger", "billing/tax", "catalog", "app/colour", "app/portal", "app/store", "static", "views/words"},
	"views/words":              {"app"},
	"app/web":                  {"app", "app/openid", "billing", "billing/export", "billing/invoice", "billing/ledger", "billing/tax", "catalog", "app/colour", "app/store", "app/payment", "app/portal", "app/web/api", "app/web/dav", "views", "views/words", "static"},
	"app/web/dav":              {"app", "app/portal", "billing"},
	"app/web/api":              {"app", "billing", "billing/invoice", "billing/tax", "catalog", "app/portal", "views/words"},
	"app/store/storetest":      {"app/store", "e2e/lab", "migrations"},
	"app/portal/portaltest":    {"app", "billing/invoice", "billing/ledger", "billing/tax", "catalog", "app/folder", "app/planner", "app/portal", "app/store", "app/store/storetest", "app/vault"},
	"e2e/pve":                  {},
	"e2e/lab":                  {},
}

// free are the folders that may import everything: they join the parts, or try them as a whole.
var free = []string{"cmd/", "e2e/"}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "allotment/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		part := strings.TrimPrefix(fields[0], "allotment/")
		seen[part] = true
		allowed, known := house[part]
		if !known {
			if !isFree(part) {
				t.Errorf("the package %s is not in the table of the house: say what it may import", part)
			}
			continue
		}
		for _, imported := range fields[1:] {
			other, ours := strings.CutPrefix(imported, "allotment/")
			if ours && !contains(allowed, other) {
				t.Errorf("%s imports %s, which the table of the house does not allow", part, other)
			}
		}
	}
	for part := range house {
		if !seen[part] {
			t.Errorf("the table of the house names %s, which does not exist", part)
		}
	}
}

func isFree(part string) bool {
	for _, prefix := range free {
		if strings.HasPrefix(part+"/", prefix) {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, each := range list {
		if each == s {
			return true
		}
	}
	return false
}
