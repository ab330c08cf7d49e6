package views_test

import (
	"maps"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/views"
)

// apartPages are the pages of what a payment provider and the books do not agree about.
func apartPages() map[string]templ.Component {
	page := views.Page{Title: "Compare with the payment provider", Path: views.ApartPath, Actor: reseller(), Now: now}
	moved := func(source string, change func(*store.Moved)) store.Difference {
		m := store.Moved{Through: "stripe", Source: source, Kind: "charge", Currency: "EUR", At: now.Add(-26 * time.Hour), There: true, Theirs: 121_00, TheirFee: 206}
		change(&m)
		return store.Difference{Moved: m, ID: id(970), Found: now.Add(-25 * time.Hour)}
	}
	off := payment.Off{
		Refunds: []app.Attempt{
			{ID: id(960), CustomerName: "Demo Organization", Number: "DEMO-2026-00012", Amount: euro(12_10), Reference: "re_pretend00000012", ChangedAt: now.Add(-3 * time.Hour)},
			{ID: id(961), CustomerName: "Another demo organization with quite a long name", Amount: euro(1_234_567_89), Reference: "re_pretend00000013", ChangedAt: now.AddDate(0, 0, -9)},
		},
		Moved: []store.Difference{
			moved("pi_pretend00000001", func(*store.Moved) {}),
			moved("pi_pretend_with_a_reference_that_is_as_long_as_references_may_become_one_day_00000002", func(m *store.Moved) {
				m.There, m.Here, m.Ours, m.Name = false, true, 700, "Demo Organization"
			}),
			moved("dp_pretend00000003", func(m *store.Moved) { m.Payment, m.Theirs = "pi_pretend00000009", -42_00 }),
			moved("pi_pretend00000004", func(m *store.Moved) { m.Here, m.Ours, m.Name = true, 120_00, "Demo Organization" }),
			moved("pi_pretend00000005", func(m *store.Moved) { m.Here, m.Ours, m.OurFee = true, 121_00, 200 }),
		},
	}
	settled := []store.Difference{
		moved("pi_pretend00000006", func(m *store.Moved) { m.Name = "Demo Organization" }), moved("re_pretend00000007", func(m *store.Moved) { m.Theirs = -42_00 }),
	}
	for i := range settled {
		settled[i].Settled = now.Add(-time.Hour)
	}
	balance := store.Difference{Moved: store.Moved{Through: "stripe", Currency: "EUR", Kind: "balance", At: now, Theirs: 9_900, Ours: 9_800}, ID: id(971), Found: now}
	wrong := views.ApartForm{Moved: "pi_pretend00000001", Invoice: "DEMO-1", Errors: map[string]string{"invoice": "You have no invoice with this number."}}
	compared := now.Add(-time.Hour)
	show := func(l views.ApartList) templ.Component { return views.PaymentsApart(page, l) }
	return map[string]templ.Component{
		"apart":       show(views.ApartList{Page: portal.ApartPage{Off: off, Compared: compared, Next: id(970).String(), Online: true}}),
		"apart-wrong": show(views.ApartList{Page: portal.ApartPage{Off: off, Compared: compared, Online: true}, Form: wrong}),
		"apart-fine":  show(views.ApartList{Page: portal.ApartPage{Compared: compared, Online: true}}),
		"apart-never": show(views.ApartList{}),
		"apart-settled": show(views.ApartList{Filter: portal.ApartFilter{Settled: true},
			Page: portal.ApartPage{Off: payment.Off{Moved: settled}, Compared: compared, Online: true}}),
		"apart-search": show(views.ApartList{Filter: portal.ApartFilter{Text: "nobody"}, Page: portal.ApartPage{Compared: compared, Online: true}}),
		"apart-balance": show(views.ApartList{Page: portal.ApartPage{Off: payment.Off{Moved: []store.Difference{balance}}, Compared: compared, Online: true},
			Form: views.ApartForm{Problem: "This refund is booked already, or is still on its way."}}),
	}
}

// withApart adds those pages.
func withApart(all map[string]templ.Component) map[string]templ.Component {
	maps.Copy(all, apartPages())
	return all
}
