// Package colour holds what a brand's colours must be so that everybody can read them: contrast by WCAG 2.2, on the backgrounds of the
// house's two themes.
package colour

import (
	"math"
	"regexp"
	"strings"

	"github.com/lucasb-eyer/go-colorful"
)

// Theme is one of the two looks of the pages.
type Theme string

// The themes, as the style sheet names them.
const (
	Day   Theme = "day"
	Night Theme = "night"
)

// Enough is the contrast that ordinary text needs (WCAG 2.2, success criterion 1.4.3, level AA).
const Enough = 4.5

// backgrounds are what text in the main colour stands on: base-100 and base-200 of static/source/app.css. A test holds them together.
var backgrounds = map[Theme][]colorful.Color{
	Day:   {colorful.OkLch(0.992, 0.006, 95).Clamped(), colorful.OkLch(0.968, 0.013, 92).Clamped()},
	Night: {colorful.OkLch(0.245, 0.014, 150).Clamped(), colorful.OkLch(0.205, 0.012, 150).Clamped()},
}

var written = regexp.MustCompile(`^#?([0-9a-f]{6}|[0-9a-f]{3})$`)

// Clean returns a colour as it is kept, "#1f6f43"; false for what is none. "1F6F43" and "#abc" are understood.
func Clean(text string) (string, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if !written.MatchString(text) {
		return "", false
	}
	c, err := colorful.Hex("#" + strings.TrimPrefix(text, "#"))
	return c.Hex(), err == nil
}

// Contrast is the least contrast of a colour on the theme's backgrounds, from 1 to 21; 0 for what is no colour.
func Contrast(theme Theme, hex string) float64 {
	c, err := colorful.Hex(hex)
	if err != nil {
		return 0
	}
	least := math.Inf(1)
	for _, background := range backgrounds[theme] {
		least = math.Min(least, ratio(c, background))
	}
	return least
}

// Readable reports whether text in the colour can be read on the theme's pages.
func Readable(theme Theme, hex string) bool { return Contrast(theme, hex) >= Enough }

// Nearest returns the colour of the same hue that is closest to the given one and can be read: a darker one by day, a lighter one by night.
func Nearest(theme Theme, hex string) string {
	c, err := colorful.Hex(hex)
	if err != nil {
		return ""
	}
	step := -0.002
	if theme == Night {
		step = 0.002
	}
	l, chroma, hue := c.OkLch()
	for found := c.Hex(); l >= 0 && l <= 1; l += step {
		if Readable(theme, found) {
			return found
		}
		found = colorful.OkLch(l, chroma, hue).Clamped().Hex()
	}
	if theme == Night {
		return "#ffffff"
	}
	return "#000000"
}

// On returns the colour of text upon the given one: near white or near black, whichever is read more easily.
func On(hex string) string {
	const white, black = "#ffffff", "#0b0f0c"
	c, err := colorful.Hex(hex)
	if err != nil {
		return white
	}
	light, _ := colorful.Hex(white)
	dark, _ := colorful.Hex(black)
	if ratio(c, light) >= ratio(c, dark) {
		return white
	}
	return black
}

// ratio is the contrast of two colours (WCAG 2.2, "contrast ratio").
func ratio(a, b colorful.Color) float64 {
	one, other := luminance(a)+0.05, luminance(b)+0.05
	return math.Max(one, other) / math.Min(one, other)
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(c colorful.Color) float64 {
	r, g, b := c.LinearRgb()
	return 0.2126*r + 0.7152*g + 0.0722*b
}
