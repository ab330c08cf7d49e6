package views_test

import (
	"strings"
	"testing"

	"allotment/app/portal"
	"allotment/views"
)

// TestFromIsNotByUse: the catalog says from which price an app is to be had by a size whose price is all that is paid, where there is one.
func TestFromIsNotByUse(t *testing.T) {
	t.Parallel()
	offer := redmine(t)
	by := offer.Plans[len(offer.Plans)-1]
	if len(by.Usage) == 0 {
		t.Fatal("the last size is not paid by use")
	}
	for want, plans := range map[string][]portal.PlanOffer{"€9.50": offer.Plans, "€1.50": {by}} {
		offer.Plans = plans
		var page strings.Builder
		if err := views.Catalog(views.Page{Path: "/catalog", Actor: tenant(), Now: now}, views.CatalogFilter{}, nil, []portal.Offer{offer}).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page.String(), want) || want != "€1.50" && strings.Contains(page.String(), "€1.50") {
			t.Errorf("the catalog does not say from %s:\n%s", want, page.String())
		}
	}
}
