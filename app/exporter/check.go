package exporter

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/bank"
)

// Terms are how an organization sells, or a Conflict where it has not said so yet.
func Terms(ctx context.Context, tx *store.Tx, seller app.ID) (store.Terms, error) {
	all, err := tx.SellersTerms(ctx, []app.ID{seller})
	if err != nil {
		return store.Terms{}, err
	}
	terms, ok := all[seller]
	if !ok {
		return terms, app.Errorf(app.Conflict, "Please fill in your own details and how you sell first.")
	}
	return terms, nil
}

// Zone is where the seller's days are counted.
func Zone(terms store.Terms) *time.Location {
	if zone, err := time.LoadLocation(terms.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// Check refuses an export that cannot be made as it was asked for, by the fields that are wrong.
func (x *Exporter) Check(ctx context.Context, tx *store.Tx, e app.Export) error {
	if !e.Kind.Of(e.Side) {
		return app.FieldError("kind", "Please choose one of the formats.")
	}
	if message := days(e); message != "" {
		return app.FieldError("from", message)
	}
	switch e.Kind {
	case app.ExportXAF:
		_, err := Terms(ctx, tx, e.Organization)
		return err
	case app.ExportDATEV:
		return x.checkDATEV(ctx, tx, e)
	case app.ExportDebits:
		return x.checkDebits(ctx, tx, e)
	}
	return nil
}

// days says what is wrong with the days that were chosen.
func days(e app.Export) string {
	first, last := e.First, e.Last
	switch {
	case first.IsZero() || last.IsZero() || first.Year < 2000 || last.Year > 2100:
		return "Please choose the first and the last day."
	case last.Before(first):
		return "The last day comes before the first."
	case e.Kind == app.ExportOSS && (first.Day != 1 || (first.Month-1)%3 != 0 || first.AddMonths(3).AddDays(-1) != last):
		return "The one-stop shop reports whole quarters: from 1 January, April, July or October, for three months."
	case e.Kind == app.ExportXAF && (first != billing.Date{Year: first.Year, Month: 1, Day: 1} || first.AddMonths(12).AddDays(-1) != last):
		return "An audit file holds a whole year: from 1 January to 31 December."
	}
	return ""
}

func (x *Exporter) checkDATEV(ctx context.Context, tx *store.Tx, e app.Export) error {
	terms, err := Terms(ctx, tx, e.Organization)
	if err != nil {
		return err
	}
	fields := map[string]string{}
	o, err := DATEVOf(e)
	switch {
	case terms.Party.Country != "DE":
		fields["kind"] = "DATEV is for sellers in Germany."
	case err != nil && o.Year.IsZero():
		fields["year"] = "Please give the first day of the fiscal year."
	case e.First.Before(o.Year) || o.Year.AddMonths(12).Before(e.Days().End):
		fields["year"] = "The days must lie within one fiscal year."
	}
	if o.Advisor < 1000 || o.Advisor > 9_999_999 {
		fields["advisor"] = "Your tax advisor has this number: four to seven digits."
	}
	if o.Client < 1 || o.Client > 99_999 {
		fields["client"] = "Your tax advisor has this number: one to five digits."
	}
	if o.Length < 4 || o.Length > 8 {
		fields["digits"] = "Please give a number from 4 to 8."
	}
	if skr[e.Settings["chart"]] == nil {
		fields["chart"] = "Please choose one of the charts of accounts."
	}
	return marked(fields)
}

func (x *Exporter) checkDebits(ctx context.Context, tx *store.Tx, e app.Export) error {
	terms, err := Terms(ctx, tx, e.Organization)
	if err != nil {
		return err
	}
	fields := map[string]string{}
	today := billing.DateIn(x.now(), Zone(terms))
	collect, err := billing.ParseDate(e.Settings["collect"])
	if err != nil || !today.Before(collect) || today.AddDays(365).Before(collect) {
		fields["collect"] = "Please choose a day from tomorrow on."
	}
	if _, err := bank.ParseCreditorID(e.Settings["creditor"]); err != nil {
		fields["creditor"] = "This is not a creditor identifier, or it was mistyped. Your bank gave it to you."
	}
	if _, err := bank.ParseIBAN(terms.Payment.IBAN); err != nil {
		fields["kind"] = "Your own bank account is missing: please fill it in with how you sell."
	}
	return marked(fields)
}

func marked(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	const words = "Please look at the fields that are marked."
	return &app.Error{Code: app.Invalid, Message: words, Format: words, Fields: fields}
}
