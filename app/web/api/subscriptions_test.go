package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"allotment/app"
	"allotment/app/portal/portaltest"
)

// subscribed is what a test reads of a subscription, and of what was done with it.
type subscribed struct {
	Plan    string
	End     string
	Bound   bool
	Later   *struct{ Plan, On string }
	Choices []struct {
		Plan       struct{ ID string }
		Current    bool
		Difference struct{ Minor int64 }
	}
	Next *struct {
		Document *struct{ Gross struct{ Minor int64 } }
	} `json:"next_invoice"`
	Documents []struct {
		Kind, Number string
		Gross        struct{ Minor int64 }
	}
	On        string
	Operation *struct{ ID, Kind string }
}

func (a answer) subscribed(t *testing.T, want int) (s subscribed) {
	t.Helper()
	if a.status != want {
		t.Fatalf("%d %s, want %d", a.status, a.body, want)
	}
	plain := map[string]json.RawMessage{}
	if err := json.Unmarshal(a.body, &plain); err != nil {
		t.Fatal(err)
	}
	if data := plain["plan"]; len(data) > 0 && data[0] == '{' { // what changes it describes the new size
		delete(plain, "plan")
	}
	data, _ := json.Marshal(plain)
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// paid places an order that is delivered and costs from today on; it returns the path of its service.
func (s *site) paid(t *testing.T, robot *program) string {
	t.Helper()
	placed := robot.post("/orders", order("team"))
	id, err := app.ParseID(placed.text("service"))
	if err != nil {
		t.Fatalf("the order: %d %s", placed.status, placed.body)
	}
	s.activate(t, id)
	s.exec(t, `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, id)
	return "/services/" + id.String()
}

// TestSubscriptionNow: a change now issues what its preview shows and begins an operation, once, however often it is sent; meanwhile another is
// a conflict. An end now wants the host.
func TestSubscriptionNow(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	service := s.paid(t, robot)
	is := robot.get(service+"/subscription").subscribed(t, http.StatusOK)
	if is.Plan != "small" || is.End != "" || len(is.Choices) != 4 || !is.Choices[0].Current || is.Choices[2].Plan.ID != "large" || is.Choices[2].Difference.Minor <= 0 {
		t.Errorf("the subscription: %+v", is)
	}
	change := map[string]string{"plan": "large", "when": "now"}
	foreseen := robot.post(service+"/plan/preview", change).subscribed(t, http.StatusOK)
	if foreseen.Operation != nil || foreseen.Next == nil {
		t.Errorf("the preview: %+v", foreseen)
	}
	if is := robot.get(service+"/subscription").subscribed(t, http.StatusOK); is.Plan != "small" {
		t.Errorf("a preview changed it to %s", is.Plan)
	}
	first := robot.postAs("change", service+"/plan", change)
	done := first.subscribed(t, http.StatusAccepted)
	if done.Operation == nil || done.Operation.Kind != "change" || first.header.Get("Location") != "/api/v1/operations/"+done.Operation.ID || done.On != foreseen.On ||
		len(done.Documents) != len(foreseen.Documents) {
		t.Errorf("the change: %s", first.body)
	}
	for i, d := range done.Documents {
		if before := foreseen.Documents[i]; before.Number != "" || d.Number == "" || d.Kind != before.Kind || d.Gross != before.Gross {
			t.Errorf("foreseen %+v, issued %+v", before, d)
		}
	}
	if again := robot.postAs("change", service+"/plan", change); !bytes.Equal(again.body, first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same request again: %d %s", again.status, again.body)
	}
	if got := robot.post(service+"/plan", map[string]string{"plan": "medium", "when": "now"}); got.status != http.StatusConflict {
		t.Errorf("a change in a change: %d %s", got.status, got.body)
	}
	if is := robot.get(service+"/subscription").subscribed(t, http.StatusOK); is.Plan != "large" {
		t.Errorf("it is %s", is.Plan)
	}
	if got := robot.post(service+"/cancel/preview", map[string]string{"when": "now"}).subscribed(t, http.StatusOK); got.End == "" || got.Operation != nil {
		t.Errorf("the end foreseen: %+v", got)
	}
	if got := robot.post(service+"/cancel", map[string]string{"when": "now", "confirm": "another"}); got.status != 422 || !bytes.Contains(got.body, []byte(`"#/confirm"`)) {
		t.Errorf("an end without the host: %d %s", got.status, got.body)
	}
	got := robot.post(service+"/cancel", map[string]string{"when": "now", "confirm": "team." + portaltest.Zone})
	if end := got.subscribed(t, http.StatusAccepted); end.Operation == nil || end.Operation.Kind != "terminate" || got.header.Get("Location") != "/api/v1/operations/"+end.Operation.ID {
		t.Errorf("the end: %s", got.body)
	}
}

// TestSubscriptionLater: a size and an end for a later day are chosen and taken back.
func TestSubscriptionLater(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	service := s.paid(t, robot)
	later := map[string]string{"plan": "large", "when": "period_end"}
	got := robot.post(service+"/plan", later)
	if done := got.subscribed(t, http.StatusAccepted); done.Operation != nil || got.header.Get("Location") != "/api/v1"+service+"/subscription" {
		t.Errorf("a size for later: %s", got.body)
	}
	if is := robot.get(service+"/subscription").subscribed(t, http.StatusOK); is.Plan != "small" || is.Later == nil || is.Later.Plan != "large" {
		t.Errorf("a size was chosen for later: %+v", is)
	}
	if is := robot.post(service+"/keep-plan", nil).subscribed(t, http.StatusOK); is.Later != nil {
		t.Errorf("it was given up: %+v", is)
	}
	if got := robot.post(service+"/keep-plan", nil); got.status != http.StatusConflict {
		t.Errorf("nothing to give up: %d %s", got.status, got.body)
	}
	end := map[string]string{"when": "period_end"}
	foreseen := robot.post(service+"/cancel/preview", end).subscribed(t, http.StatusOK)
	if done := robot.post(service+"/cancel", end).subscribed(t, http.StatusAccepted); done.End == "" || done.End != foreseen.End || done.Operation != nil {
		t.Errorf("it ends %q, foreseen %q", done.End, foreseen.End)
	}
	if got := robot.post(service+"/cancel", end); got.status != http.StatusConflict {
		t.Errorf("cancelled twice: %d %s", got.status, got.body)
	}
	if next := robot.post(service+"/reactivate/preview", nil).subscribed(t, http.StatusOK); next.Next == nil || next.Next.Document == nil || next.Next.Document.Gross.Minor <= 0 {
		t.Errorf("the invoice that would follow: %+v", next)
	}
	if is := robot.post(service+"/reactivate", nil).subscribed(t, http.StatusOK); is.End != "" {
		t.Errorf("it was taken back: %+v", is)
	}
	if got := robot.post(service+"/reactivate", nil); got.status != http.StatusConflict {
		t.Errorf("taken back twice: %d %s", got.status, got.body)
	}
}

// TestSubscriptionRefusals: what is wrong is refused at its field, and who may not, or does not own it, learns nothing.
func TestSubscriptionRefusals(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot, viewer := s.program(t, s.Tenant, app.RoleCustomerAdmin), s.program(t, s.Tenant, app.RoleCustomerViewer)
	other := s.program(t, s.Other, app.RoleCustomerAdmin)
	service := s.paid(t, robot)
	for place, body := range map[string]map[string]string{
		`"#/plan"`: {"plan": "huge", "when": "now"}, `"#/when"`: {"plan": "large", "when": "never"}, `"#"`: {"plan": "large"}, `"#/price"`: {"plan": "large", "when": "now", "price": "1"},
	} {
		for _, path := range []string{"/plan", "/plan/preview"} {
			if got := robot.post(service+path, body); got.status != http.StatusUnprocessableEntity || !bytes.Contains(got.body, []byte(`"pointer":`+place)) {
				t.Errorf("%s %v: %d %s", path, body, got.status, got.body)
			}
		}
	}
	if got := robot.postAs("", service+"/plan", map[string]string{"plan": "large", "when": "now"}); got.status != http.StatusBadRequest {
		t.Errorf("without an Idempotency-Key: %d %s", got.status, got.body)
	}
	if got := viewer.get(service + "/subscription"); got.status != http.StatusOK {
		t.Errorf("a viewer looks: %d %s", got.status, got.body)
	}
	if got := other.get(service + "/subscription"); got.status != http.StatusNotFound {
		t.Errorf("another looks: %d %s", got.status, got.body)
	}
	for path, body := range map[string]map[string]string{
		"/plan": {"plan": "large", "when": "now"}, "/plan/preview": {"plan": "large", "when": "now"}, "/keep-plan": nil,
		"/cancel": {"when": "period_end"}, "/cancel/preview": {"when": "now"}, "/reactivate": nil, "/reactivate/preview": nil,
	} {
		var sent any
		if body != nil {
			sent = body
		}
		if got := viewer.post(service+path, sent); got.status != http.StatusForbidden {
			t.Errorf("a viewer %s: %d %s", path, got.status, got.body)
		}
		if got := other.post(service+path, sent); got.status != http.StatusNotFound {
			t.Errorf("another %s: %d %s", path, got.status, got.body)
		}
	}
}
