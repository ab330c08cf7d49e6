package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// DATEV is what the bookkeeper gave for the export of a batch of postings (Buchungsstapel), and the days that it covers.
type DATEV struct {
	Advisor int            // Beraternummer
	Client  int            // Mandantennummer
	Year    billing.Date   // first day of the fiscal year
	Length  int            // digits of a general account, 4 to 8
	Days    billing.Period // within the fiscal year
	Created time.Time
	Title   string
	// Debtor returns the customer's account. Account returns the revenue account and the tax key (BU-Schlüssel, "" for an automatic
	// account) of a decision.
	Debtor  func(buyer string) (string, error)
	Account func(tax.Decision) (account, key string, err error)
}

// datevColumns is the number of columns of format version 13; those that we fill are named in datevHeadings, by position.
// Source: developer.datev.de, DATEV-Format, Buchungsstapel.
const datevColumns = 125

var datevHeadings = map[int]string{
	1: "Umsatz (ohne Soll/Haben-Kz)", 2: "Soll/Haben-Kennzeichen", 3: "WKZ Umsatz", 7: "Konto", 8: "Gegenkonto (ohne BU-Schlüssel)",
	9: "BU-Schlüssel", 10: "Belegdatum", 11: "Belegfeld 1", 14: "Buchungstext", 40: "EU-Land u. UStID", 41: "EU-Steuersatz", 117: "Fälligkeit",
}

// WriteDATEV writes issued documents as an EXTF file, version 700, in Windows-1252: one posting for each VAT group, gross, from the
// customer's account to revenue; DATEV takes the VAT out by the account or key. The form of the file is tested here against its description
// only: nothing of DATEV's own runs here.
func WriteDATEV(w io.Writer, o DATEV, documents All[invoice.Document]) error {
	if o.Length < 4 || o.Length > 8 || o.Advisor <= 0 || o.Client <= 0 || o.Days.Days() <= 0 || o.Days.Start.Before(o.Year) || o.Year.AddMonths(12).Before(o.Days.End) {
		return errors.New("the export to DATEV needs the numbers of advisor and client, and days within the fiscal year")
	}
	out := bufio.NewWriterSize(w, 64<<10)
	line := func(row string) { _, _ = out.Write(windows1252(row + "\r\n")) } // what failed is told by the flush
	line(o.header())
	line(headings())
	for d, err := range documents {
		if err != nil {
			return err
		}
		if !o.Days.Contains(d.Issued) {
			return fmt.Errorf("%s of %s is not within %s", d.Number, d.Issued, o.Days)
		}
		if d.Currency != "EUR" || d.Kind == invoice.Proforma {
			return fmt.Errorf("%s cannot be exported to DATEV: only invoices and credit notes in EUR can", d.Number)
		}
		for _, group := range d.Groups {
			row, err := o.row(d, group)
			if err != nil {
				return err
			}
			if row != "" {
				line(row)
			}
		}
	}
	return out.Flush()
}

// header is the first line, of 31 fields.
func (o DATEV) header() string {
	compact := func(d billing.Date) string { return strings.ReplaceAll(d.String(), "-", "") }
	fields := make([]string, 31)
	for i, field := range []string{quoted("EXTF"), "700", "21", quoted("Buchungsstapel"), "13", o.Created.Format("20060102150405") + "000", "", quoted(""), quoted(""), quoted(""),
		strconv.Itoa(o.Advisor), strconv.Itoa(o.Client), compact(o.Year), strconv.Itoa(o.Length), compact(o.Days.Start), compact(o.Days.Last()),
		quoted(cut(Safe(o.Title), 30)), quoted(""), "1", "0", "0", quoted("EUR")} {
		fields[i] = field
	}
	return strings.Join(fields, ";")
}

func headings() string {
	names := make([]string, datevColumns)
	for i := range names {
		names[i] = datevHeadings[i+1]
	}
	return strings.Join(names, ";")
}

// row is one posting; a group of nothing has none.
func (o DATEV) row(d invoice.Document, group invoice.Group) (string, error) {
	gross, err := group.Base.Add(group.VAT)
	if err != nil || gross.IsZero() {
		return "", err
	}
	debtor, err := o.Debtor(d.Buyer.ID)
	if err != nil {
		return "", err
	}
	account, key, err := o.Account(group.Tax)
	if err != nil {
		return "", err
	}
	side := "S"
	if d.Kind == invoice.CreditNote {
		side = "H"
	}
	fields := make([]string, datevColumns)
	for column, value := range map[int]string{1: strings.Replace(gross.Amount(), ".", ",", 1), 2: quoted(side), 3: quoted("EUR"), 7: debtor, 8: account,
		9: quoted(key), 10: fmt.Sprintf("%02d%02d", d.Issued.Day, d.Issued.Month), 11: quoted(voucher(d.Number)), 14: quoted(cut(Safe(d.Buyer.Name), 60)),
		40: quoted(""), 117: ""} {
		fields[column-1] = value
	}
	switch group.Tax.Scheme {
	case tax.ReverseCharge:
		fields[39] = quoted(string(d.Buyer.VATID))
	case tax.OSS:
		fields[39], fields[40] = quoted(group.Tax.Country), strings.Replace(group.Tax.Rate.String(), ".", ",", 1)
	}
	if !d.Due.IsZero() {
		fields[116] = fmt.Sprintf("%02d%02d%04d", d.Due.Day, d.Due.Month, d.Due.Year)
	}
	return strings.Join(fields, ";"), nil
}

func quoted(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return `"` + strings.ReplaceAll(clean, `"`, `""`) + `"`
}

// voucher keeps the characters that Belegfeld 1 may have, 36 at most.
func voucher(number string) string {
	return cut(strings.Map(func(r rune) rune {
		if (r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r))) || strings.ContainsRune("$&%*+-/", r) {
			return r
		}
		return -1
	}, number), 36)
}

func cut(text string, length int) string {
	runes := []rune(text)
	return string(runes[:min(length, len(runes))])
}

// windows1252 encodes text; a letter that the code page lacks loses its marks, and what is left of the world becomes a question mark.
func windows1252(text string) []byte {
	var out []byte
	for _, r := range strings.NewReplacer("ł", "l", "Ł", "L", "đ", "d", "Đ", "D").Replace(text) {
		for _, candidate := range []rune{r, []rune(norm.NFD.String(string(r)))[0], '?'} {
			if b, ok := charmap.Windows1252.EncodeRune(candidate); ok {
				out = append(out, b)
				break
			}
		}
	}
	return out
}
