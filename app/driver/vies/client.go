// Package vies asks the European Commission's VAT Information Exchange System whether a VAT ID was given out: the SOAP service checkVatService,
// operation checkVatApprox (https://ec.europa.eu/taxation_customs/vies/checkVatService.wsdl), which returns a consultation number to a requester
// that names its own VAT ID.
package vies

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"allotment/app"
	"allotment/billing"
)

// Address is the Commission's own service.
const Address = "https://ec.europa.eu/taxation_customs/vies/services/checkVatService"

const (
	atOnce    = 4         // questions; VIES refuses more of one asker with MS_MAX_CONCURRENT_REQ
	maxAnswer = 256 << 10 // bytes of an answer that are read
	maxKept   = 16 << 10  // bytes of an answer that are kept as evidence
)

// Unreachable is the fault of a question that came to no VIES at all: no connection, no SOAP, or an answer to something else.
const Unreachable = "UNREACHABLE"

// Client asks VIES.
type Client struct {
	address string
	http    *http.Client
	slots   *semaphore.Weighted
	now     func() time.Time
}

// New makes a client of the service at an address; limit is how long an answer may take.
func New(address string, limit time.Duration) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("vies.url: this is no address of a web service")
	}
	return &Client{address: address, http: &http.Client{Timeout: limit}, slots: semaphore.NewWeighted(atOnce), now: time.Now}, nil
}

// Ask asks about a VAT ID. It never fails: a question without an answer is Unanswered, with VIES's own word for the reason or Unreachable. A
// requester that VIES does not know is left out, so the answer then has no consultation number.
func (c *Client) Ask(ctx context.Context, q app.VATQuestion) app.VATCheck {
	check := c.ask(ctx, q)
	if check.Fault == "INVALID_REQUESTER_INFO" && q.Requester != "" {
		return c.ask(ctx, app.VATQuestion{ID: q.ID})
	}
	return check
}

func (c *Client) ask(ctx context.Context, q app.VATQuestion) app.VATCheck {
	check := app.VATCheck{ID: q.ID, Requester: q.Requester, Result: app.VATUnanswered, Fault: Unreachable, AskedAt: c.now().UTC().Truncate(time.Microsecond)}
	if len(q.ID) < 4 || q.Requester != "" && len(q.Requester) < 4 {
		check.Result, check.Fault = app.VATInvalid, ""
		return check
	}
	request, err := xml.Marshal(question(q))
	if err != nil {
		check.Answer = err.Error()
		return check
	}
	check.Request = xml.Header + string(request)
	if err := c.slots.Acquire(ctx, 1); err != nil {
		check.Answer = err.Error()
		return check
	}
	defer c.slots.Release(1)
	answer, err := c.send(ctx, check.Request)
	if err != nil {
		check.Answer = err.Error()
		return check
	}
	check.Answer = string(answer[:min(len(answer), maxKept)])
	read(&check, answer)
	return check
}

// send posts an envelope and returns what came back. SOAP 1.1 sends faults with status 500, and VIES does not always.
func (c *Client) send(ctx context.Context, envelope string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, strings.NewReader(envelope))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `""`)
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read to its end, or is given up
	return io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
}

// read takes what VIES says out of an answer.
func read(check *app.VATCheck, answer []byte) {
	var e reply
	if err := xml.NewDecoder(bytes.NewReader(answer)).Decode(&e); err != nil {
		return
	}
	switch fault := strings.TrimSpace(e.Body.Fault.String); {
	case fault == "INVALID_INPUT": // the form of the ID is none that its state gives out
		check.Result, check.Fault = app.VATInvalid, ""
		return
	case fault != "":
		check.Fault = fault
		return
	}
	said := e.Body.Approx
	if said == nil || said.Country+said.Number != check.ID {
		return
	}
	check.Result, check.Fault = app.VATInvalid, ""
	if said.Valid {
		check.Result = app.VATValid
	}
	check.Name, check.Address, check.Consultation = told(said.Name), told(said.Address), strings.TrimSpace(said.Identifier)
	if on, err := billing.ParseDate(said.Date[:min(len(said.Date), 10)]); err == nil { // "2026-11-20+01:00"
		check.AnsweredOn = on
	}
}

// told is what a state tells of an ID's holder; three dashes are that it does not.
func told(text string) string {
	if text = strings.TrimSpace(text); strings.Trim(text, "-") == "" {
		return ""
	}
	return text
}
