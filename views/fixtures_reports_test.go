package views_test

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
	"allotment/billing/tax"
	"allotment/views"
)

// demoChart has twelve months of demo figures.
func demoChart(kind string) views.ChartFigures {
	c := views.ChartFigures{ID: "demo-" + kind, Kind: kind, Title: "Revenue by month", About: "Net, by the day of the invoice. March 2026 brought 12% more than February.",
		Currency: "EUR", First: "Month", Series: []string{"Redmine", "Nextcloud", "Forgejo", "PeerTube"}, Sum: kind == views.ChartBars}
	months := []string{"April 2025", "May 2025", "June 2025", "July 2025", "August 2025", "September 2025", "October 2025", "November 2025", "December 2025", "January 2026", "February 2026", "March 2026"}
	for i, month := range months {
		n := int64(i)
		c.Points = append(c.Points, views.ChartPoint{Label: month, Short: month[:3] + " " + month[len(month)-2:], Href: "/sales/invoices",
			Values: []int64{120_050 + n*9_337, 84_000 + n*n*410, 61_275 + (n%3)*8_000, 12_000 * (n / 4)}})
	}
	return c
}

// reportPages are the seller's figures.
func reportPages() map[string]templ.Component {
	seller := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	report, reselling := demoReport(true), demoReport(false)
	look := demoRun(portal.RunVerify, 40)
	look.Off = []string{"The revenue of 0190a1b2-0000-7000-8000-000000000001 in 2026-02-01 EUR is summed up as 129900, and is 128900 by the invoices."}
	running, waiting, broken := demoRun(portal.RunBills, 41), demoRun(portal.RunBills, 43), demoRun(portal.RunDry, 44)
	running.EndedAt, running.Accounts = time.Time{}, 740
	waiting.StartedAt, waiting.EndedAt = time.Time{}, time.Time{}
	broken.Error, broken.Parked = "billing run: the database went away", 0
	runs := portal.BillingRunPage{Runs: []portal.BillingRun{waiting, running, demoRun(portal.RunBills, 42), broken, look}, Next: id(40).String()}
	return map[string]templ.Component{
		"charts":             within(views.SalesFrame(seller("Sales", "/sales", operator())), views.Chart(demoChart(views.ChartBars)), views.Chart(demoChart(views.ChartLines))),
		"sales":              views.Sales(seller("Sales", "/sales", operator()), report),
		"sales-reseller":     views.Sales(seller("Sales", "/sales", reseller()), reselling),
		"sales-quiet":        views.Sales(seller("Sales", "/sales", reseller()), quietReport()),
		"sales-none":         views.Sales(seller("Sales", "/sales", operator()), portal.SalesReport{Today: report.Today, Months: report.Months}),
		"sales-prepared":     views.Sales(seller("Sales", "/sales", reseller()), portal.SalesReport{Today: report.Today, Months: report.Months, Ready: store.Preparation{Terms: true, Bank: true}}),
		"ageing":             views.Ageing(seller("Who owes what", "/sales/ageing", operator()), demoAgeing()),
		"ageing-none":        views.Ageing(seller("Who owes what", "/sales/ageing", operator()), views.AgeingList{Page: portal.AgeingPage{Today: report.Today, Currency: "EUR"}}),
		"ageing-nobody":      views.Ageing(seller("Who owes what", "/sales/ageing", operator()), views.AgeingList{Page: portal.AgeingPage{Today: report.Today, Currency: "EUR", Currencies: []string{"EUR", "USD"}}, Filter: portal.AgeingFilter{Text: "zzz"}}),
		"vat":                views.VATReport(seller("VAT", "/sales/vat", operator()), demoVAT(0)),
		"vat-off":            views.VATReport(seller("VAT", "/sales/vat", operator()), demoVAT(731)),
		"vat-none":           views.VATReport(seller("VAT", "/sales/vat", operator()), views.VATForm{Chosen: "2026-02", Periods: views.ReportPeriods(report.Today)}),
		"ledger":             views.Ledger(seller("Ledger", "/sales/ledger", operator()), demoLedger()),
		"ledger-none":        views.Ledger(seller("Ledger", "/sales/ledger", operator()), views.LedgerList{}),
		"ledger-nothing":     views.Ledger(seller("Ledger", "/sales/ledger", operator()), views.LedgerList{Filter: portal.LedgerFilter{Text: "zzz"}}),
		"statement":          views.Statement(seller("Statement", "/sales/ageing/1", operator()), demoStatement()),
		"statement-none":     views.Statement(seller("Statement", "/sales/ageing/1", operator()), portal.StatementPage{Customer: app.Organization{ID: id(2), Name: "Demo Organization"}, Currency: "EUR"}),
		"parked":             views.Parked(seller("Parked", "/sales/parked", operator()), demoParked()),
		"parked-none":        views.Parked(seller("Parked", "/sales/parked", operator()), views.ParkedList{}),
		"runs":               views.BillingRuns(seller("Billing runs", "/sales/runs", operator()), views.RunList{Page: runs, Look: &look}),
		"runs-wrong":         views.BillingRuns(seller("Billing runs", "/sales/runs", operator()), views.RunList{Form: views.RunForm{AsOf: "2999-01-01", Problem: "Please choose a day within a year from now."}}),
		"run":                views.BillingRun(seller("Billing run", "/sales/runs/1", operator()), demoRun(portal.RunBills, 42)),
		"run-running":        views.BillingRun(seller("Billing run", "/sales/runs/1", operator()), running),
		"run-waiting":        views.BillingRun(seller("Billing run", "/sales/runs/1", operator()), waiting),
		"run-broken":         views.BillingRun(seller("Billing run", "/sales/runs/1", operator()), broken),
		"run-look":           views.BillingRun(seller("Look at the books", "/sales/runs/1", operator()), look),
		"wholesale":          views.Wholesale(seller("Wholesale", "/sales/wholesale", operator()), demoWholesale(id(4))),
		"wholesale-reseller": views.Wholesale(seller("Wholesale", "/sales/wholesale", reseller()), demoWholesale(id(6))),
		"wholesale-none":     views.Wholesale(seller("Wholesale", "/sales/wholesale", operator()), portal.WholesalePage{Month: demoMonth}),
	}
}

