package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

// exportLetter says that an export which took long has ended.
func exportLetter(ctx context.Context, d map[string]string) letter {
	days := words.T(ctx, "It holds the days from %s to %s.", d["from"], d["until"])
	if app.ExportState(d["state"]) == app.ExportDone {
		return letter{subject: words.T(ctx, "Your export is ready"), lines: []string{
			words.T(ctx, "The file that you asked for is ready."), days, words.T(ctx, "It is kept for a few days. After that it can be made again."),
		}, button: words.T(ctx, "Fetch the file")}
	}
	return letter{subject: words.T(ctx, "Your export failed"), lines: []string{words.T(ctx, "The file that you asked for could not be made."), days},
		button: words.T(ctx, "See why")}
}
