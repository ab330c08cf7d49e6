package views

import (
	"context"
	"strconv"

	"allotment/app/portal"
	"allotment/views/words"
)

// visitMinutes are the times for which a seller's staff may act in a customer's name, as their form sends them.
func visitMinutes() []string {
	var all []string
	for _, minutes := range portal.VisitMinutes() {
		all = append(all, strconv.Itoa(minutes))
	}
	return all
}

func visitTime(ctx context.Context, minutes string) string {
	n, err := strconv.Atoi(minutes)
	if err != nil {
		return minutes
	}
	return words.T(ctx, "%d minutes", n)
}
