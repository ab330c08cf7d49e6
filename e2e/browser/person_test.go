package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to show what it should. The machine may be busy.
const patience = 30 * time.Second

// person is somebody at a browser of their own. Whatever they wait for in vain ends the test, with a picture of what they saw.
type person struct {
	t     *testing.T
	world *world
	name  string
	look  look
	ctx   context.Context

	mu         sync.Mutex
	complaints []string // of the browser's console: refused by the content policy, not found, thrown
	dialogs    []string
}

// look is what a page is seen on.
type look struct {
	width  int64
	scheme string // light or dark
}

var desk = look{1280, "light"}

// newPerson opens a browser profile of t's own.
func (w *world) newPerson(t *testing.T, name string, l look) *person {
	t.Helper()
	p := &person{t: t, world: w, name: name, look: l}
	var leave func()
	p.ctx, leave = w.openWindow(t)
	chromedp.ListenTarget(p.ctx, p.hear)
	t.Cleanup(func() {
		if t.Failed() {
			p.describe()
		}
		leave()
	})
	p.do("open a browser", log.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true), l.apply())
	return p
}

func (l look) apply() chromedp.Tasks {
	return chromedp.Tasks{
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		emulation.SetDeviceMetricsOverride(l.width, 900, 1, l.width < 500),
	}
}

func (p *person) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			p.complaints = append(p.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, e.ExceptionDetails.Error())
	case *page.EventJavascriptDialogOpening:
		p.dialogs = append(p.dialogs, e.Message)
		go func() { _ = chromedp.Run(p.ctx, page.HandleJavaScriptDialog(true)) }()
	}
}

// heard returns the console's complaints since the last call.
func (p *person) heard() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, p.complaints = p.complaints, nil
	return all
}

// wantNoScript fails when a page ever ran a script that somebody typed.
func (p *person) wantNoScript() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.dialogs) > 0 {
		p.t.Errorf("%s: a typed script ran: %q", p.name, p.dialogs)
	}
}

// do runs actions that come to an end by themselves.
func (p *person) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, what, err)
	}
}

// signedIn gives the browser a session, as after the sign-in page.
func (p *person) signedIn(email string) *person {
	p.t.Helper()
	token := p.world.session(p.t, email).Token
	p.do("sign in", network.SetCookie("allotment", token).WithURL(p.world.url).WithHTTPOnly(true).WithSameSite(network.CookieSameSiteLax))
	return p
}

// open goes to an address; one that begins with a slash is the portal's.
func (p *person) open(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.world.url + address
	}
	p.do("open "+address, chromedp.Navigate(address))
}

// eval runs a script in the page and reads its value. It fails while one page gives way to the next.
func (p *person) eval(script string, value any) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate(script, value, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
}

// until waits until a script says true, over as many pages as it takes, and says how long it took.
func (p *person) until(limit time.Duration, what, script string) time.Duration {
	p.t.Helper()
	begin := time.Now()
	if err := p.poll(limit, script); err != nil {
		p.t.Fatalf("%s waits in vain for %s: %v", p.name, what, err)
	}
	return time.Since(begin)
}

func (p *person) poll(limit time.Duration, script string) error {
	var last error
	for end := time.Now().Add(limit); time.Now().Before(end) && p.ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		found := false
		if last = p.eval(script, &found); found {
			return nil
		}
	}
	return fmt.Errorf("not within %v (the last look: %v)", limit, last)
}

// want checks something about the page as it is now.
func (p *person) want(what, script string) {
	p.t.Helper()
	found := false
	if err := p.eval(script, &found); err != nil || !found {
		p.t.Errorf("%s: %s: it is not so (%v)", p.name, what, err)
	}
}

// text reads one element's text.
func (p *person) text(selector string) string {
	p.t.Helper()
	var text string
	if err := p.eval(fmt.Sprintf(`document.querySelector(%q).textContent.trim()`, selector), &text); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, selector, err)
	}
	return text
}

// pageText is a script: what can be read on the page, in its frames too.
const pageText = `[document, ...[...document.querySelectorAll("iframe")].map((f) => f.contentDocument)].map((d) => d?.body?.innerText ?? "").join("\n")`

// sees waits until the page reads so.
func (p *person) sees(words string) {
	p.t.Helper()
	p.until(patience, fmt.Sprintf("%q", words), fmt.Sprintf(`(%s).includes(%q)`, pageText, words))
}

// describe tells what the person saw when the test failed.
func (p *person) describe() {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	var address, text string
	var picture []byte
	_ = chromedp.Run(ctx, chromedp.Evaluate(`location.href`, &address), chromedp.Evaluate(pageText, &text))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("allotment-%s-%s.png", strings.ReplaceAll(p.t.Name(), "/", "-"), strings.ReplaceAll(p.name, " ", "-")))
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&picture)); err == nil {
		_ = os.WriteFile(path, picture, 0o600)
	}
	p.t.Logf("%s was at %s (picture: %s), complaints %q, and read:\n%s", p.name, address, path, p.heard(), text)
}
