package views_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestChartIsATable: the figures are there without any script, with totals, in the reader's own way of writing money; the scripts come once.
func TestChartIsATable(t *testing.T) {
	t.Parallel()
	html := render(t, "charts", "nl")
	for _, wanted := range []string{`data-value="1200.50"`, "€\u00a01.200,50", "De cijfers als tabel", `<details class="disclose mt-2" open>`, `data-currency="EUR"`} {
		if !strings.Contains(html, wanted) {
			t.Errorf("the page of charts lacks %s", wanted)
		}
	}
	if n := strings.Count(html, "/chartjs.js"); n != 1 {
		t.Errorf("the library is loaded %d times", n)
	}
	if strings.Contains(render(t, "services", "en"), "chartjs.js") {
		t.Error("a page without charts loads the library")
	}
	var sum int64
	c := demoChart("bars")
	for _, p := range c.Points {
		for _, v := range p.Values {
			sum += v
		}
	}
	if !strings.Contains(html, euro(sum).Format("nl")) {
		t.Errorf("the total %s does not stand in the table", euro(sum).Format("nl"))
	}
}

// TestChartsAreDrawn draws them in a browser under the server's own policy: nothing is refused, colours follow the theme, and a table stays.
func TestChartsAreDrawn(t *testing.T) {
	ctx := browser(t)
	base := serve(t)
	var said []string
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			said = append(said, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Error())
		}
	})
	if err := chromedp.Run(ctx, log.Enable(), show(base+"/page/en/charts", 1280, "light")); err != nil {
		t.Fatal(err)
	}
	light := firstBar(t, ctx)
	var drawn, open int
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.querySelectorAll("figure[data-drawn] canvas[role=img]").length`, &drawn),
		chromedp.Evaluate(`document.querySelectorAll("figure details[open]").length`, &open)); err != nil || drawn != 2 || open != 0 {
		t.Errorf("%d charts are drawn and %d tables stand open (%v)", drawn, open, err)
	}
	media := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: "dark"}, {Name: "prefers-reduced-motion", Value: "reduce"}})
	if err := chromedp.Run(ctx, media); err != nil {
		t.Fatal(err)
	}
	dark := otherThan(t, ctx, light)
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.documentElement.dataset.theme = "day"`, nil)); err != nil {
		t.Fatal(err)
	}
	if chosen := otherThan(t, ctx, dark); chosen != light {
		t.Errorf("a bar is %s in light and %s where light was chosen in the dark", light, chosen)
	}
	if len(said) > 0 {
		t.Errorf("the browser complains: %s", said)
	}
}

// firstBar is the colour of the first series.
func firstBar(t *testing.T, ctx context.Context) (colour string) {
	t.Helper()
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.querySelector("figure[data-chart=bars]").chart.data.datasets[0].backgroundColor`, &colour)); err != nil {
		t.Fatal(err)
	}
	return colour
}

// otherThan waits until the first series has another colour.
func otherThan(t *testing.T, ctx context.Context, colour string) (now string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now = firstBar(t, ctx); now != colour {
			return now
		}
	}
	t.Errorf("the bars stay %s where the theme changes", colour)
	return now
}

// TestChartsNeedNoScript opens the page where scripts are off.
func TestChartsNeedNoScript(t *testing.T) {
	ctx := browser(t)
	page := render(t, "charts", "en")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, page) }))
	t.Cleanup(server.Close)
	var seen string
	err := chromedp.Run(ctx, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(server.URL), chromedp.Text("#demo-bars table", &seen, chromedp.ByQuery))
	if err != nil || !strings.Contains(seen, "€1,200.50") {
		t.Errorf("without scripts the table reads %q (%v)", seen, err)
	}
}
