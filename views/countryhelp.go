package views

import (
	"context"
	"sort"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"allotment/app"
	"allotment/billing/tax"
	"allotment/views/words"
)

// country is one that can be chosen.
type country struct{ code, name string }

// countries lists all of them by their names in the reader's language.
func countries(ctx context.Context) []country {
	var all []country
	for _, code := range app.Countries() {
		all = append(all, country{code, countryName(ctx, code)})
	}
	sorted(ctx, len(all), func(i int) string { return all[i].name }, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// memberStates lists the 27 by their names in the reader's language.
func memberStates(ctx context.Context) []country {
	var all []country
	for _, each := range countries(ctx) {
		if tax.Member(each.code) {
			all = append(all, each)
		}
	}
	return all
}

// countryName is what a country is called in the reader's language; a code that is none stays as it is.
func countryName(ctx context.Context, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(words.Locale(ctx))).Name(region); name != "" {
		return name
	}
	return code
}

// byName sorts as the reader's language does.
type byName struct {
	n    int
	name func(int) string
	swap func(int, int)
	by   *collate.Collator
}

func (b byName) Len() int           { return b.n }
func (b byName) Less(i, j int) bool { return b.by.CompareString(b.name(i), b.name(j)) < 0 }
func (b byName) Swap(i, j int)      { b.swap(i, j) }

func sorted(ctx context.Context, n int, name func(int) string, swap func(int, int)) {
	sort.Stable(byName{n, name, swap, collate.New(language.Make(words.Locale(ctx)))})
}
