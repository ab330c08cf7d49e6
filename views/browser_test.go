package views_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.js
var axe string

// browser starts a chromium of the test's own.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian package chromium)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(profile(t)), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// show opens a page at a width with a colour scheme.
func show(address string, width int64, scheme string) chromedp.Tasks {
	return chromedp.Tasks{
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500),
		chromedp.Navigate(address),
		chromedp.WaitReady("#main"),
		chromedp.Evaluate(`document.fonts.ready.then(() => true)`, nil, awaited),
	}
}

type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// TestAccessibility asks axe about every page with everything unfolded, wide and light, narrow and dark, and wants no sideways scroll;
// German has the longest words.
func TestAccessibility(t *testing.T) {
	ctx := browser(t)
	base := serve(t)
	for _, name := range slices.Sorted(maps.Keys(pages(t))) {
		if only := os.Getenv("PAGES"); only != "" && !strings.Contains(" "+only+" ", " "+name+" ") {
			continue
		}
		for _, look := range []struct {
			width  int64
			scheme string
			locale string
		}{{1280, "light", "en"}, {390, "dark", "de"}} {
			var found []byte
			var overflow int64
			err := chromedp.Run(ctx, show(base+"/page/"+look.locale+"/"+name, look.width, look.scheme),
				chromedp.Evaluate(`document.querySelectorAll("details").forEach((d) => { d.open = true })`, nil),
				chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &overflow),
				chromedp.Evaluate(axe, nil),
				chromedp.Evaluate(`axe.run().then((r) => r.violations)`, &found, awaited))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if overflow > 0 {
				t.Errorf("%s at %d is %d pixels too wide", name, look.width, overflow)
			}
			for _, words := range serious(t, found) {
				t.Errorf("%s at %d, %s: %s", name, look.width, look.scheme, words)
			}
		}
	}
}

func serious(t *testing.T, data []byte) (all []string) {
	t.Helper()
	var found []violation
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		if v.Impact != "serious" && v.Impact != "critical" && v.Impact != "moderate" {
			continue
		}
		for _, node := range v.Nodes {
			all = append(all, fmt.Sprintf("%s: %s\n\t%s\n\t%s", v.ID, v.Help, node.HTML, node.FailureSummary))
		}
	}
	return all
}

// TestScreenshots takes a picture of every page into the folder named by SCREENSHOTS.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS names no folder to put pictures into")
	}
	ctx := browser(t)
	base := serve(t)
	for _, name := range slices.Sorted(maps.Keys(pages(t))) {
		if only := os.Getenv("PAGES"); only != "" && !strings.Contains(" "+only+" ", " "+name+" ") {
			continue
		}
		for _, width := range []int64{1280, 390} {
			for _, scheme := range []string{"light", "dark"} {
				var picture []byte
				err := chromedp.Run(ctx, show(base+"/page/en/"+name, width, scheme), chromedp.FullScreenshot(&picture, 100))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				file := filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
				if err := os.WriteFile(file, picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// awaited makes an evaluation wait for its promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

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
