package portal_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// trade is a customer between two sellers.
type trade struct {
	*portaltest.World
	giver, receiver, customer app.Actor
}

func newTrade(t *testing.T) *trade {
	t.Helper()
	w := portaltest.New(t)
	return &trade{w, w.Reseller(t), w.Below(t, w.Operator, app.Reseller, "receiver"), w.Resold(t)}
}

func (w *trade) start(t *testing.T, who app.Actor) app.Transfer {
	t.Helper()
	m, err := w.Portal.StartTransfer(t.Context(), who, w.customer.Organization, " Receiver ", "We work closer together.")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *trade) agree(t *testing.T, who app.Actor, m app.Transfer) app.Transfer {
	t.Helper()
	m, err := w.Portal.AgreeTransfer(t.Context(), who, m.ID)
	if err != nil {
		t.Fatalf("%s agrees: %v", who.OrganizationName, err)
	}
	return m
}

// wantSeller looks under whom the customer is.
func (w *trade) wantSeller(t *testing.T, seller app.Actor) {
	t.Helper()
	d, err := w.Portal.Organization(t.Context(), w.customer)
	if err != nil || d.Seller.ID != seller.Organization {
		t.Errorf("the customer's seller is %q (%v), want %q", d.Seller.Name, err, seller.OrganizationName)
	}
}

// TestMoveNeedsAllThree lets each of the three be the last to agree.
func TestMoveNeedsAllThree(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]func(w *trade) []app.Actor{
		"the receiver last":           func(w *trade) []app.Actor { return []app.Actor{w.giver, w.customer, w.receiver} },
		"the owner last":              func(w *trade) []app.Actor { return []app.Actor{w.giver, w.receiver, w.customer} },
		"the giver last":              func(w *trade) []app.Actor { return []app.Actor{w.customer, w.receiver, w.giver} },
		"for the giver, the operator": func(w *trade) []app.Actor { return []app.Actor{w.customer, w.receiver, w.Operator} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTrade(t)
			placed, err := w.Portal.PlaceOrder(t.Context(), w.customer, request("team"))
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []app.ID{w.giver.Organization, w.receiver.Organization} {
				if err := w.Portal.SetQuota(t.Context(), w.Operator, q, app.Quota{Services: limit(3)}); err != nil {
					t.Fatal(err)
				}
			}
			parties := order(w)
			m := w.start(t, parties[0])
			w.agree(t, parties[1], m)
			w.wantSeller(t, w.giver)
			if m = w.agree(t, parties[2], m); m.State != app.TransferDone {
				t.Errorf("after all have agreed it is %s", m.State)
			}
			w.wantSeller(t, w.receiver)
			wantRightTree(t, superuser(t, w.World))
			wantExactQuotas(t, w.World)
			if q := quotaOf(t, w.World, w.receiver, w.receiver.Organization); q.Services.Used != 1 {
				t.Errorf("the new seller uses %d services, want 1", q.Services.Used)
			}
			if _, err := w.Portal.Service(t.Context(), w.giver, placed.Service); app.CodeOf(err) != app.NotFound {
				t.Errorf("the seller that gave it still sees its service: %v", err)
			}
			if _, err := w.Portal.Service(t.Context(), w.receiver, placed.Service); err != nil {
				t.Errorf("the new seller does not see its service: %v", err)
			}
			for _, who := range []app.Actor{w.giver, w.receiver, w.customer} {
				if page, err := w.Portal.Transfers(t.Context(), who, ""); err != nil || len(page.Transfers) != 1 || page.Transfers[0].State != app.TransferDone {
					t.Errorf("%s reads of %d moves (%v)", who.OrganizationName, len(page.Transfers), err)
				}
			}
			var mails int
			if err := superuser(t, w.World).QueryRow(t.Context(), `SELECT count(*) FROM mails WHERE kind = 'transfer'`).Scan(&mails); err != nil || mails < 6 {
				t.Errorf("%d mails were written (%v)", mails, err)
			}
		})
	}
}

