package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal/portaltest"
)

func TestCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerViewer)
	var seen []string
	path := "/apps?limit=1"
	for path != "" {
		got := robot.get(path)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		for _, item := range got.json["items"].([]any) {
			seen = append(seen, in(item, "id").(string))
		}
		path = next(got)
	}
	if !slices.IsSorted(seen) || !slices.Contains(seen, "redmine") || len(seen) < 3 {
		t.Errorf("the catalog has %v", seen)
	}
	robot.language = "nl"
	got := robot.get("/apps/redmine")
	if got.status != http.StatusOK || len(got.json["plans"].([]any)) == 0 || len(got.json["questions"].([]any)) == 0 || !strings.Contains(string(got.body), "Titel") {
		t.Errorf("redmine: %d %s", got.status, got.body)
	}
	if got := robot.get("/apps/nothing"); got.status != http.StatusNotFound || got.text("detail") == "There is no such app in the catalog." {
		t.Errorf("no app: %d %s", got.status, got.body)
	}
}

// next is the page that an answer's Link header leads to, below the API's prefix.
func next(a answer) string {
	link := a.header.Get("Link")
	if link == "" {
		return ""
	}
	return strings.TrimPrefix(link[strings.Index(link, "<")+1:strings.Index(link, ">")], "/api/v1")
}

func TestOrderAndService(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	if got := robot.post("/orders/preview", order("team")); got.status != http.StatusOK || got.text("url") != "http://team."+portaltest.Zone || len(got.json["resources"].([]any)) < 4 {
		t.Errorf("preview: %d %s", got.status, got.body)
	}
	placed := robot.post("/orders", order("team"))
	if got := robot.get("/orders/" + placed.text("id")); got.status != http.StatusOK || !bytes.Equal(got.body, placed.body) || in(got.json, "price", "currency") != "EUR" {
		t.Errorf("the order is %s, and was answered as %s", got.body, placed.body)
	}
	service, operation := "/services/"+placed.text("service"), "/operations/"+placed.text("operation")
	if got := robot.get(service); got.status != http.StatusOK || got.text("state") != "creating" || in(got.json, "operation", "id") != placed.text("operation") {
		t.Errorf("the service: %d %s", got.status, got.body)
	}
	if got := robot.get(operation); got.status != http.StatusOK || got.text("state") != "running" || len(got.json["steps"].([]any)) < 6 {
		t.Errorf("the operation: %d %s", got.status, got.body)
	}
	if got := robot.get("/operations?service=" + placed.text("service")); len(got.json["items"].([]any)) != 1 {
		t.Errorf("its operations: %s", got.body)
	}
	if got := robot.post(service+"/secrets", nil); got.status != http.StatusConflict {
		t.Errorf("secrets too early: %d %s", got.status, got.body)
	}
	if got := robot.post(operation+"/retry", map[string]any{}); got.status != http.StatusConflict {
		t.Errorf("retry of what runs: %d %s", got.status, got.body)
	}
	id, _ := app.ParseID(placed.text("service"))
	s.activate(t, id)
	revealed := robot.postAs("reveal", service+"/secrets", nil)
	if revealed.status != http.StatusOK || !strings.Contains(string(revealed.body), "very secret value") {
		t.Errorf("secrets: %d %s", revealed.status, revealed.body)
	}
	if got := robot.postAs("reveal", service+"/secrets", nil); !bytes.Equal(got.body, revealed.body) {
		t.Errorf("the same request again: %d %s", got.status, got.body)
	}
	if got := robot.post(service+"/secrets", nil); got.status != http.StatusGone {
		t.Errorf("secrets a second time: %d %s", got.status, got.body)
	}
	if got := robot.post(service+"/terminate", map[string]string{"confirm": "team"}); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"#/confirm"`) {
		t.Errorf("removal without the host: %d %s", got.status, got.body)
	}
	got := robot.post(service+"/terminate", map[string]string{"confirm": "team." + portaltest.Zone})
	if got.status != http.StatusAccepted || got.text("kind") != "terminate" || got.header.Get("Location") != "/api/v1/operations/"+got.text("id") {
		t.Errorf("removal: %d %s", got.status, got.body)
	}
}

func TestCancelAndRetry(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	placed := robot.post("/orders", order("team"))
	s.exec(t, `UPDATE operations SET state = 'failed'`)
	s.exec(t, `UPDATE steps SET state = 'failed', raw_error = 'very raw' WHERE position = 1`)
	s.exec(t, `UPDATE services SET state = 'failed'`)
	operation := "/operations/" + placed.text("operation")
	if got := robot.get(operation); strings.Contains(string(got.body), "very raw") {
		t.Errorf("a raw error is told: %s", got.body)
	}
	if got := robot.get("/operations"); strings.Contains(string(got.body), "very raw") {
		t.Errorf("a raw error is listed: %s", got.body)
	}
	if got := robot.post(operation+"/retry", nil); got.status != http.StatusAccepted || got.text("state") != "running" {
		t.Errorf("retry: %d %s", got.status, got.body)
	}
	if got := robot.post(operation+"/cancel", nil); got.status != http.StatusAccepted || got.text("kind") != "terminate" {
		t.Errorf("cancel: %d %s", got.status, got.body)
	}
}

func TestPagesOfServices(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	for i := range 5 {
		if got := robot.post("/orders", order(fmt.Sprintf("team%d", i))); got.status != http.StatusCreated {
			t.Fatalf("order: %d %s", got.status, got.body)
		}
	}
	var hosts []string
	path, pages := "/services?limit=2&q=team", 0
	for path != "" {
		got := robot.get(path)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		for _, item := range got.json["items"].([]any) {
			hosts = append(hosts, in(item, "host").(string))
		}
		if path = next(got); (path != "") != (got.text("next") != "") {
			t.Errorf("Link %q and next %q disagree", path, got.text("next"))
		}
		pages++
	}
	if pages != 3 || len(hosts) != 5 || hosts[0] != "team4."+portaltest.Zone || hosts[4] != "team0."+portaltest.Zone {
		t.Errorf("%d pages: %v", pages, hosts)
	}
	for path, want := range map[string]string{
		"/services?limit=0": "limit", "/services?limit=201": "limit", "/services?limit=x": "limit", "/services?state=nonsense": "state", "/services?unknown=1": "unknown",
	} {
		if got := robot.get(path); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"parameter":"`+want+`"`) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for _, path := range []string{"/services?after=x", "/services/1", "/services/%00", "/operations/x", "/orders/" + strings.Repeat("9", 90)} {
		if got := robot.get(path); got.status != http.StatusNotFound && got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := robot.get("/services?q=%00"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("no text: %d", got.status)
	}
}

