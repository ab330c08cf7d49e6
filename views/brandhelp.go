package views

import (
	"strings"

	"allotment/app"
)

// brandName is what stands in the corner of every page.
func (p Page) brandName() string {
	if p.Brand.Name != "" {
		return p.Brand.Name
	}
	return "Allotment"
}

// markText is what a logo says to those who do not see it: nothing where the name stands beside it.
func markText(p Page) string {
	if p.Brand.LogoWide {
		return p.brandName()
	}
	return ""
}

// BrandLogoURL is the address of a brand's logo. It changes with the picture, so it may be kept forever.
func BrandLogoURL(b app.Brand) string { return "/brand/logo/" + b.Logo + ".png" }

// BrandIconURL is the address of the small square picture that browsers show on a tab.
func BrandIconURL(b app.Brand) string { return "/brand/icon/" + b.Logo + ".png" }

// BrandSheetURL is the address of the style sheet with the brand's colours, "" for the house's own. It says the colours themselves, so
// it needs no look-up, may be kept forever, and shows a brand that is not saved yet.
func BrandSheetURL(b app.Brand) string {
	if b.Light == "" && b.Dark == "" {
		return ""
	}
	return "/brand/colours/" + hexOrHouse(b.Light) + "-" + hexOrHouse(b.Dark) + ".css"
}

func hexOrHouse(colour string) string {
	if colour == "" {
		return "house"
	}
	return strings.TrimPrefix(colour, "#")
}
