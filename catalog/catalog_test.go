package catalog_test

import (
	"testing"

	"allotment/catalog"
)

func TestEmbedded(t *testing.T) {
	t.Parallel()
	for _, problem := range catalog.Lint(catalog.Embedded) {
		t.Error(problem)
	}
}
