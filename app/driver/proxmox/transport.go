package proxmox

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// maxErrorBody bounds what is read of an error's body, in bytes.
const maxErrorBody = 64 << 10

// strict is a RoundTripper that turns every answer but 2xx into an *Error. The client above it would take some of them for
// success (404, 502, 595, 596, 599), merge 401 with 403, and lose the words of the rest. It repeats nothing.
type strict struct{ base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s strict) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := s.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 200 && res.StatusCode <= 299 {
		return res, nil
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // a broken body leaves status and reason, which say enough
	return nil, answerError(req, res, body)
}

func answerError(req *http.Request, res *http.Response, body []byte) *Error {
	_, reason, _ := strings.Cut(res.Status, " ")
	e := &Error{Method: req.Method, Path: req.URL.Path, Status: res.StatusCode, Reason: reason}
	var said struct {
		Message string            `json:"message"`
		Errors  map[string]string `json:"errors"`
	}
	if json.Unmarshal(body, &said) == nil {
		e.Message, e.Fields = said.Message, said.Errors
	}
	return e
}
