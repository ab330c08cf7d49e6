package colour_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"allotment/app/colour"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"#1F6F43": "#1f6f43", " 1f6f43 ": "#1f6f43", "#abc": "#aabbcc", "": "", "red": "", "#12345": "", "#1f6f43;}": "", "#1f6f4g": "", "##1f6f43": "",
	} {
		if got, ok := colour.Clean(text); got != want || ok != (want != "") {
			t.Errorf("%q is %q (%t), want %q", text, got, ok, want)
		}
	}
}

// TestContrast compares with figures of WCAG's own calculation.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		theme     colour.Theme
		hex       string
		low, high float64
	}{
		{colour.Day, "#000000", 18.4, 19.6}, {colour.Day, "#ffffff", 1, 1.2}, {colour.Day, "#767676", 4.0, 4.6}, {colour.Day, "#595959", 6.2, 7},
		{colour.Night, "#ffffff", 15, 17.5}, {colour.Night, "#000000", 1, 1.4},
	} {
		if got := colour.Contrast(c.theme, c.hex); got < c.low || got > c.high {
			t.Errorf("%s by %s: %.2f, want %v to %v", c.hex, c.theme, got, c.low, c.high)
		}
	}
}

// TestNearest wants of any colour: what is readable stays, what is not is mended, and text upon it can be read.
func TestNearest(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		hex := fmt.Sprintf("#%06x", dice.IntN(1<<24))
		for _, theme := range []colour.Theme{colour.Day, colour.Night} {
			near := colour.Nearest(theme, hex)
			if !colour.Readable(theme, near) {
				t.Fatalf("nearest to %s by %s is %s, which has %.2f", hex, theme, near, colour.Contrast(theme, near))
			}
			if colour.Readable(theme, hex) && near != hex {
				t.Fatalf("%s is readable by %s and becomes %s", hex, theme, near)
			}
			if on := between(near, colour.On(near)); on < colour.Enough {
				t.Fatalf("text on %s has %.2f", near, on)
			}
		}
	}
	if got := colour.Nearest(colour.Day, "#ffff00"); got < "#600000" || got > "#8fffff" {
		t.Errorf("yellow by day becomes %s", got)
	}
}

// between is WCAG's formula, written down a second time.
func between(a, b string) float64 {
	light := func(hex string) float64 {
		var r, g, b int
		_, _ = fmt.Sscanf(hex, "#%02x%02x%02x", &r, &g, &b)
		part := func(n int) float64 {
			v := float64(n) / 255
			if v <= 0.04045 {
				return v / 12.92
			}
			return math.Pow((v+0.055)/1.055, 2.4)
		}
		return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b) + 0.05
	}
	return max(light(a), light(b)) / min(light(a), light(b))
}

// TestBackgroundsAreTheThemes holds the package to the style sheet.
func TestBackgroundsAreTheThemes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../static/source/app.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"--color-base-100: oklch(99.2% 0.006 95);", "--color-base-200: oklch(96.8% 0.013 92);",
		"--color-base-100: oklch(24.5% 0.014 150);", "--color-base-200: oklch(20.5% 0.012 150);",
	} {
		if !strings.Contains(string(data), line) {
			t.Errorf("the style sheet has no %q any more: the backgrounds here are others now", line)
		}
	}
}
