// Package vies is a stand-in for the Commission's VAT Information Exchange System: the SOAP service checkVatService with both of its operations,
// and the checkVatTestService, whose numbers 100 to 601 bring about every answer and fault that there is (as its WSDL says). It keeps who was
// registered, what was asked and which states are away, gives out consultation numbers, and refuses what the schema refuses.
package vies

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Trader is somebody whom a state has given a VAT ID. A state that does not tell who it is leaves both empty.
type Trader struct {
	Name, Address string
}

// Question is one that was asked.
type Question struct {
	ID, Requester string
	Consultation  string // what was given out for it
}

// Server is the service.
type Server struct {
	URL     string // of checkVatService
	TestURL string // of checkVatTestService

	mu        sync.Mutex
	traders   map[string]Trader
	away      map[string]string // state -> its fault
	overall   string            // the fault of everything
	asked     []Question
	running   map[string]int // questions at this moment, by state
	most      int
	slow      time.Duration
	plain     bool // faults come with status 200
	last      int
	http      *http.Server
	listening net.Listener
}

// Start serves on a free port of this machine until Close.
func Start() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("VIES: %w", err)
	}
	s := &Server{traders: map[string]Trader{}, away: map[string]string{}, running: map[string]int{}, most: 8, listening: l}
	base := "http://" + l.Addr().String() + "/taxation_customs/vies/services/"
	s.URL, s.TestURL = base+"checkVatService", base+"checkVatTestService"
	mux := http.NewServeMux()
	mux.HandleFunc("POST /taxation_customs/vies/services/checkVatService", s.serve(s.answer))
	mux.HandleFunc("POST /taxation_customs/vies/services/checkVatTestService", s.serve(s.test))
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go s.http.Serve(l) //nolint:errcheck // it ends with Close
	return s, nil
}

// Close ends the service, and every question that waits.
func (s *Server) Close() { _ = s.http.Close() }

// Register gives out a VAT ID; Withdraw takes it back.
func (s *Server) Register(id string, t Trader) { s.with(func() { s.traders[id] = t }) }

// Withdraw takes a VAT ID back.
func (s *Server) Withdraw(id string) { s.with(func() { delete(s.traders, id) }) }

// Away lets a state answer with a fault; "" brings it back. The state "" is the whole system.
func (s *Server) Away(state, fault string) {
	s.with(func() {
		if state == "" {
			s.overall = fault
			return
		}
		s.away[state] = fault
	})
}

// Slow lets every answer take a while.
func (s *Server) Slow(d time.Duration) { s.with(func() { s.slow = d }) }

// Most is how many questions about one state are answered at once.
func (s *Server) Most(n int) { s.with(func() { s.most = n }) }

// PlainFaults sends faults with status 200, as the service has done at times, and not with 500 as SOAP 1.1 wants.
func (s *Server) PlainFaults(on bool) { s.with(func() { s.plain = on }) }

// Asked returns every question so far.
func (s *Server) Asked() (all []Question) {
	s.with(func() { all = append(all, s.asked...) })
	return all
}

func (s *Server) with(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

const (
	soapNS  = "http://schemas.xmlsoap.org/soap/envelope/"
	typesNS = "urn:ec.europa.eu:taxud:vies:services:checkVat:types"
)

var (
	stateForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	numberForm = regexp.MustCompile(`^[0-9A-Za-z+*.]{2,12}$`)
	states     = " AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI "
)

// asked is a question as it came in.
type asked struct {
	operation string // checkVat or checkVatApprox
	fields    map[string]string
}

func (a asked) state() string  { return a.fields["countryCode"] }
func (a asked) number() string { return a.fields["vatNumber"] }

// serve reads a question and writes its answer, or the fault.
func (s *Server) serve(answer func(asked) (string, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		question, problem := parse(body)
		if err != nil || problem != "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
			s.fault(w, "env:Client", "Could not parse the message: "+problem)
			return
		}
		var slow time.Duration
		var crowded bool
		s.with(func() {
			slow = s.slow
			s.running[question.state()]++
			crowded = s.running[question.state()] > s.most
		})
		defer s.with(func() { s.running[question.state()]-- })
		if crowded {
			s.fault(w, "env:Server", "MS_MAX_CONCURRENT_REQ")
			return
		}
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
			return
		}
		text, fault := answer(question)
		if fault != "" {
			s.fault(w, "env:Server", fault)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=UTF-8")
		fmt.Fprintf(w, `<env:Envelope xmlns:env="%s"><env:Header/><env:Body>%s</env:Body></env:Envelope>`, soapNS, text)
	}
}

func (s *Server) fault(w http.ResponseWriter, code, text string) {
	status := http.StatusInternalServerError
	s.with(func() {
		if s.plain {
			status = http.StatusOK
		}
	})
	w.Header().Set("Content-Type", "text/xml; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<env:Envelope xmlns:env="%s"><env:Header/><env:Body><env:Fault><faultcode>%s</faultcode><faultstring>%s</faultstring></env:Fault></env:Body></env:Envelope>`,
		soapNS, code, escape(text))
}

