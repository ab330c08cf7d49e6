package views_test

import (
	"maps"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views"
)

func bookExport(n int, kind app.ExportKind, state app.ExportState) app.Export {
	e := app.Export{ID: id(900 + n), Organization: id(6), Side: app.Sold, Kind: kind, State: state, First: billing.Date{Year: 2026, Month: 1, Day: 1},
		Last: billing.Date{Year: 2026, Month: 3, Day: 31}, StartedByName: "Demo Reseller", CreatedAt: now.Add(-time.Duration(n*n+1) * 17 * time.Minute), Settings: map[string]string{}}
	switch state {
	case app.ExportRunning:
		e.Done, e.Total = 4210, 12_800
	case app.ExportDone:
		e.Done, e.Total, e.Size, e.EndedAt, e.ExpiresAt = 12_800, 12_800, 734_003_200, now, now.AddDate(0, 0, 7)
	case app.ExportFailed:
		e.Message, e.RawError = "The charts of accounts know German VAT rates only, and one of these documents has another one.", ""
	}
	return e
}

func bookExports(side app.ExportSide) []app.Export {
	all := []app.Export{bookExport(0, app.ExportDocuments, app.ExportRunning), bookExport(1, app.ExportLines, app.ExportQueued), bookExport(2, app.ExportInvoices, app.ExportDone)}
	if side == app.Sold {
		all = append(all, bookExport(3, app.ExportDATEV, app.ExportFailed), bookExport(4, app.ExportDebits, app.ExportExpired), bookExport(5, app.ExportLedger, app.ExportCancelled))
	}
	for i := range all {
		all[i].Side = side
	}
	return all
}

// exportPages are the pages of exports and mandates.
func exportPages() map[string]templ.Component {
	page := func(path string, actor app.Actor) views.Page {
		return views.Page{Title: "Exports", Path: path, Actor: actor, Now: now}
	}
	form := func(kind app.ExportKind) views.ExportForm {
		return views.ExportForm{Request: portal.ExportRequest{Kind: kind, First: "2026-02-01", Last: "2026-02-28", Settings: map[string]string{"digits": "4", "chart": "03", "year": "2026-01-01"}}}
	}
	wrong := form(app.ExportDATEV)
	wrong.Errors = map[string]string{"kind": "DATEV is for sellers in Germany.", "datev_advisor": "Your tax advisor has this number: four to seven digits."}
	mandates := []app.Mandate{
		{ID: id(950), Customer: id(2), CustomerName: "Demo Organization", CustomerSlug: "demo", Reference: "M-2026-0001", Holder: "Demo Organization", IBAN: "NL02ABNA0123456789", Signed: billing.Date{Year: 2026, Month: 1, Day: 15}, Sequence: "FRST"},
		{ID: id(951), Customer: id(7), CustomerName: "", Reference: "M-OLD-7-WITH-A-VERY-LONG-REFERENCE", Holder: "Another demo holder with a long name", IBAN: "NL91ABNA0417164300", Signed: billing.Date{Year: 2025, Month: 6, Day: 1}, Sequence: "RCUR", RevokedAt: now},
	}
	debits := bookExport(6, app.ExportDebits, app.ExportDone)
	debits.Settings["collect"] = "2026-04-10"
	failed := bookExport(7, app.ExportXAF, app.ExportFailed)
	failed.Message, failed.RawError = "Something broke on our side.", "files: write /var/lib/allotment/exports/0190: no space left on device"
	sold, mine := views.SoldExportsPath, views.BoughtExportsPath
	return map[string]templ.Component{
		"exports":        views.Exports(page(sold, reseller()), views.ExportList{Side: app.Sold, Page: portal.ExportPage{Exports: bookExports(app.Sold), Next: "next"}, Form: form(app.ExportDocuments)}),
		"exports-wrong":  views.Exports(page(sold, reseller()), views.ExportList{Side: app.Sold, Form: wrong}),
		"exports-debits": views.Exports(page(sold, operator()), views.ExportList{Side: app.Sold, Form: form(app.ExportDebits)}),
		"exports-mine":   views.Exports(page(mine, tenant()), views.ExportList{Side: app.Bought, Page: portal.ExportPage{Exports: bookExports(app.Bought)}, Form: form(app.ExportInvoices)}),
		"export-running": views.Export(page(sold, reseller()), bookExport(0, app.ExportDocuments, app.ExportRunning)),
		"export-done":    views.Export(page(sold, reseller()), debits),
		"export-failed":  views.Export(page(sold, operator()), failed),
		"mandates":       views.Mandates(page(views.MandatesPath, reseller()), views.MandateList{Page: portal.MandatePage{Mandates: mandates}}),
		"mandates-none":  views.Mandates(page(views.MandatesPath, reseller()), views.MandateList{Form: views.MandateForm{Request: portal.MandateRequest{Customer: "nobody"}, Errors: map[string]string{"mandate_customer": "There is no customer of yours with this short name.", "mandate_iban": "This is not an account number, or it was mistyped."}}}),
	}
}

// withExports adds the pages of exports.
func withExports(all map[string]templ.Component) map[string]templ.Component {
	maps.Copy(all, exportPages())
	return all
}