var demoMonth = billing.Period{Start: billing.Date{Year: 2026, Month: 2, Day: 1}, End: billing.Date{Year: 2026, Month: 3, Day: 1}}

// demoReport is a year of figures; a reseller's has the cost of what it bought.
func demoReport(own bool) portal.SalesReport {
	r := portal.SalesReport{Today: billing.Date{Year: 2026, Month: 3, Day: 4}, Parked: 3, Failing: 2, Ready: store.Preparation{Terms: true, Bank: true, Priced: true, Customers: true, Sold: true}}
	f := portal.SalesFigures{Currency: "EUR", Credit: 18_040, VAT: 84_571, Recurring: 431_900, Debtors: 14}
	names := []string{"Nextcloud", "Redmine", "Forgejo", "PeerTube"}
	for i, name := range names {
		f.Apps = append(f.Apps, portal.AppSales{App: strings.ToLower(names[i]), Name: name})
	}
	f.Apps = append(f.Apps, portal.AppSales{App: portal.OtherApps})
	if own {
		f.Apps = append(f.Apps, portal.AppSales{App: portal.WholesaleSales})
	}
	for i := range int64(12) {
		r.Months = append(r.Months, billing.Date{Year: 2025, Month: 4, Day: 1}.AddMonths(int(i)))
		share := int64(100)
		if i == 11 {
			share = 28 // the month has only begun
		}
		total := int64(0)
		for a := range f.Apps {
			minor := (140_000 - int64(a)*21_000 + i*(9_400-int64(a)*700) + (i*int64(a+3)%4)*3_100) * share / 100
			f.Apps[a].Minor = append(f.Apps[a].Minor, minor)
			total += minor
		}
		cost := int64(0)
		if !own {
			cost = total * 7 / 10
		}
		f.Revenue, f.Cost = append(f.Revenue, total), append(f.Cost, cost)
		f.Received, f.Open = append(f.Received, total*113/100), append(f.Open, 160_000+i*11_000+(i%3)*24_000)
	}
	f.Ages = ledger.Ageing{euro(211_000), euro(61_300), euro(22_450), euro(0), euro(8_990)}
	r.Currencies = []portal.SalesFigures{f}
	return r
}

