package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"allotment/app"
)

// pathThings says what each parameter of a path names, by the part of the path before it. A parameter that is not here makes the walk fail:
// say which thing it is, and let furnish make one.
var pathThings = map[string]string{
	"services/:id": "service", "operations/:id": "operation", "orders/:id": "order", "keys/:id": "key", "access/:member": "member",
	"customers/:id": "customer", "transfers/:id": "transfer", "moves/:id": "transfer",
	"pay/:id": "invoice", "methods/:id": "method", "lines/:id": "line", "refunds/:id": "attempt",
	"exports/:id": "export", "mandates/:id": "mandate",
	"coupons/:id":   "coupon",
	"providers/:id": "provider", "with/:id": "provider", "identities/:id": "identity",
	"invoices/:id": "invoice",
	"catalog/:app": "", "apps/:app": "", // the catalog is everybody's
	"colours/:name": "", "logo/:name": "", "icon/:name": "", // a brand's files are public: the sign-in page shows them
	"members/:member": "member", "members/:id": "member", "people/:id": "member", "invitations/:id": "invitation", "visits/:id": "visit", "mails/:id": "mail",
	"invitation/:token": "", // a secret of its own
	"parked/:id":        "parked", "runs/:id": "run",
	"organizations/:id": "customer", "sessions/:id": "session", "passkeys/:id": "passkey",
	"enrol/:token": "", "reset/:token": "", "verify/:token": "", "undo/:token": "", // secrets of their own
}

// fixed are the values of parameters that name nobody's thing.
var fixed = map[string]string{
	"catalog/:app": "redmine", "apps/:app": "redmine", "colours/:name": "house-house.css", "logo/:name": "none", "icon/:name": "none", "enrol/:token": "none",
	"invitation/:token": "none",
	"reset/:token":      "none", "verify/:token": "none", "undo/:token": "none",
}

// fieldThings says which fields of forms, queries and bodies carry an ID, and of what. Every other field is in fieldValues, with a value that
// is right. A field that is in neither makes the walk fail.
var fieldThings = map[string]string{
	"member": "member", "organization": "organization", "for": "organization", "service": "service", "of": "organization",
	"line": "line", "refund": "refund", "moved": "moved", "below": "organization", "with": "organization",
}

var fieldValues = map[string]any{
	"app": "redmine", "plan": "small", "back": "/services", "field": "name", "after": "", "q": "", "state": "", "category": "", "who": "", "v": "",
	"limit": "1", "key": "key", "days": "30", "code": "123456", "do": "", "email": "nobody@example.test", "password": "correct horse battery", "passkey": "{}",
	"receiver": "nobody", "message": "", "idle": "30",
	"buyer": "business", "business": true, "contact": "", "street": "Example Street 1", "post_code": "1234 AB", "city": "Example City", "country": "NL", "phone": "", "vat_id": "",
	"legal_id": "", "endpoint": "", "outside_area": "", "tax_number": "1", "small_business": "", "oss": "", "below_limit": "", "registered": "",
	"export_as": "O", "hold_unchecked": "", "one_proof": "", "recheck_days": "365", "iban": "", "bic": "", "holder": "", "zone": "Europe/Amsterdam", "prefix": "",
	"due_days": "14", "dunning_first": "3", "dunning_warn": "7", "dunning_hold": "7", "dunning_grace": "14", "dunning_end": "30", "dunning_delete": "",
	"percent": "21", "valid_from": "2030-01-01", "source": "https://example.org/",
	"per_euro": "", "day": "", "published": "https://example.org/", "exchanged": "",
	"invoice": "none", "keep": "", "attempt": "",
	"level": "user", "reason": "Because it is needed.", "sender": "", "theme": "", "language": "en", "answers": map[string]any{"title": "Title"},
	"minutes": "", "disabled": "", "all": "", // no time, so that nobody of the walk goes on in a customer's name
	"saved": "", "form": "", "again": "",
	"months": "12", "currency": "", "period": "", "account": "", "as_of": "", "dry": "true", "month": "",
	"when": "period_end", "hold": "manual",
	"interval": "month", "coupon": "", "audience": "", "way": "amount", "margin": "", "setup": "", "trial": "", "minimum": "", "notice": "",
	"meter": "traffic_gib", "events": []any{map[string]any{"id": "a", "meter": "traffic_gib", "at": "2026-01-01T00:00:00Z", "quantity": "1"}}, "at": "2026-01-01T00:00:00Z", "quantity": "1",
	"floor": "1", "ahead": "30", "off": "10", "periods": "", "total": "", "each": "", "only": []string{}, "open": "",
	"from": "", "until": "", "what": "", "outcome": "", "format": "",
	"preset": "", "collect_on": "", "creditor_id": "", "datev_advisor": "", "datev_client": "", "datev_digits": "", "datev_year": "", "datev_chart": "03",
	"mandate_customer": "nobody", "mandate_reference": "M-1", "mandate_holder": "Somebody", "mandate_iban": "", "mandate_bic": "", "signed_on": "", "sequence_type": "RCUR",
	"side": "bought", "settings": map[string]any{},
	"client_id": "", "redirect_uri": "", "id": "", // of an app that signs people in: who may is asked for each person, see TestNoAccess
	"secret": "a secret", "issuer": "https://login.example.test", "scopes": "", "groups_claim": "", "strong_acr": "", "uri": "", "ca": "",
	"user_dn": "", "bind_dn": "", "base_dn": "", "filter": "", "id_attribute": "", "name_attribute": "", "mail_attribute": "", "member_of": "", "group_base": "",
	"group_filter": "", "creates": "", "default_role": "", "domains": "", "trust_second": "", "on": "true", "login": "anna", "done": "", "iss": "", "error": "",
	"year": "", "sold": "", "scope": "all", "seen": "0", "amount": "1", "how": "bank", "reference": "R-1", "paid_on": "", "note": "",
	"light": "", "dark": "", "support_email": "", "support_url": "", "imprint_url": "", "privacy_url": "", "sender_name": "", "sender_address": "",
}

