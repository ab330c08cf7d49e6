package browser

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

func needChromium(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("chromium is not installed (Debian package chromium)")
	}
}

// openBrowser starts the one Chromium; each person gets a profile of their own in it. The kernel ends it with this process.
func (w *world) openBrowser(ctx context.Context) error {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "allotment-chromium")
	if err != nil {
		return err
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(profile), chromedp.Flag("disable-quic", true), chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, free := chromedp.NewExecAllocator(ctx, options...)
	ctx, leave := chromedp.NewContext(ctx)
	w.chromium = ctx
	w.stops = append(w.stops, func() {
		_ = chromedp.Cancel(ctx)
		leave()
		free()
		remove(profile)
	})
	return chromedp.Run(ctx)
}

// openWindow opens a window of a profile that nobody else has. Chromium opens none in a new profile unless it is told that a
// window is wanted, which chromedp's own option does not say.
func (w *world) openWindow(t *testing.T) (ctx context.Context, leave func()) {
	t.Helper()
	var profile cdp.BrowserContextID
	var window target.ID
	err := chromedp.Run(w.chromium, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		if profile, err = target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx); err != nil {
			return err
		}
		window, err = target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
		return err
	}))
	if err != nil {
		t.Fatalf("a window of the browser: %v", err)
	}
	ctx, leave = chromedp.NewContext(w.chromium, chromedp.WithTargetID(window))
	if err := chromedp.Run(ctx); err != nil { // the first run's context bounds the window's life, so it has no limit
		t.Fatalf("a window of the browser: %v", err)
	}
	return ctx, leave
}

// remove removes the browser's folder. Its processes write there a moment longer than the first of them lives.
func remove(folder string) {
	for range 50 {
		if os.RemoveAll(folder) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