// TestStrictBodies sends what is not described.
func TestStrictBodies(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	unknown := order("team")
	unknown["price"] = 1
	wrongType := order("team")
	wrongType["plan"] = 7
	shout := order("team")
	shout["APP"] = "redmine"
	delete(shout, "app")
	wrongAnswer := order("team")
	wrongAnswer["answers"] = map[string]string{"nonsense": "1"}
	nul := order("team")
	nul["name"] = "a\x00b"
	for name, c := range map[string]struct {
		body   any
		status int
		place  string
	}{
		"unknown field": {unknown, 422, `"#/price"`}, "wrong type": {wrongType, 422, `"#/plan"`}, "case": {shout, 422, `"#/APP"`},
		"missing": {map[string]any{}, 422, `"#"`}, "wrong answer": {wrongAnswer, 422, `"#/answers/nonsense"`}, "zero byte": {nul, 422, `"#/name"`},
		"no json": {"{", 400, ""}, "two values": {"{}{}", 400, ""}, "empty": {"", 400, ""}, "a list": {"[]", 422, ""}, "null": {"null", 422, ""},
		"too large": {`{"name":"` + strings.Repeat("x", 70<<10) + `"}`, 413, ""}, "twice": {`{"app":"redmine","App":"nextcloud","plan":"small","name":"a","host":"a"}`, 400, ""},
	} {
		got := robot.post("/orders", c.body)
		if got.status != c.status || !strings.Contains(string(got.body), c.place) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if strings.Contains(string(got.body), "xxxx") {
			t.Errorf("%s: what was sent is sent back", name)
		}
	}
	got := robot.do(http.MethodPost, "/orders", "app=redmine", "Content-Type", "application/x-www-form-urlencoded", "Idempotency-Key", "form")
	if got.status != http.StatusUnsupportedMediaType {
		t.Errorf("a form: %d %s", got.status, got.body)
	}
	taken := robot.post("/orders", order("team"))
	if got := robot.post("/orders", order("team")); taken.status != http.StatusCreated || got.status != http.StatusConflict || !strings.Contains(string(got.body), `"#/host"`) {
		t.Errorf("a taken host: %d %s", got.status, got.body)
	}
	if got := robot.post("/operations/"+taken.text("operation")+"/retry", map[string]any{"force": true}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown field where there are none: %d %s", got.status, got.body)
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerDeveloper)
	placed := robot.post("/orders", order("team"))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1/operations/"+placed.text("operation")+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+robot.token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(got.Body)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
	}()
	await := func(words string) {
		t.Helper()
		limit := time.After(20 * time.Second)
		for {
			select {
			case line, open := <-lines:
				if !open {
					t.Fatalf("the stream ended before %q", words)
				}
				if strings.Contains(line, words) {
					return
				}
			case <-limit:
				t.Fatalf("the stream never says %q", words)
			}
		}
	}
	await(`"state":"running"`)
	if got := robot.post("/operations/"+placed.text("operation")+"/cancel", nil); got.status != http.StatusAccepted {
		t.Fatalf("cancel: %d %s", got.status, got.body)
	}
	await(`"state":"cancelled"`)
	await("event: end")
	if got := robot.get("/operations/" + app.NewID().String() + "/stream"); got.status != http.StatusNotFound {
		t.Errorf("a stream of nothing: %d", got.status)
	}
	if n := s.server.Streams(); n > 1 {
		t.Errorf("%d streams are open", n)
	}
}
