package views

import (
	"context"
	"regexp"
	"time"

	"github.com/a-h/templ"

	"allotment/views/words"
)

var plainColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// houseColour is the primary colour of the pages, as mail programs know colours.
const houseColour = "#2a5d3c"

// buttonStyle is the look of a letter's one link.
func (s letterSheet) buttonStyle() templ.SafeCSS {
	colour := s.Head.Colour
	if !plainColour.MatchString(colour) {
		colour = houseColour
	}
	return templ.SafeCSS("display:inline-block;padding:12px 20px;border-radius:8px;text-decoration:none;font-weight:600;color:#ffffff;background:" + colour)
}

// momentIn reads a time that a verb wrote (RFC 3339) and says it in words; anything else is said as it is.
func momentIn(ctx context.Context, text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return words.Moment(ctx, at)
}
