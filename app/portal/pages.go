package portal

import (
	"unicode/utf8"

	"allotment/app"
)

// pageOf reads the two fields by which lists page: the key after which a page begins, and how many rows it has.
func pageOf(after string, limit int) (app.ID, int, error) {
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	if after == "" {
		return app.ID{}, limit, nil
	}
	id, err := app.ParseID(after)
	return id, limit, err
}

// clip keeps a search text short enough to search for.
func clip(text string) string {
	for utf8.RuneCountInString(text) > 100 {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
