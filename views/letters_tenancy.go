package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

// transferLetter tells one of the three whom a move concerns how far it is.
func transferLetter(ctx context.Context, d map[string]string) letter {
	customer, giver, receiver := d["customer"], d["giver"], d["receiver"]
	l := letter{subject: words.T(ctx, "The move of %s to %s", customer, receiver), button: words.T(ctx, "See the move")}
	switch d["event"] {
	case "started":
		l.lines = []string{
			words.T(ctx, "%s of %s asks that %s moves from %s to %s.", d["person"], d["organization"], customer, giver, receiver),
			words.T(ctx, "It happens when all three have agreed, within fourteen days. Services keep running as they are."),
		}
		if d["message"] != "" {
			l.lines = append(l.lines, words.T(ctx, "The reason that was given: %s", d["message"]))
		}
	case "agreed":
		l.lines = []string{words.T(ctx, "%s of %s has agreed that %s moves from %s to %s.", d["person"], d["organization"], customer, giver, receiver)}
	case "done":
		l.lines = []string{words.T(ctx, "All three have agreed: %s has moved from %s to %s.", customer, giver, receiver)}
	case string(app.TransferDeclined):
		l.lines = []string{words.T(ctx, "%s of %s has declined that %s moves from %s to %s. Nothing changes.", d["person"], d["organization"], customer, giver, receiver)}
	default:
		l.lines = []string{words.T(ctx, "%s of %s has taken the move of %s back. Nothing changes.", d["person"], d["organization"], customer)}
	}
	return l
}

// stateLetter tells an organization's owners that it was suspended, resumed or closed.
func stateLetter(ctx context.Context, d map[string]string) letter {
	switch app.OrganizationState(d["state"]) {
	case app.OrganizationSuspended:
		return letter{
			subject: words.T(ctx, "%s is suspended", d["organization"]),
			lines: []string{
				words.T(ctx, "%s has suspended %s. Services keep running; nothing can be ordered or changed until it is resumed.", d["seller"], d["organization"]),
				words.T(ctx, "The reason that was given: %s", d["reason"]),
			},
			button: words.T(ctx, "See your organization"),
		}
	case app.OrganizationClosed:
		return letter{
			subject: words.T(ctx, "%s is closed", d["organization"]),
			lines:   []string{words.T(ctx, "%s has closed %s. Nobody can sign in to it any more.", d["seller"], d["organization"])},
		}
	}
	return letter{
		subject: words.T(ctx, "%s is no longer suspended", d["organization"]),
		lines:   []string{words.T(ctx, "%s has resumed %s. Everything can be ordered and changed again.", d["seller"], d["organization"])},
		button:  words.T(ctx, "See your organization"),
	}
}
