package views_test

import (
	"context"
	"io"
	"maps"

	"github.com/a-h/templ"

	"allotment/app"
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
	return map[string]templ.Component{
		"charts": within(views.SalesFrame(seller("Sales", "/sales", operator())), views.Chart(demoChart(views.ChartBars)), views.Chart(demoChart(views.ChartLines))),
	}
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
