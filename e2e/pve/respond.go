package pve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const contentType = "application/json;charset=UTF-8"

// writeData sends a 200.
func writeData(w http.ResponseWriter, data any) {
	body := map[string]any{"data": data}
	if r, ok := data.(result); ok {
		body["data"] = r.data
		if r.total != 0 {
			body["total"] = r.total
		}
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(encode(body))
}

// writeFailure sends an error with its own reason phrase and closes the connection, as the real server does.
func writeFailure(w http.ResponseWriter, f *failure) {
	var body []byte
	switch {
	case f.bare:
	case f.text:
		body = []byte(f.message)
	default:
		fields := map[string]any{"data": nil, "message": f.message}
		if len(f.errors) > 0 {
			fields["errors"] = f.errors
		}
		body = encode(fields)
	}
	writeRaw(w, f.status, f.reason(), body)
}

// writeRaw writes the response by hand: net/http knows no reason phrases but its own. Where the connection cannot be
// taken over (a test's recorder), the status is sent without the phrase.
func writeRaw(w http.ResponseWriter, status int, reason string, body []byte) {
	h, ok := w.(http.Hijacker)
	if !ok {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write(body)
		return
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, reason)
	fmt.Fprintf(&b, "Date: %s\r\n", time.Now().UTC().Format(http.TimeFormat))
	fmt.Fprintf(&b, "Server: pve-api-daemon/3.0\r\nConnection: close\r\nContent-Length: %s\r\n", strconv.Itoa(len(body)))
	if len(body) > 0 {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", contentType)
	}
	b.WriteString("\r\n")
	b.Write(body)
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write(b.Bytes())
}

// encode writes JSON without HTML escapes, as Perl's does.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte(`{"data":null}`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
