package ecb

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"allotment/app"
	"allotment/billing"
)

// file is what both files hold: a Cube of Cubes with a day, each of Cubes with a rate.
type file struct {
	XMLName xml.Name `xml:"http://www.gesmes.org/xml/2002-08-01 Envelope"`
	Days    []struct {
		Day   string `xml:"time,attr"`
		Rates []struct {
			Currency string `xml:"currency,attr"`
			Rate     string `xml:"rate,attr"`
		} `xml:"http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"`
	} `xml:"http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube>Cube"`
}

// firstYear is the first of which there are rates of the euro.
const firstYear = 1999

// maxRates is how many rates a file may have: the one of 90 days has about two thousand.
const maxRates = 10_000

// read takes the rates out of a file, all of them or none.
func read(text []byte, address string, today billing.Date) (all []app.ExchangeRate, err error) {
	var f file
	decoder := xml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&f); err != nil {
		return nil, err
	}
	if err := ends(decoder); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, d := range f.Days {
		day, err := billing.ParseDate(d.Day)
		if err != nil || day.Year < firstYear || today.AddDays(1).Before(day) {
			return nil, fmt.Errorf("%.20q is not a day of which there can be rates", d.Day)
		}
		for _, one := range d.Rates {
			rate, err := perEuro(one.Currency, one.Rate)
			if err != nil {
				return nil, err
			}
			key := d.Day + one.Currency
			if known[key] || len(known) == maxRates {
				return nil, fmt.Errorf("%s stands twice at %s, or there are too many rates", one.Currency, d.Day)
			}
			known[key] = true
			all = append(all, app.ExchangeRate{Currency: one.Currency, Day: day, PerEuro: rate, Source: address})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the file holds no rates")
	}
	return all, nil
}

// ends holds that nothing stands behind the envelope.
func ends(decoder *xml.Decoder) error {
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Comment:
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("there is text behind the rates")
			}
		default:
			return errors.New("there is more behind the rates")
		}
	}
}

// perEuro checks a currency and its rate.
func perEuro(currency, text string) (billing.Decimal, error) {
	if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || currency == app.Euro {
		return billing.Decimal{}, fmt.Errorf("%.20q is not a currency that has a rate", currency)
	}
	rate, err := billing.ParseDecimal(text)
	if err != nil || !app.IsExchangeRate(rate) {
		return billing.Decimal{}, fmt.Errorf("%.40q is not a rate of %s", text, currency)
	}
	return rate, nil
}
