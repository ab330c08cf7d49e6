package views

import (
	"context"
	"fmt"
	"strings"

	"allotment/app"
	"allotment/app/colour"
	"allotment/app/portal"
	"allotment/views/words"
)

// BrandForm is the page of a seller's brand.
type BrandForm struct {
	Request  portal.BrandRequest
	Settings app.BrandSettings
	Errors   map[string]string
	Preview  *app.Brand // how it would look; nil where nothing is tried
	Saved    bool
	Reach    string              // the installation's own address
	Asked    []app.BrandSettings // what resellers ask staff for
	AnswerTo app.ID              // to whom an answer was that did not work
}

// BrandRequestOf is the form of the settings as they are: a host that waits for staff stands in it.
func BrandRequestOf(b app.BrandSettings) portal.BrandRequest {
	r := portal.BrandRequest{
		Name: b.Name, Light: b.Light, Dark: b.Dark, SupportEmail: b.SupportEmail, SupportURL: b.SupportURL, ImprintURL: b.ImprintURL, PrivacyURL: b.PrivacyURL,
		SenderName: b.SenderName, SenderAddress: b.SenderAddress, Host: b.Host,
	}
	if !b.AskedAt.IsZero() {
		r.Host, r.SenderAddress = b.AskedHost, b.AskedSender
	}
	return r
}

// suggestion is the nearest colour that can be read, where the given one cannot; "" otherwise.
func suggestion(theme colour.Theme, text string) string {
	hex, ok := colour.Clean(text)
	if !ok || colour.Readable(theme, hex) {
		return ""
	}
	return colour.Nearest(theme, hex)
}

// contrastWords says how well a colour can be read.
func contrastWords(ctx context.Context, theme colour.Theme, text string) string {
	hex, ok := colour.Clean(text)
	if !ok {
		return ""
	}
	ratio := fmt.Sprintf("%.1f", colour.Contrast(theme, hex))
	if words.Locale(ctx) != "en" {
		ratio = strings.Replace(ratio, ".", ",", 1)
	}
	return words.T(ctx, "Contrast %s : 1", ratio)
}

// sample is a small picture of the colour on a theme's pages. Colours are attributes of the picture, which needs no style.
type sample struct {
	background, panel, text, colour, on string
}

func sampleOf(theme colour.Theme, text string) sample {
	s := sample{"#f7f3ea", "#fdfcf8", "#1f2a21", "#1c5c38", "#ffffff"}
	if theme == colour.Night {
		s = sample{"#141a16", "#1d241f", "#ece8df", "#8fd6a4", "#0b0f0c"}
	}
	if hex, ok := colour.Clean(text); ok {
		s.colour, s.on = hex, colour.On(hex)
	}
	return s
}
