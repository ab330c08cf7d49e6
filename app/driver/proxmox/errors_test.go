package proxmox_test

import (
	"errors"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/driver/proxmox"
)

// TestAnswers: each kind of answer that a node was seen to give, as the driver's caller gets it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  answer
		code    app.Code
		in      string // what the operator must be able to read
		message string // the body's message as kept
	}{
		"bad token": {answer{status: 401, reason: "no such token 'x' for user 'portal@pve'"}, app.Permanent, "no such token", ""},
		"no privilege": {answer{status: 403, reason: "Permission check failed (/vms/5000, VM.Audit)",
			body: `{"message":"Permission check failed (/vms/5000, VM.Audit)\n","data":null}`}, app.Permanent, "/vms/5000, VM.Audit",
			"Permission check failed (/vms/5000, VM.Audit)\n"},
		"not found":     {answer{status: 404, reason: "Not found"}, app.Permanent, "404", ""},
		"unknown":       {answer{status: 501, reason: "Method 'GET /x' not implemented"}, app.Permanent, "501", ""},
		"proxy gave up": {answer{status: 502, reason: "Bad Gateway"}, app.Unknown, "502", ""},
		"no route":      {answer{status: 595, reason: "No route to host"}, app.Unknown, "595 No route to host", ""},
		"broken":        {answer{status: 596, reason: "Broken pipe"}, app.Unknown, "596", ""},
		"too many":      {answer{status: 599, reason: "Too many redirections"}, app.Unknown, "599", ""},
		"words in the reason only": {answer{status: 500, reason: "got timeout"}, app.Retryable, "got timeout",
			""},
		"locked": {answer{status: 500, reason: "VM is locked (backup)", body: `{"data":null}`}, app.Retryable, "locked (backup)", ""},
		"parameters": {answer{status: 400, reason: "Parameter verification failed.",
			body: `{"errors":{"vmid":"value must be at least 100"},"message":"Parameter verification failed.\n"}`}, app.Permanent,
			"[vmid: value must be at least 100]", "Parameter verification failed.\n"},
		"cut": {answer{cut: true}, app.Unknown, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, map[string]answer{"GET /nodes": c.answer})
			_, err := newDriver(t, testConfig(s.URL), newClaims(5000, 5999)).HasTemplate(t.Context(), true, "demo")
			if app.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.in) {
				t.Errorf("code %q, want %q, with %q: %v", app.CodeOf(err), c.code, c.in, err)
			}
			if words := app.Words(err); strings.Contains(words, "Proxmox") || strings.Contains(words, s.URL) {
				t.Errorf("not for a tenant: %q", words)
			}
			if strings.Contains(err.Error(), "top-secret") {
				t.Errorf("the secret is in the error: %v", err)
			}
			var got *proxmox.Error
			if c.answer.cut {
				return
			}
			if !errors.As(err, &got) || got.Status != c.answer.status || got.Reason != c.answer.reason || got.Message != c.message {
				t.Errorf("the answer is kept as %+v", got)
			}
		})
	}
}

// TestNothingListens: no connection means that nothing happened.
func TestNothingListens(t *testing.T) {
	t.Parallel()
	s := newStub(t, nil)
	url := s.URL
	s.Close()
	_, err := newDriver(t, testConfig(url), newClaims(5000, 5999)).HasTemplate(t.Context(), true, "demo")
	if app.CodeOf(err) != app.Retryable {
		t.Errorf("code %q: %v", app.CodeOf(err), err)
	}
}