func TestMoveIsDeclinedWithdrawnOrExpires(t *testing.T) {
	t.Parallel()
	w := newTrade(t)
	for _, who := range []app.Actor{w.receiver, w.customer} {
		m := w.start(t, w.giver)
		if _, err := w.Portal.WithdrawTransfer(t.Context(), who, m.ID); app.CodeOf(err) != app.Conflict {
			t.Errorf("%s takes back what it did not begin: %v", who.OrganizationName, err)
		}
		if m, err := w.Portal.DeclineTransfer(t.Context(), who, m.ID); err != nil || m.State != app.TransferDeclined {
			t.Errorf("%s declines: %v", who.OrganizationName, err)
		}
	}
	m := w.start(t, w.customer)
	if _, err := w.Portal.StartTransfer(t.Context(), w.giver, w.customer.Organization, "receiver", ""); app.CodeOf(err) != app.Conflict {
		t.Errorf("a second move: %v", err)
	}
	if _, err := w.Portal.DeclineTransfer(t.Context(), w.customer, m.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("whoever began declines: %v", err)
	}
	if _, err := w.Portal.WithdrawTransfer(t.Context(), w.customer, m.ID); err != nil {
		t.Error(err)
	}
	m = w.start(t, w.giver)
	w.agree(t, w.customer, m)
	if _, err := superuser(t, w.World).Exec(t.Context(), `UPDATE transfers SET expires_at = $2 WHERE id = $1`, m.ID, time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.AgreeTransfer(t.Context(), w.receiver, m.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("an expired move is agreed to: %v", err)
	}
	w.wantSeller(t, w.giver)
	w.start(t, w.giver) // another may begin
}

func TestWrongMoves(t *testing.T) {
	t.Parallel()
	w := newTrade(t)
	start := func(who app.Actor, customer app.ID, receiver, message string) error {
		_, err := w.Portal.StartTransfer(t.Context(), who, customer, receiver, message)
		return err
	}
	for name, c := range map[string]struct {
		err   error
		code  app.Code
		field string
	}{
		"to nobody":           {start(w.giver, w.customer.Organization, "nobody", ""), app.Invalid, "receiver"},
		"to a customer":       {start(w.giver, w.customer.Organization, "tenant", ""), app.Invalid, "receiver"},
		"to where it is":      {start(w.giver, w.customer.Organization, "reseller", ""), app.Invalid, "receiver"},
		"with a long message": {start(w.giver, w.customer.Organization, "receiver", "\a"), app.Invalid, "message"},
		"a stranger's":        {start(w.receiver, w.customer.Organization, "receiver", ""), app.NotFound, ""},
		"a reseller":          {start(w.Operator, w.giver.Organization, "receiver", ""), app.Conflict, ""},
		"the operator":        {start(w.Operator, w.Operator.Organization, "receiver", ""), app.Conflict, ""},
		"by a neighbour":      {start(w.Tenant, w.customer.Organization, "receiver", ""), app.Forbidden, ""},
	} {
		if app.CodeOf(c.err) != c.code || (c.field != "" && app.FieldsOf(c.err)[c.field] == "") {
			t.Errorf("%s: %v, want %s at %q", name, c.err, c.code, c.field)
		}
	}
	m := w.start(t, w.giver)
	for name, who := range map[string]app.Actor{"a neighbour": w.Tenant, "another reseller": w.Below(t, w.Operator, app.Reseller, "third")} {
		if _, err := w.Portal.Transfer(t.Context(), who, m.ID); app.CodeOf(err) != app.NotFound {
			t.Errorf("%s reads of the move: %v", name, err)
		}
		if _, err := w.Portal.AgreeTransfer(t.Context(), who, m.ID); app.CodeOf(err) != app.NotFound {
			t.Errorf("%s agrees: %v", name, err)
		}
	}
	admin := w.customer
	admin.Role = app.RoleCustomerAdmin
	if _, err := w.Portal.AgreeTransfer(t.Context(), admin, m.ID); app.CodeOf(err) != app.Forbidden {
		t.Errorf("somebody agrees who is no owner: %v", err)
	}
}

// TestMoveNeedsRoom: the new seller's quota holds for what comes along.
func TestMoveNeedsRoom(t *testing.T) {
	t.Parallel()
	w := newTrade(t)
	if _, err := w.Portal.PlaceOrder(t.Context(), w.customer, request("team")); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.SetQuota(t.Context(), w.Operator, w.receiver.Organization, app.Quota{Guests: limit(0)}); err != nil {
		t.Fatal(err)
	}
	m := w.start(t, w.giver)
	w.agree(t, w.customer, m)
	if _, err := w.Portal.AgreeTransfer(t.Context(), w.receiver, m.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("it moves to where there is no room: %v", err)
	}
	w.wantSeller(t, w.giver)
	wantExactQuotas(t, w.World)
	page, err := w.Portal.Customers(t.Context(), w.receiver, portal.CustomerFilter{})
	if err != nil || len(page.Customers) != 0 {
		t.Errorf("the receiver sees %d customers (%v)", len(page.Customers), err)
	}
}
