package proxmox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"allotment/app"
)

// TestUpload: the fields come before the file, the length and the checksum are right, and shared storage gets it once.
func TestUpload(t *testing.T) {
	t.Parallel()
	file := bytes.Repeat([]byte("template"), 1000)
	sum := sha256.Sum256(file)
	for name, c := range map[string]struct{ shared, uploads int }{"shared": {1, 1}, "local": {0, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var uploads int
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/api2/json/nodes":
					fmt.Fprint(w, `{"data":[{"node":"a","status":"online"},{"node":"b","status":"online"}]}`)
				case strings.HasSuffix(r.URL.Path, "/storage/local/status"):
					fmt.Fprintf(w, `{"data":{"shared":%d}}`, c.shared)
				case strings.HasSuffix(r.URL.Path, "/upload"):
					uploads++
					checkForm(t, r, [][2]string{{"content", "vztmpl"}, {"checksum-algorithm", "sha256"},
						{"checksum", hex.EncodeToString(sum[:])}, {"filename", string(file)}})
					fmt.Fprint(w, `{"data":"UPID:a:1:1:1:imgcopy::root@pam!ci:"}`)
				default:
					fmt.Fprint(w, `{"data":{"status":"stopped","exitstatus":"OK"}}`)
				}
			}))
			t.Cleanup(server.Close)
			d := newDriver(t, testConfig(server.URL), newClaims(1, 2))
			if err := d.Upload(t.Context(), bytes.NewReader(file), "local", "demo.tar.zst"); err != nil {
				t.Fatal(err)
			}
			if uploads != c.uploads {
				t.Errorf("%d uploads, want %d", uploads, c.uploads)
			}
		})
	}
}

func checkForm(t *testing.T, r *http.Request, want [][2]string) {
	if r.ContentLength <= 0 {
		t.Errorf("length %d: the server takes no upload without one", r.ContentLength)
	}
	reader, err := r.MultipartReader()
	if err != nil {
		t.Error(err)
		return
	}
	var got [][2]string
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(part)
		got = append(got, [2]string{part.FormName(), string(content)})
	}
	if !slices.Equal(got, want) {
		t.Errorf("the form has %.200q, want %.200q", got, want)
	}
}

// TestUploadEnds: an upload ends with its context.
func TestUploadEnds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api2/json/nodes" {
			fmt.Fprint(w, `{"data":[{"node":"a","status":"online"}]}`)
			return
		}
		<-release
	}))
	t.Cleanup(func() { close(release); server.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := newDriver(t, testConfig(server.URL), newClaims(1, 2)).Upload(ctx, strings.NewReader("x"), "local", "demo.qcow2")
	if app.CodeOf(err) != app.Unknown || time.Since(started) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(started), err)
	}
	if err := newDriver(t, testConfig(server.URL), newClaims(1, 2)).Upload(t.Context(), strings.NewReader("x"), "local", "x.zip"); app.CodeOf(err) != app.Permanent {
		t.Errorf("a file of no kind: %v", err)
	}
}
