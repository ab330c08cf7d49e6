package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// complaints collects what the browser's console says is wrong: refused by the content policy, not found, thrown.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) hear(event any) {
	words := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			words = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventExceptionThrown:
		words = e.ExceptionDetails.Error()
	}
	if words == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, words)
}

// browser starts a chromium of the test's own that tells its complaints.
func browser(t *testing.T) (context.Context, *complaints) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian package chromium)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(profile(t)), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	heard := &complaints{}
	chromedp.ListenTarget(ctx, heard.hear)
	if err := chromedp.Run(ctx, log.Enable(), runtime.Enable()); err != nil {
		t.Fatal(err)
	}
	return ctx, heard
}

// do runs one action of a story and names it when it fails.
func do(t *testing.T, ctx context.Context, what string, actions ...chromedp.Action) {
	t.Helper()
	step, cancel := context.WithTimeout(ctx, 25*time.Second)
	defer cancel()
	if err := chromedp.Run(step, actions...); err != nil {
		var page string
		_ = chromedp.Run(ctx, chromedp.Text("body", &page))
		t.Fatalf("%s: %v\n%s", what, err, page)
	}
}

// reads waits until an element contains the words, over as many pages as it takes.
func reads(selector, words string) chromedp.Action {
	script := fmt.Sprintf(`(() => { const e = document.querySelector(%q); return !!e && e.textContent.includes(%q) })()`, selector, words)
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			found := false
			_ = chromedp.Evaluate(script, &found).Do(ctx) // fails while one page gives way to the next
			if found {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s never reads %q: %w", selector, words, ctx.Err())
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
}

// follow clicks on a link by what it is and not by where it stands: a list that is being searched still moves.
func follow(selector string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).click()`, selector), nil)
}

// TestBrowserOrder orders in a real browser: live checks, the price beside the plan, the review, the progress as it happens, and
// not one complaint on the console.
func TestBrowserOrder(t *testing.T) {
	s := open(t)
	s.place(t, s.Other, "theirs")
	ctx, heard := browser(t)
	do(t, ctx, "sign in", chromedp.Navigate(s.URL), chromedp.SendKeys("#email", s.Tenant.Email), chromedp.SendKeys("#password", portaltest.Password+"\r"),
		reads("h1", "My services"))
	do(t, ctx, "catalog", chromedp.Navigate(s.URL+"/catalog"), chromedp.SendKeys("input[name=q]", "milestones"), reads("#offers [role=status]", "1 app"),
		follow(`a[href="/catalog/redmine"]`), reads("h1", "Redmine"))
	do(t, ctx, "form", chromedp.Click(`a[href="/catalog/redmine/order"]`), reads("h1", "Order Redmine"))
	do(t, ctx, "another size", chromedp.Click("input[name=plan][value=medium]"), reads("#order-summary", "€16.50"))
	do(t, ctx, "a taken address", chromedp.SendKeys("#field-host", "theirs"), reads("#message-host", "This address already has a service."),
		chromedp.WaitReady("#field-host[aria-invalid=true]"))
	do(t, ctx, "a free address", chromedp.SendKeys("#field-host", "-not"), reads("#message-host", "This address is free."),
		chromedp.WaitReady("#field-host:not([aria-invalid])"))
	do(t, ctx, "review", chromedp.SendKeys("#field-name", "Project office"), chromedp.Click("#order-summary button"), reads("h1", "Is this what you want?"))
	do(t, ctx, "order", chromedp.Click(`form[action="/orders"] button`), reads("#progress-title", "Project office is growing"))
	s.watchCancel(t, ctx)
	do(t, ctx, "appearance", chromedp.Click("details[data-menu] summary"), chromedp.Click("button[name=theme][value=night]"), chromedp.WaitReady("html[data-theme=night]"))
	do(t, ctx, "sign out", chromedp.Click("details[data-menu] summary"), chromedp.Click(`form[action="/signout"] button`), reads("h1", "Welcome back"))
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if len(heard.all) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(heard.all, "\n"))
	}
}

// watchCancel cancels the tenant's only order behind the browser's back, and wants the open page to say so by itself.
func (s *site) watchCancel(t *testing.T, ctx context.Context) {
	t.Helper()
	page, err := s.Portal.Services(t.Context(), s.Tenant, portal.ServiceFilter{})
	if err != nil || len(page.Services) != 1 || page.Services[0].State != app.ServiceCreating {
		t.Fatalf("the browser's order: %v %+v", err, page.Services)
	}
	detail, err := s.Portal.Service(t.Context(), s.Tenant, page.Services[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for s.server.Streams() == 0 && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	if _, err := s.Portal.CancelOperation(t.Context(), s.Tenant, detail.Operation.ID); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, "live progress", reads("#progress-title", "was cancelled"), reads("#said", "was cancelled"))
}

// profile is a folder for the browser. Its processes write there a moment longer than the first of them lives, so it is removed
// in several attempts.
func profile(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(folder) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	return folder
}
