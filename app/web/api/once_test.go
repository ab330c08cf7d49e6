package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"allotment/app"
)

func TestPostIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	first := robot.postAs("one", "/orders", order("team"))
	if first.status != http.StatusCreated || first.header.Get("Location") != "/api/v1/orders/"+first.text("id") || first.header.Get("Idempotent-Replayed") != "" {
		t.Fatalf("an order: %d %v %s", first.status, first.header, first.body)
	}
	again := robot.postAs("one", "/orders", order("team"))
	if again.status != first.status || !bytes.Equal(again.body, first.body) || again.header.Get("Location") != first.header.Get("Location") || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same again: %d %v %s", again.status, again.header, again.body)
	}
	if got := robot.postAs("one", "/orders", order("other")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("another body: %d %s", got.status, got.body)
	}
	if got := robot.postAs("one", "/orders/preview", order("team")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("another address: %d %s", got.status, got.body)
	}
	for _, name := range []string{"", strings.Repeat("x", 129), "a b", "ä"} {
		if got := robot.postAs(name, "/orders", order("nameless")); got.status != http.StatusBadRequest {
			t.Errorf("the name %q: %d", name, got.status)
		}
	}
	neighbour := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	if got := neighbour.postAs("one", "/orders", order("neighbour")); got.status != http.StatusCreated || got.text("id") == first.text("id") {
		t.Errorf("another key with the same name: %d %s", got.status, got.body)
	}
	wrong := robot.postAs("two", "/orders", order("-wrong-"))
	if got := robot.postAs("two", "/orders", order("-wrong-")); got.status != http.StatusUnprocessableEntity || !bytes.Equal(got.body, wrong.body) {
		t.Errorf("a refusal again: %d %s", got.status, got.body)
	}
	if got := robot.get("/services"); len(got.json["items"].([]any)) != 2 {
		t.Errorf("services: %s", got.body)
	}
}

func TestPostInParallel(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	answers := make([]answer, 12)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = robot.postAs("same", "/orders", order("team")) })
	}
	all.Wait()
	orders := map[string]bool{}
	for _, a := range answers {
		switch a.status {
		case http.StatusCreated:
			orders[a.text("id")] = true
		case http.StatusConflict:
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if len(orders) != 1 {
		t.Errorf("%d orders came of one", len(orders))
	}
}

// TestPostAfterACrash drops the note of a request, as a process does that dies before it has answered: the order is placed once all the same.
func TestPostAfterACrash(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	first := robot.postAs("one", "/orders", order("team"))
	s.exec(t, `UPDATE api_answers SET answer = NULL`)
	if got := robot.postAs("one", "/orders", order("team")); got.status != http.StatusConflict || got.header.Get("Retry-After") == "" {
		t.Errorf("while it may still be worked on: %d %s", got.status, got.body)
	}
	s.exec(t, `UPDATE api_answers SET started_at = started_at - interval '3 minutes'`)
	if got := robot.postAs("one", "/orders", order("team")); got.status != http.StatusCreated || got.text("id") != first.text("id") {
		t.Errorf("after the crash: %d %s, want the order %s", got.status, got.body, first.text("id"))
	}
}
