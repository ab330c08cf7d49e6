package views

import (
	"context"
	"time"

	"allotment/views/words"
)

// subscriptionLetter says what happens with a subscription: another plan, its end, and what becomes of the data.
func subscriptionLetter(ctx context.Context, d map[string]string) letter {
	name, on := d["service"]+" ("+d["host"]+")", letterDay(ctx, d["on"])
	button := words.T(ctx, "See the service")
	kept := words.T(ctx, "Please take your data along before %s: on that day it is removed for good.", letterDay(ctx, d["until"]))
	switch d["event"] {
	case "plan now":
		return letter{subject: words.T(ctx, "%s gets another size", d["service"]), lines: []string{
			words.T(ctx, "%s gets the size %s now. It costs %s without VAT.", name, d["plan"], letterPrice(ctx, d)),
			words.T(ctx, "The unused days of the old size are credited, and the rest of the period is charged at the new price."),
		}, button: button}
	case "plan period_end":
		return letter{subject: words.T(ctx, "%s gets another size", d["service"]), lines: []string{
			words.T(ctx, "From %s on, %s has the size %s. It then costs %s without VAT.", on, name, d["plan"], letterPrice(ctx, d)),
		}, button: button}
	case "cancelled":
		return letter{subject: words.T(ctx, "%s is cancelled", d["service"]), lines: []string{
			words.T(ctx, "%s is cancelled. It runs until %s and is not charged any more from then on.", name, on), kept,
			words.T(ctx, "Until it ends you can take this back with one button."),
		}, button: button}
	case "removed":
		return letter{subject: words.T(ctx, "%s is removed", d["service"]), lines: []string{
			words.T(ctx, "%s is being removed now, with its data. It is charged until %s and not from then on.", name, on),
		}, button: button}
	case "ending":
		return letter{subject: words.T(ctx, "%s ends on %s", d["service"], on), lines: []string{
			words.T(ctx, "%s was cancelled and ends on %s.", name, on), kept, words.T(ctx, "Until it ends you can take this back with one button."),
		}, button: button}
	case "ended":
		return letter{subject: words.T(ctx, "%s has ended", d["service"]), lines: []string{
			words.T(ctx, "%s has ended and is stopped. Nothing was removed yet.", name),
			words.T(ctx, "Its data is kept until %s and removed on that day. Please write to us before then if you still need it.", letterDay(ctx, d["until"])),
		}, button: button}
	}
	return letter{subject: words.T(ctx, "%s goes on", d["service"]), lines: []string{words.T(ctx, "%s goes on: its end was taken back.", name)}, button: button}
}

// letterDay writes a day as the reader's language does.
func letterDay(ctx context.Context, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return words.Date(ctx, at)
}

func letterPrice(ctx context.Context, d map[string]string) string {
	switch d["interval"] {
	case "quarter":
		return words.T(ctx, "%s a quarter", d["price"])
	case "year":
		return words.T(ctx, "%s a year", d["price"])
	}
	return words.T(ctx, "%s a month", d["price"])
}
