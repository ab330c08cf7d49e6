package vies

import (
	"encoding/xml"

	"allotment/app"
)

// envelope is what is sent. The order of the elements is the schema's.
type envelope struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Body    struct {
		Approx struct {
			XMLName          xml.Name `xml:"urn:ec.europa.eu:taxud:vies:services:checkVat:types checkVatApprox"`
			Country          string   `xml:"countryCode"`
			Number           string   `xml:"vatNumber"`
			RequesterCountry string   `xml:"requesterCountryCode,omitempty"`
			RequesterNumber  string   `xml:"requesterVatNumber,omitempty"`
		}
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

func question(q app.VATQuestion) envelope {
	var e envelope
	e.Body.Approx.Country, e.Body.Approx.Number = q.ID[:2], q.ID[2:]
	if q.Requester != "" {
		e.Body.Approx.RequesterCountry, e.Body.Approx.RequesterNumber = q.Requester[:2], q.Requester[2:]
	}
	return e
}

// reply is what comes back: an answer or a fault.
type reply struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Body    struct {
		Fault struct {
			String string `xml:"faultstring"` // without a namespace in SOAP 1.1
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
		Approx *struct {
			Country    string `xml:"countryCode"`
			Number     string `xml:"vatNumber"`
			Date       string `xml:"requestDate"`
			Valid      bool   `xml:"valid"`
			Name       string `xml:"traderName"`
			Address    string `xml:"traderAddress"`
			Identifier string `xml:"requestIdentifier"`
		} `xml:"urn:ec.europa.eu:taxud:vies:services:checkVat:types checkVatApproxResponse"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}
