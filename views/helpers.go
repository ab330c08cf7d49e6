package views

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/catalog"
	"allotment/views/words"
)

// spinning adds the turning movement to the icon that means work in progress.
func spinning(icon, class string) string {
	if icon == "loader-circle" {
		return class + " spin"
	}
	return class
}

// cheapest returns the plan with the lowest price for a month, at that price; false for an app without plans. A price for longer is divided. One
// that costs by use as well comes only where there is none else: its price is not all that is paid.
func cheapest(offer portal.Offer) (lowest portal.PlanOffer, ok bool) {
	for _, plan := range offer.Plans {
		plan.Price = aMonth(plan)
		plan.Interval = billing.Month
		measured, lowestMeasured := len(plan.Usage) > 0, len(lowest.Usage) > 0
		if !ok || lowestMeasured && !measured || measured == lowestMeasured && plan.Price.Minor < lowest.Price.Minor {
			lowest, ok = plan, true
		}
	}
	return lowest, ok
}

// mebibytes writes an amount of memory in the unit that people read on a label.
func mebibytes(ctx context.Context, n int) string {
	if n%1024 == 0 {
		return words.T(ctx, "%d GB", n/1024)
	}
	return words.T(ctx, "%d MB", n)
}

func portName(p catalog.Port) string {
	if p.To > p.Port {
		return fmt.Sprintf("%d–%d/%s", p.Port, p.To, p.Protocol)
	}
	return fmt.Sprintf("%d/%s", p.Port, p.Protocol)
}

// initial is the first letter of a name: what stands where an app's picture is not at hand.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	if r == utf8.RuneError {
		return "?"
	}
	return string(r)
}

// IconURL is the address of an app's picture. It changes with the picture, so it may be kept forever.
func IconURL(a *catalog.App) string {
	return "/catalog/" + url.PathEscape(a.ID) + "/icon.svg?v=" + IconVersion(a)
}

// IconVersion names the content of an app's picture.
func IconVersion(a *catalog.App) string {
	sum := sha256.Sum256(a.IconSVG())
	return hex.EncodeToString(sum[:6])
}

// sortedKeys makes a form's fields come in the same order each time.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// answerText is an answer as a person reads it.
func answerText(ctx context.Context, q catalog.Question, answer string) string {
	if q.Type == catalog.QuestionBool {
		if answer == "true" {
			return words.T(ctx, "Yes")
		}
		return words.T(ctx, "No")
	}
	for _, choice := range q.Choices {
		if choice.Value == answer {
			return choice.Label.In(words.Locale(ctx))
		}
	}
	if answer == "" {
		return "–"
	}
	return answer
}

// recordValue is a record's value; an address that is not chosen yet is said so.
func recordValue(ctx context.Context, r app.Record) string {
	value := strings.Join(r.Values, ", ")
	if strings.Contains(value, "{address") {
		return words.T(ctx, "the address of your server")
	}
	return value
}
