package pve

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// TestBodies: forms, JSON, lists and what is too large, as a genuine node takes them.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	root := rootOf(s)
	for _, tt := range []struct {
		kind, body string
		status     int
		want       string // part of the answer
	}{
		{"application/json", `{"vmid":100,"name":"a","onboot":true,"cores":null}`, 200, "UPID:"},
		{"application/json", `{"vmid":`, 500, "malformed JSON string"},
		{"application/x-www-form-urlencoded", "vmid=101&name=b", 200, "UPID:"},
		{"application/x-www-form-urlencoded", "vmid=102&tags=a;b", 400, `"b":"` + undefinedParam},
		{"application/x-www-form-urlencoded", "vmid=103&tags=a%3Bb", 200, "UPID:"},
		{"application/x-www-form-urlencoded", "vmid=104&tags=a&tags=b", 200, "UPID:"},
		{"application/x-www-form-urlencoded", "vmid", 400, `"vmid":"property is missing and it is not optional"`},
		{"application/x-www-form-urlencoded", "vmid=105&description=" + strings.Repeat("x", maxBody), 501, "for data too large"},
	} {
		req, err := http.NewRequest("POST", s.URL()+"/nodes/pve1/qemu", bytes.NewBufferString(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", tt.kind)
		a, err := root.try(req)
		if err != nil || a.status != tt.status || !strings.Contains(string(a.body), tt.want) {
			t.Errorf("%.60s: %d %s %v, want %d with %q", tt.body, a.status, a.body, err, tt.status, tt.want)
		}
	}
}
