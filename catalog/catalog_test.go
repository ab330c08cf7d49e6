package catalog_test

import (
	"testing"

	"allotment/billing"
	"allotment/catalog"
)

func TestEmbeddedIsInOrder(t *testing.T) {
	t.Parallel()
	for _, problem := range catalog.Lint(catalog.Embedded) {
		t.Error(problem)
	}
}

func TestLookUp(t *testing.T) {
	t.Parallel()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range entries.Apps() {
		found, ok := entries.App(listed.ID)
		if !ok || found != listed || len(found.IconSVG()) == 0 || found.Category.Name("nl") == "" {
			t.Errorf("%s is listed but not found whole", listed.ID)
		}
	}
	if _, ok := entries.App("nothing"); ok {
		t.Error("an app that does not exist was found")
	}
	redmine := app(t, "redmine")
	if redmine.Plan("nothing") != nil || redmine.Question("nothing") != nil || redmine.Plan("medium").Name.In("de-AT") != "Mittel" {
		t.Error("a plan or question is not found as it should be")
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	redmine := app(t, "redmine")
	if _, ok := redmine.Plan("large").Price("USD", billing.Month); ok {
		t.Error("there is a price in a currency that nobody set")
	}
	price, ok := redmine.Plan("large").Price("EUR", billing.Year)
	recurring, err := price.Recurring()
	if !ok || err != nil || recurring.Minor != 36700 {
		t.Errorf("the price of a year is %v, %v, %v", recurring, ok, err)
	}
	if once, err := price.Once(); err != nil || !once.IsZero() {
		t.Errorf("the setup fee is %v, %v", once, err)
	}
}