// values are the fields of a request: those that carry an ID point at ids, or at the visitor's own where ids is nil.
func (m *matrix) values(who visitorAs, e entry, ids *party) map[string]any {
	all := map[string]any{}
	own := who.party
	if own == nil {
		own = m.home
	}
	if ids == nil {
		ids = own
	}
	put := func(name, kind string) {
		if thing, ok := fieldThings[name]; ok {
			all[name] = ids.thing(who.actor.Role, thing)
			return
		}
		all[name] = m.plain(name, kind, own, who.confirms)
	}
	switch {
	case e.api:
		for _, p := range e.body {
			put(p.name, p.kind)
		}
		for _, name := range e.query {
			if _, carries := fieldThings[name]; carries {
				put(name, "string")
			}
		}
	case e.method == "GET":
		for name := range fieldThings {
			put(name, "string")
		}
	default:
		for name := range m.fields {
			put(name, "string")
		}
	}
	return all
}

// plain is a right value of a field that carries no ID.
func (m *matrix) plain(name, kind string, own, confirms *party) any {
	switch kind {
	case "integer":
		return 100
	case "boolean":
		return true
	}
	switch name {
	case "confirm":
		if confirms != nil {
			return confirms.host()
		}
		return own.host()
	case "host":
		return m.word() + ".apps.example.test"
	case "name":
		return "Name " + m.word()
	case "kind":
		return "customer"
	case "owner":
		return map[string]any{"email": m.word() + "@example.test"}
	case "slug":
		return "slug-" + m.word()
	case "role":
		roles := app.RolesOf(own.kind)
		return string(roles[len(roles)-1])
	}
	return fieldValues[name]
}

// made are the fields whose right value plain makes up.
var made = []string{"confirm", "host", "name", "kind", "owner", "slug", "role", "services", "guests", "vcpu", "memory_mib", "disk_gib"}

// known fails for a field that the walk does not know.
func known(t *testing.T, name, where string) {
	t.Helper()
	if _, ok := fieldThings[name]; ok {
		return
	}
	if _, ok := fieldValues[name]; ok {
		return
	}
	for _, each := range made {
		if each == name {
			return
		}
	}
	t.Errorf("%s: the walk does not know the field %q: say in fieldThings whose ID it carries, or in fieldValues what a right value is", where, name)
}

// formFields reads the names of all fields of forms and queries from the source of the handlers.
func formFields(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{"theme": true, "language": true}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			literal, ok := call.Args[0].(*ast.BasicLit)
			if name != "Get" && name != "get" && name != "FormValue" && name != "field" || !ok || literal.Kind != token.STRING {
				return true
			}
			field, err := strconv.Unquote(literal.Value)
			if err == nil && field != "" && strings.ToLower(field) == field && !strings.Contains(field, "-") { // the others are headers
				fields[field] = true
				known(t, field, fset.Position(call.Pos()).String())
			}
			return true
		})
	}
	if len(fields) < 20 {
		t.Errorf("only %d fields were found: the search is broken", len(fields))
	}
	return fields
}
