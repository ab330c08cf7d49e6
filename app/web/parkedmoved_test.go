package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

var anchors = regexp.MustCompile(`<a\s[^>]*href="([^"]+)"`)

// follow opens all that a page's content links to within the site, and wants each to be there. It returns the addresses.
func (v *visitor) follow(at page) (led []string) {
	v.t.Helper()
	content := at.body[strings.Index(at.body, `id="main"`):]
	for _, m := range anchors.FindAllStringSubmatch(content, -1) {
		to := html.UnescapeString(m[1])
		if !strings.HasPrefix(to, "/") {
			continue
		}
		led = append(led, to)
		if got := v.get(to); got.status != http.StatusOK {
			v.t.Errorf("the page links to %s, which answers %d", to, got.status)
		}
	}
	return led
}

// TestParkedOfWhoMovedAwayHasNoDeadLink: the seller that sold it reads whose it is and why it is led no further, and every link of the page is
// good, before the move and after it.
func TestParkedOfWhoMovedAwayHasNoDeadLink(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	giver, customer := s.Reseller(t), s.Resold(t)
	s.place(t, customer, "team")
	conn, err := pgx.Connect(ctx, s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck // the test ends
	if _, err := conn.Exec(ctx, `UPDATE subscriptions SET parked = 'The invoice lacks the customer''s name and address.' WHERE seller_id = $1`, giver.Organization); err != nil {
		t.Fatal(err)
	}
	v, page := s.as(t, giver.Email), "/customers/"+customer.Organization.String()
	const why = "has another seller now, so you see its page no more."
	before := v.get("/sales/parked")
	if led := strings.Join(v.follow(before), " "); !strings.Contains(led, page) || !strings.Contains(led, page+"/billing") || before.has(why) {
		t.Errorf("before the move it leads to %s", led)
	}
	receiver := s.Below(t, s.Operator, app.Reseller, "receiver")
	m, err := s.Portal.StartTransfer(ctx, giver, customer.Organization, "receiver", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []app.Actor{customer, receiver} {
		if _, err := s.Portal.AgreeTransfer(ctx, who, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := v.get(page); got.status != http.StatusNotFound {
		t.Fatalf("the former seller opens the customer: %d", got.status)
	}
	after := v.get("/sales/parked")
	led := v.follow(after)
	if strings.Contains(after.body, page) || !after.has("Demo resold") || !after.has(why) || !after.has("Please ask the customer to put its billing details right.") || !after.has("Invoice it now") {
		t.Errorf("after the move it leads to %v: %s", led, after.body)
	}
}
