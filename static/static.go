// Package static serves the built assets: style sheet, scripts, fonts and icons. They are made by `npm ci && npm run build` from
// static/source and committed, so that the program is built without Node.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed *.css *.js *.svg fonts/*.woff2
var files embed.FS

// Prefix is the path below which Handler serves.
const Prefix = "/static/"

// version names the content of all the files together. It is a folder of every address, so that a style sheet's relative
// addresses (its fonts) carry it too.
var version = hash(files)

// URL returns the address of a file, such as URL("app.css"). It changes whenever any file changes.
func URL(name string) string { return Prefix + version + "/" + name }

// Handler serves the files below Prefix. An address with the current version may be kept forever; one with another version gets
// 404, since its content is not ours to give.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, found := strings.CutPrefix(r.URL.Path, Prefix+version+"/")
		data, err := files.ReadFile(name)
		if !found || err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Content-Type", contentType(name))
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	})
}

// contentType does not ask the machine's own tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".woff2":
		return "font/woff2"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// hash is a short digest over names and contents. Embedded files cannot fail to be read.
func hash(files embed.FS) string {
	digest := sha256.New()
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		digest.Write([]byte(name))
		digest.Write(data)
		return err
	})
	return hex.EncodeToString(digest.Sum(nil))[:12]
}