// quietReport is of a seller that has invoiced something, long ago.
func quietReport() portal.SalesReport {
	r := demoReport(true)
	none := make([]int64, len(r.Months))
	r.Parked, r.Failing = 0, 0
	r.Currencies = []portal.SalesFigures{{Currency: "EUR", Revenue: none, Cost: none, Received: none, Open: none}}
	for i := range r.Currencies[0].Ages {
		r.Currencies[0].Ages[i] = euro(0)
	}
	return r
}

func demoAgeing() views.AgeingList {
	page := portal.AgeingPage{Today: billing.Date{Year: 2026, Month: 3, Day: 4}, Currency: "EUR", Currencies: []string{"EUR"}, Next: "next"}
	for i, name := range []string{"Demo Organization", "Riverside Demo Garden Society with a Long Name", "Demo School", ""} {
		n := int64(i)
		page.Debtors = append(page.Debtors, portal.Debtor{Customer: id(600 + i), Name: name, Invoices: i + 1,
			Ages: ledger.Ageing{euro(12_100 + n*4_000), euro(3_630 * (n % 3)), euro(2_420 * (n % 2)), euro(0), euro(9_990 * (n / 3))}})
	}
	page.Total.Customers, page.Total.Ages = 14, ledger.Ageing{euro(211_000), euro(61_300), euro(22_450), euro(0), euro(8_990)}
	return views.AgeingList{Page: page}
}

func demoVAT(off int64) views.VATForm {
	rate := billing.MustDecimal
	today := billing.Date{Year: 2026, Month: 3, Day: 4}
	row := func(scheme tax.Scheme, category tax.Category, country, percent string, net, vat int64) tax.Total {
		return tax.Total{Scheme: scheme, Category: category, Country: country, Rate: rate(percent), Net: euro(net), VAT: euro(vat)}
	}
	return views.VATForm{Chosen: "2026-Q1", Periods: views.ReportPeriods(today), Report: portal.VATReport{Rows: []tax.Total{
		row(tax.Domestic, tax.Standard, "NL", "21", 312_000, 65_520), row(tax.OSS, tax.Standard, "BE", "21", 40_000, 8_400), row(tax.OSS, tax.Standard, "DE", "19", 55_000, 10_450),
		row(tax.ReverseCharge, tax.Reverse, "FR", "0", 88_000, 0), row(tax.Outside, tax.OutOfScope, "CH", "0", 12_000, 0)},
		Books: []portal.VATCheck{{Country: "BE", Documents: euro(8_400), Books: euro(8_400)}, {Country: "DE", Documents: euro(10_450), Books: euro(10_450 - off)}, {Country: "NL", Documents: euro(65_520), Books: euro(65_520)}}}}
}

func demoLedger() views.LedgerList {
	posting := func(kind ledger.Kind, party string, minor int64) ledger.Posting {
		return ledger.Posting{Account: ledger.Account{Owner: id(4).String(), Kind: kind, Party: party}, Amount: euro(minor)}
	}
	customer := id(2).String()
	names := map[string]string{customer: "Demo Organization"}
	day := billing.Date{Year: 2026, Month: 3, Day: 3}
	list := views.LedgerList{FromDay: "2026-03-01", Page: portal.LedgerPage{Next: "next", Entries: []portal.BookEntry{
		{ID: id(700), Kind: ledger.Allocated, Source: id(701).String(), Date: day, Names: names, Postings: []ledger.Posting{posting(ledger.Receivable, customer, -12_100), posting(ledger.Credit, customer, 12_100)}},
		{ID: id(702), Kind: ledger.Received, Source: id(703).String(), Date: day, Note: "Thank you", Names: names, Postings: []ledger.Posting{posting(ledger.Cash, "bank", 12_100), posting(ledger.Credit, customer, -12_100)}},
		{ID: id(704), Kind: ledger.Issued, Source: id(4).String() + " 2026-00042", Date: day.AddDays(-2), Names: names, Postings: []ledger.Posting{posting(ledger.Receivable, customer, 12_100), posting(ledger.Revenue, "", -10_000), posting(ledger.VAT, "NL", -2_100)}},
	}}}
	list.Filter.From = billing.Date{Year: 2026, Month: 3, Day: 1}
	for kind, minor := range map[ledger.Kind]int64{ledger.Revenue: -4_310_000, ledger.Receivable: 303_740, ledger.Cash: 4_120_000} {
		list.Page.Balances = append(list.Page.Balances, ledger.Balance{Account: ledger.Account{Kind: kind}, Amount: euro(minor)})
	}
	slices.SortFunc(list.Page.Balances, func(a, b ledger.Balance) int { return cmp.Compare(a.Account.Kind, b.Account.Kind) })
	return list
}

