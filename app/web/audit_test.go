package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAuditPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Tenant, "audited")
	v := s.tenant(t)
	got := v.get("/organization/audit")
	for _, words := range []string{"Service ordered", "audited.", "Signed in", placed.Service.String(), s.Tenant.Name} {
		if !got.has(words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	today := time.Now().UTC().Format(time.DateOnly)
	for query, has := range map[string]bool{
		"what=service": true, "what=key": false, "what=%27;drop": true, "outcome=done": true, "outcome=refused": false, "q=owner": true, "q=nobody-at-all": false,
		"from=" + today: true, "until=" + today: true, "from=2999-01-01": false, "until=2001-01-01": false, "from=rubbish": true, "organization=" + s.Other.Organization.String(): false,
	} {
		if got := v.get("/organization/audit?" + query); got.status != http.StatusOK || got.has("Service ordered</span>") != has {
			t.Errorf("%s: %d, has the order: %t, want %t", query, got.status, !has, has)
		}
	}
	if part := v.get("/organization/audit?what=service", "HX-Request", "true", "HX-Target", "list"); part.has("<html") || !part.has("Service ordered") {
		t.Errorf("a part for htmx: %.300s", part.body)
	}
	csv := v.get("/organization/audit/export?format=csv&what=service")
	if csv.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(csv.header.Get("Content-Disposition"), "attachment") || strings.Count(csv.body, "service.order") != 1 || csv.has("session.open") {
		t.Errorf("CSV: %v %s", csv.header, csv.body)
	}
	if lines := v.get("/organization/audit/export?format=jsonl"); strings.Count(lines.body, "\n") < 3 || !lines.has(`"action":"service.order"`) {
		t.Errorf("JSON lines: %s", lines.body)
	}
	if foreign := v.get("/organization/audit/export?format=jsonl&organization=" + s.Other.Organization.String()); foreign.status != http.StatusOK || foreign.body != "" {
		t.Errorf("another organization's rows: %d %s", foreign.status, foreign.body)
	}
	if got := v.get("/organization/audit?after=rubbish"); got.status != http.StatusNotFound {
		t.Errorf("after rubbish: %d", got.status)
	}
	operator := s.as(t, s.Operator.Email)
	if got := operator.get("/organization/audit?organization=" + s.Tenant.Organization.String()); !got.has("Only "+s.Tenant.OrganizationName) || got.has("Only "+s.Other.OrganizationName) {
		t.Error("the operator cannot narrow the log to one organization")
	}
}
