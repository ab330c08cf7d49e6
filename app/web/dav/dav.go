// Package dav serves an organization's documents as folders over WebDAV (RFC 4918, class 1), to read and for nothing else: a folder for each year
// and month, with every document as PDF and UBL, and the sheets of the month. An API key is the password.
package dav

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/webdav"

	"allotment/app"
	"allotment/app/portal"
)

// Prefix is where the folders are.
const Prefix = "/dav"

// Methods are those that are answered. All others are refused.
var Methods = []string{http.MethodOptions, http.MethodGet, http.MethodHead, "PROPFIND"}

// Refused are the methods of WebDAV that would change something.
var Refused = []string{http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete, "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "UNLOCK"}

// limit is how long one answer may take.
const limit = 30 * time.Minute

// maxBody is the most that a PROPFIND may send, in bytes.
const maxBody = 64 << 10

// Handler serves the folders of whoever has the key.
type Handler struct {
	portal  *portal.Portal
	address func(*http.Request) string
	locks   webdav.LockSystem // no request reaches it
	lengths *lengths
}

// New makes the handler. address tells where a request comes from.
func New(p *portal.Portal, address func(*http.Request) string) *Handler {
	return &Handler{portal: p, address: address, locks: webdav.NewMemLS(), lengths: &lengths{known: map[string]int64{}}}
}

// Serve answers one request. An error is one of those of app, for the caller to tell.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request) (app.Actor, error) {
	if !slices.Contains(Methods, r.Method) {
		w.Header().Set("Allow", strings.Join(Methods, ", "))
		w.WriteHeader(http.StatusMethodNotAllowed)
		return app.Actor{}, nil
	}
	actor, err := h.admit(w, r)
	if err != nil {
		return actor, err
	}
	head := w.Header()
	head.Set("Cache-Control", "private, no-cache") // clients ask again, by the ETag
	if r.Method == http.MethodOptions {
		head.Set("Allow", strings.Join(Methods, ", "))
		head.Set("DAV", "1")
		w.WriteHeader(http.StatusNoContent)
		return actor, nil
	}
	if r.Method == "PROPFIND" && r.Header.Get("Depth") != "0" && r.Header.Get("Depth") != "1" {
		head.Set("Content-Type", "application/xml; charset=utf-8")
		w.WriteHeader(http.StatusForbidden) // RFC 4918 section 9.1
		_, _ = w.Write([]byte(`<?xml version="1.0" encoding="utf-8"?><D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>`))
		return actor, nil
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(limit)) // in tests there may be none
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	files := newTree(h.portal, actor)
	if r.Method == "PROPFIND" {
		files.lengths, files.until = h.lengths, time.Now().Add(measureFor)
		var failed error
		(&webdav.Handler{Prefix: Prefix, FileSystem: files, LockSystem: h.locks, Logger: func(_ *http.Request, err error) { failed = err }}).ServeHTTP(w, r)
		return actor, ours(failed)
	}
	return actor, serveFile(w, r, files)
}

// ours is an error that nobody has told yet: of the reader's requests that went wrong, the library has.
func ours(err error) error {
	if err == nil || errors.Is(err, os.ErrNotExist) || app.CodeOf(err) != app.Internal {
		return nil
	}
	return err
}

// admit finds out who asks. The name is of no account.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request) (app.Actor, error) {
	_, token, ok := r.BasicAuth()
	err := app.Errorf(app.Unauthenticated, "Please sign in with any name and an API key as the password.")
	var actor app.Actor
	if ok && token != "" {
		actor, err = h.portal.KeyActor(r.Context(), token, h.address(r))
	}
	if app.CodeOf(err) == app.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Basic realm="Documents", charset="UTF-8"`) // RFC 7617
	}
	if err == nil {
		err = actor.May(app.SeeBilling)
	}
	return actor, err
}

// serveFile sends a file, or parts of it. It is made before anything is sent, so that its length and ETag are right.
func serveFile(w http.ResponseWriter, r *http.Request, files *tree) error {
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	opened, err := files.OpenFile(r.Context(), path, os.O_RDONLY, 0)
	if err != nil {
		return plain(err)
	}
	defer opened.Close()
	f, ok := opened.(*file)
	if !ok || f.node.folder {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err := w.Write([]byte("This is a folder. Open it with a program for WebDAV.\n"))
		return err
	}
	unchanged := f.node.tag != "" && r.Header.Get("If-None-Match") == f.node.tag
	if !unchanged { // what the reader has already need not be made
		if _, err := f.make(); err != nil {
			return plain(err)
		}
	}
	w.Header().Set("ETag", f.node.tag)
	w.Header().Set("Content-Type", f.node.kind)
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	http.ServeContent(w, r, "", f.node.at, f)
	return nil
}

// plain is an error in our own words.
func plain(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return app.Because(app.NotFound, err, "There is nothing at this address.")
	}
	return err
}
