package exporter

import (
	"errors"
	"fmt"
	"strconv"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/bank"
	"allotment/billing/export"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// xaf writes the audit file of the year.
func (r *run) xaf() error {
	terms, err := Terms(r.ctx, r.tx, r.e.Organization)
	if err != nil {
		return err
	}
	parties, err := r.tx.Parties(r.ctx, r.span())
	if err != nil {
		return err
	}
	opening, err := r.tx.BooksBefore(r.ctx, r.e.Organization, r.e.First, "EUR")
	if err != nil {
		return err
	}
	first := true
	entries := r.entries(true)
	return export.WriteXAF(r.w, export.XAF{
		Seller: terms.Party, Year: r.e.First.Year, Created: billing.DateIn(r.now(), Zone(terms)), Version: r.version, Customers: parties, Opening: opening,
	}, func(yield func(ledger.Entry, error) bool) {
		all := entries
		if first { // the sums are read first, and are no progress yet
			first, all = false, r.entries(false)
		}
		all(yield)
	})
}

// skr are the revenue accounts of the two charts that DATEV's users have, by the scheme of the sale (DATEV Kontenrahmen SKR03 and SKR04, 2026).
// Those of domestic sales are by rate. They are automatic: no key is needed.
var skr = map[string]map[string]string{
	"03": {"19": "8400", "7": "8300", "16": "8400", string(tax.ReverseCharge): "8336", string(tax.OSS): "8320", string(tax.Local): "8320",
		string(tax.Outside): "8338", string(tax.Small): "8195"},
	"04": {"19": "4400", "7": "4300", "16": "4400", string(tax.ReverseCharge): "4336", string(tax.OSS): "4320", string(tax.Local): "4320",
		string(tax.Outside): "4338", string(tax.Small): "4185"},
}

// datev writes the batch of postings.
func (r *run) datev() error {
	o, err := DATEVOf(r.e)
	if err != nil {
		return err
	}
	debtors, err := r.tx.Debtors(r.ctx)
	if err != nil {
		return err
	}
	o.Created, o.Title = r.now(), "Rechnungen"
	o.Debtor = func(buyer string) (string, error) {
		id, err := app.ParseID(buyer)
		if err != nil || debtors[id] == 0 {
			return "", fmt.Errorf("the customer %s has no account number", buyer)
		}
		return strconv.Itoa(debtors[id]), nil
	}
	chart := skr[r.e.Settings["chart"]]
	o.Account = func(d tax.Decision) (string, string, error) {
		key := string(d.Scheme)
		if d.Scheme == tax.Domestic || d.Scheme == tax.Threshold {
			key = d.Rate.String()
		}
		account := chart[key]
		if account == "" {
			return "", "", app.Errorf(app.Permanent, "The charts of accounts know German VAT rates only, and one of these documents has another one.")
		}
		for len(account) < o.Length {
			account += "0"
		}
		return account, "", nil
	}
	return export.WriteDATEV(r.w, o, r.documents())
}

// FirstDebtor is the first account number of a customer where general accounts have as many digits: theirs have one more.
func FirstDebtor(length int) int {
	first := 1
	for range length {
		first *= 10
	}
	return first
}

// DATEVOf reads the settings of an export to DATEV.
func DATEVOf(e app.Export) (export.DATEV, error) {
	var o export.DATEV
	var err1, err2, err3, err4 error
	o.Advisor, err1 = strconv.Atoi(e.Settings["advisor"])
	o.Client, err2 = strconv.Atoi(e.Settings["client"])
	o.Length, err3 = strconv.Atoi(e.Settings["digits"])
	o.Year, err4 = billing.ParseDate(e.Settings["year"])
	o.Days = e.Days()
	return o, errors.Join(err1, err2, err3, err4)
}

// reference is how a debtor's bank names an invoice: structured, or in words.
func reference(structured, number string) (ref, text string) {
	if found, err := bank.ParseCreditorReference(structured); err == nil {
		return found, ""
	}
	return "", "Invoice " + number
}