// order is the sequence of each operation's elements; those with a star may be left out.
var order = map[string][]string{
	"checkVat": {"countryCode", "vatNumber"},
	"checkVatApprox": {"countryCode", "vatNumber", "traderName*", "traderCompanyType*", "traderStreet*", "traderPostcode*", "traderCity*",
		"requesterCountryCode*", "requesterVatNumber*"},
}

// parse reads an envelope as strictly as the schema does.
func parse(body []byte) (a asked, problem string) {
	var e struct {
		XMLName xml.Name
		Body    struct {
			Inner struct {
				XMLName xml.Name
				Fields  []struct {
					XMLName xml.Name
					Text    string `xml:",chardata"`
				} `xml:",any"`
			} `xml:",any"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.Unmarshal(body, &e); err != nil {
		return a, err.Error()
	}
	inner := e.Body.Inner
	sequence, known := order[inner.XMLName.Local]
	if e.XMLName.Space != soapNS || inner.XMLName.Space != typesNS || !known {
		return a, "no such operation"
	}
	a = asked{operation: inner.XMLName.Local, fields: map[string]string{}}
	at := 0
	for _, field := range inner.Fields {
		for at < len(sequence) && strings.TrimSuffix(sequence[at], "*") != field.XMLName.Local && strings.HasSuffix(sequence[at], "*") {
			at++
		}
		if at == len(sequence) || strings.TrimSuffix(sequence[at], "*") != field.XMLName.Local || field.XMLName.Space != typesNS {
			return a, "unexpected element " + field.XMLName.Local
		}
		a.fields[field.XMLName.Local] = field.Text
		at++
	}
	if at < 2 {
		return a, "countryCode and vatNumber are required"
	}
	return a, ""
}

// answer is the service's own.
func (s *Server) answer(a asked) (text, fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, requester := a.state()+a.number(), a.fields["requesterCountryCode"]+a.fields["requesterVatNumber"]
	_, known := s.traders[requester]
	switch {
	case s.overall != "":
		return "", s.overall
	case !stateForm.MatchString(a.state()) || !numberForm.MatchString(a.number()) || !strings.Contains(states, " "+a.state()+" "):
		return "", "INVALID_INPUT"
	case requester != "" && !known:
		return "", "INVALID_REQUESTER_INFO"
	case s.away[a.state()] != "":
		return "", s.away[a.state()]
	}
	trader, valid := s.traders[id]
	q := Question{ID: id, Requester: requester}
	if requester != "" && a.operation == "checkVatApprox" {
		s.last++
		q.Consultation = fmt.Sprintf("WAPIAAAA%08d", s.last)
	}
	s.asked = append(s.asked, q)
	return response(a, valid, trader, q.Consultation), ""
}

// response is the message of an answer.
func response(a asked, valid bool, trader Trader, consultation string) string {
	or := func(text string) string {
		if text == "" {
			return "---"
		}
		return escape(text)
	}
	name, address, last := "name", "address", ""
	if a.operation == "checkVatApprox" {
		name, address, last = "traderName", "traderAddress", "<ns2:requestIdentifier>"+consultation+"</ns2:requestIdentifier>"
	}
	return fmt.Sprintf(`<ns2:%[1]sResponse xmlns:ns2="%[2]s"><ns2:countryCode>%[3]s</ns2:countryCode><ns2:vatNumber>%[4]s</ns2:vatNumber>`+
		`<ns2:requestDate>%[5]s</ns2:requestDate><ns2:valid>%[6]t</ns2:valid><ns2:%[7]s>%[8]s</ns2:%[7]s><ns2:%[9]s>%[10]s</ns2:%[9]s>%[11]s</ns2:%[1]sResponse>`,
		a.operation, typesNS, escape(a.state()), escape(a.number()), time.Now().UTC().Format("2006-01-02")+"+01:00", valid, name, or(trader.Name), address,
		or(trader.Address), last)
}

// faults are the test service's numbers that bring about a fault.
var faults = map[string]string{
	"201": "INVALID_INPUT", "202": "INVALID_REQUESTER_INFO", "300": "SERVICE_UNAVAILABLE", "301": "MS_UNAVAILABLE", "302": "TIMEOUT", "400": "VAT_BLOCKED",
	"401": "IP_BLOCKED", "500": "GLOBAL_MAX_CONCURRENT_REQ", "501": "GLOBAL_MAX_CONCURRENT_REQ_TIME", "600": "MS_MAX_CONCURRENT_REQ",
	"601": "MS_MAX_CONCURRENT_REQ_TIME",
}

// test is the test service's answer.
func (s *Server) test(a asked) (text, fault string) {
	switch {
	case a.number() == "100" || a.number() == "200":
		consultation := ""
		if a.fields["requesterVatNumber"] != "" {
			consultation = "WAPITEST00000000"
		}
		return response(a, a.number() == "100", Trader{"John Doe", "123 Main St, Anytown, UK"}, consultation), ""
	case faults[a.number()] != "":
		return "", faults[a.number()]
	}
	return "", "SERVICE_UNAVAILABLE"
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // never fails for a builder
	return out.String()
}
