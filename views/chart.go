package views

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"allotment/billing"
	"allotment/views/words"
)

// The kinds of charts.
const (
	ChartBars  = "bars"  // stacked: parts of a whole, such as revenue by app
	ChartLines = "lines" // levels over time, such as what is open
)

// ChartFigures is a chart: what it says as a table, which a script draws. Every number is drawn and written from Points alone.
type ChartFigures struct {
	ID       string       // unique on the page
	Kind     string       // ChartBars or ChartLines
	Title    string       // what is shown, and over which time
	About    string       // what a reader sees in it, in a sentence or two; it is also what the picture is read out as
	Currency string       // of all values, which are its minor units; "" for plain numbers
	First    string       // the head of the first column, such as "Month"
	Series   []string     // at most eight, in the order in which they are stacked: more are better added up as "Others"
	Points   []ChartPoint // from left to right
	Sum      bool         // with a column and a row of totals; bars alone have a sense for them
}

// ChartPoint is one place on the chart's axis.
type ChartPoint struct {
	Label  string        // in full: "March 2026"
	Short  string        // on the axis: "Mar 26"
	Href   templ.SafeURL // where a click on it leads; "" for nowhere
	Values []int64       // one for each series
}

// chartScripts brings the chart library to a page once, and only to pages that have a chart.
var chartScripts = templ.NewOnceHandle()

// figure writes a value as people read it, and number as the script does.
func (c ChartFigures) figure(ctx context.Context, value int64) string {
	if c.Currency == "" {
		return strconv.FormatInt(value, 10)
	}
	return billing.Money{Minor: value, Currency: c.Currency}.Format(words.Locale(ctx))
}

func (c ChartFigures) number(value int64) string {
	if c.Currency == "" {
		return strconv.FormatInt(value, 10)
	}
	return billing.Money{Minor: value, Currency: c.Currency}.Amount()
}

func (p ChartPoint) sum() (sum int64) {
	for _, v := range p.Values {
		sum += v
	}
	return sum
}

// sums are the totals of each series, and of all.
func (c ChartFigures) sums() (each []int64, all int64) {
	each = make([]int64, len(c.Series))
	for _, p := range c.Points {
		for i, v := range p.Values {
			each[i] += v
			all += v
		}
	}
	return each, all
}