func demoStatement() portal.StatementPage {
	day := billing.Date{Year: 2026, Month: 3, Day: 1}
	return portal.StatementPage{Customer: app.Organization{ID: id(2), Name: "Demo Organization"}, Currency: "EUR", Next: id(712).String(), Lines: []portal.StatementLine{
		{Entry: id(710), Date: day.AddDays(2), Kind: ledger.Received, Amount: euro(-12_100), Balance: euro(0)},
		{Entry: id(711), Date: day, Kind: ledger.Issued, Number: "2026-00042", Invoice: id(720), Amount: euro(12_100), Balance: euro(12_100)},
		{Entry: id(712), Date: day.AddDays(-20), Kind: ledger.ChargedBack, Amount: euro(12_100), Balance: euro(0)}}}
}

func demoParked() views.ParkedList {
	return views.ParkedList{Problem: "It still could not be invoiced. The buyer has no street.", Page: portal.ParkedPage{Next: id(731).String(), Subscriptions: []portal.ParkedSubscription{
		{ID: id(730), Customer: id(2), CustomerName: "Demo Organization", Name: "Redmine, small", Price: euro(950), NextOn: billing.Date{Year: 2026, Month: 3, Day: 1}, Reason: "The buyer has no street."},
		{ID: id(731), Customer: id(2), CustomerName: "Demo School", Name: "Nextcloud, large", Price: euro(4_950), NextOn: billing.Date{Year: 2026, Month: 2, Day: 27}, Reason: "The seller has not said yet how it sells: its address and VAT are missing."},
		{ID: id(733), Customer: id(6), CustomerName: "Demo Reselling", Price: euro(70_000), Reason: "The VAT ID could not be checked yet.", Wholesale: true},
		{ID: id(732), Customer: id(9), CustomerName: "Demo Museum", Name: "Nextcloud, small", Price: euro(1_950), NextOn: billing.Date{Year: 2026, Month: 2, Day: 27}, Reason: "The invoice lacks the customer's name and address.", Moved: true}}}}
}

func demoRun(kind store.RunKind, n int) portal.BillingRun {
	r := portal.BillingRun{ID: id(n), Kind: kind, AskedBy: "the schedule", AskedAt: now.Add(-3 * time.Hour), StartedAt: now.Add(-3 * time.Hour), EndedAt: now.Add(-3*time.Hour + 42*time.Second), Total: 1_812}
	r.Tally = store.Tally{Accounts: 1_812, Invoices: 1_806, Charges: 2_410, Parked: 3, Wholesale: 4, Totals: map[string]int64{"EUR": 5_210_345}}
	if kind != portal.RunBills {
		r.AskedBy, r.AsOf = "Demo Operator", billing.Date{Year: 2026, Month: 3, Day: 31}
		r.Wholesale = 0
	}
	return r
}

func demoWholesale(reader app.ID) portal.WholesalePage {
	page := portal.WholesalePage{Month: demoMonth, Trades: []portal.TradeLine{
		{Parent: id(4), Reseller: id(6), ParentName: "Demo Hosting", ResellerName: "Demo Reselling", Currency: "EUR", Month: 70_000, Unbilled: 12_600, Invoice: id(740), Number: "2026-00077"}},
		Rows: []portal.WholesaleRow{{Customer: id(2), CustomerName: "Demo Organization", Name: "Redmine, small", Count: 2, Amount: euro(1_400)},
			{Customer: id(8), Name: "Nextcloud, large", Count: 1, Amount: euro(3_900)}, {Count: 1, Amount: euro(-700)}}}
	if reader == id(4) {
		page.Trades = append(page.Trades, portal.TradeLine{Parent: id(4), Reseller: id(7), ResellerName: "Riverside Demo", Currency: "EUR", Month: 0, Unbilled: 3_000})
	}
	page.Of = &page.Trades[0]
	return page
}

// within puts parts into a frame.
func within(frame templ.Component, parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return frame.Render(templ.WithChildren(ctx, templ.Join(parts...)), w)
	})
}

func withReports(all map[string]templ.Component) map[string]templ.Component {
	maps.Copy(all, reportPages())
	return all
}
