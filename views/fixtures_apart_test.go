package views_test

import (
	"maps"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/views"
)

// apartPages are the pages of what a payment provider and the books do not agree about.
func apartPages() map[string]templ.Component {
	page := views.Page{Title: "Compare with the payment provider", Path: views.ApartPath, Actor: reseller(), Now: now}
	moved := func(source string, change func(*store.Moved)) store.Moved {
		m := store.Moved{Through: "stripe", Source: source, Kind: "charge", Currency: "EUR", At: now.Add(-26 * time.Hour), There: true, Theirs: 121_00, TheirFee: 206}
		change(&m)
		return m
	}
	off := portal.ApartPage{
		Refunds: []app.Attempt{
			{ID: id(960), CustomerName: "Demo Organization", Number: "DEMO-2026-00012", Amount: euro(12_10), Reference: "re_pretend00000012", ChangedAt: now.Add(-3 * time.Hour)},
			{ID: id(961), CustomerName: "Another demo organization with quite a long name", Amount: euro(1_234_567_89), Reference: "re_pretend00000013", ChangedAt: now.AddDate(0, 0, -9)},
		},
		Moved: []store.Moved{
			moved("pi_pretend00000001", func(*store.Moved) {}),
			moved("pi_pretend_with_a_reference_that_is_as_long_as_references_may_become_one_day_00000002", func(m *store.Moved) {
				m.There, m.Here, m.Ours, m.Name = false, true, 700, "Demo Organization"
			}),
			moved("dp_pretend00000003", func(m *store.Moved) { m.Payment, m.Theirs = "pi_pretend00000009", -42_00 }),
			moved("pi_pretend00000004", func(m *store.Moved) { m.Here, m.Ours, m.Name = true, 120_00, "Demo Organization" }),
			moved("pi_pretend00000005", func(m *store.Moved) { m.Here, m.Ours, m.OurFee = true, 121_00, 200 }),
		},
	}
	wrong := views.ApartForm{Moved: "pi_pretend00000001", Invoice: "DEMO-1", Errors: map[string]string{"invoice": "You have no invoice with this number."}}
	return map[string]templ.Component{
		"apart":         views.PaymentsApart(page, off, views.ApartForm{}),
		"apart-wrong":   views.PaymentsApart(page, off, wrong),
		"apart-fine":    views.PaymentsApart(page, portal.ApartPage{}, views.ApartForm{}),
		"apart-balance": views.PaymentsApart(page, portal.ApartPage{Balances: []store.ProviderBalance{{Currency: "EUR", Theirs: 9_900, Ours: 9_800}}}, views.ApartForm{Problem: "This refund is booked already, or is still on its way."}),
	}
}

// withApart adds those pages.
func withApart(all map[string]templ.Component) map[string]templ.Component {
	maps.Copy(all, apartPages())
	return all
}
