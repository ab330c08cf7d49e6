package browser

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is the accessibility checker, a script that comes with the pages' own tests.
var axe = sync.OnceValues(func() (string, error) {
	data, err := os.ReadFile("../../views/testdata/axe.js")
	return string(data), err
})

type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// audit asks axe about the open page, and wants no sideways scroll and no complaint on the console.
func (p *person) audit(name string) {
	p.t.Helper()
	script, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	var wide int64
	var found json.RawMessage
	const settled = `new Promise((done) => setTimeout(() => done(document.documentElement.scrollWidth), 50))` // after the shortest transitions
	if err := p.eval(settled, &wide); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, name, err)
	}
	if wide > p.look.width { // a phone's own idea of its width grows with the page
		p.t.Errorf("%s: %s is %d pixels wide on a screen of %d", p.name, name, wide, p.look.width)
	}
	p.do("bring axe", chromedp.Evaluate(script, nil))
	if err := p.eval(`axe.run().then((r) => r.violations)`, &found); err != nil {
		p.t.Fatalf("%s: axe on %s: %v", p.name, name, err)
	}
	var violations []violation
	if err := json.Unmarshal(found, &violations); err != nil {
		p.t.Fatal(err)
	}
	for _, v := range violations {
		for _, node := range v.Nodes {
			if v.Impact == "serious" || v.Impact == "critical" {
				p.t.Errorf("%s: %s: %s (%s): %s\n\t%s\n\t%s", p.name, name, v.ID, v.Impact, v.Help, node.HTML, node.FailureSummary)
			}
		}
	}
	for _, complaint := range p.heard() {
		p.t.Errorf("%s: the browser complains of %s: %s", p.name, name, complaint)
	}
}

// picture takes the picture for the documentation, where ALLOTMENT_SCREENSHOTS=1 asks for it: as high as the page, within reason.
func (p *person) picture(name string) {
	p.t.Helper()
	if os.Getenv("ALLOTMENT_SCREENSHOTS") != "1" {
		return
	}
	p.until(patience, "every picture", `[...document.images].every((i) => i.complete && i.naturalWidth > 0)`)
	var high int64
	if err := p.eval(`Math.min(1600, Math.max(600, document.documentElement.scrollHeight))`, &high); err != nil {
		p.t.Fatal(err)
	}
	var wide, narrow []byte
	p.do("take a picture", emulation.SetDeviceMetricsOverride(1280, high, 1, false), chromedp.Evaluate(`document.activeElement.blur(); scrollTo(0, 0)`, nil),
		chromedp.CaptureScreenshot(&wide), look{390, "dark"}.apply(), chromedp.CaptureScreenshot(&narrow), desk.apply(),
		chromedp.Sleep(200*time.Millisecond)) // until the colours are light again
	for file, data := range map[string][]byte{name + ".png": wide, name + "-phone-dark.png": narrow} {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", file), data, 0o644); err != nil {
			p.t.Fatal(err)
		}
		p.t.Logf("docs/%s: %d KB", file, len(data)>>10)
	}
}
