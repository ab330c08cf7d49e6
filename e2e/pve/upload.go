package pve

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// upload is a file that came with a request. It waits in the folder of temporary files until its task moves it.
type upload struct {
	path, name string
	size       int64
	shown      string // the path that logs tell: /var/tmp/pveupload-…
}

// readUpload reads a multipart body. As on a real node the fields after the file are not seen.
func (c *call) readUpload() error {
	r, err := c.request.MultipartReader()
	if err != nil {
		return die("%s", err)
	}
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return die("upload failed: %s", err)
		}
		if part.FormName() == "filename" {
			return c.takeFile(part)
		}
		text, err := io.ReadAll(io.LimitReader(part, maxBody))
		if err != nil {
			return die("upload failed: %s", err)
		}
		c.params[part.FormName()] = value{text: string(text)}
	}
}

// takeFile stores the file part.
func (c *call) takeFile(part *multipart.Part) error {
	f, err := os.CreateTemp(c.tmp, "pveupload-*")
	if err != nil {
		return err
	}
	defer f.Close()
	c.upload = &upload{path: f.Name(), name: part.FileName(), shown: "/var/tmp/pveupload-" + randomHex(16)}
	if c.upload.size, err = io.Copy(f, part); err != nil {
		return die("upload failed: %s", err)
	}
	c.params["filename"] = value{text: c.upload.name}
	c.params["tmpfilename"] = value{text: c.upload.shown}
	_, _ = io.Copy(io.Discard, c.request.Body)
	return nil
}

// dropUpload removes a file that no task took.
func (c *call) dropUpload() {
	if c.upload != nil {
		_ = os.Remove(c.upload.path)
	}
}

var (
	isoName    = regexp.MustCompile(`\.(?:iso|img)$`)
	tmplName   = regexp.MustCompile(`\.tar\.(?:gz|xz|zst|bz2)$|\.tar$`)
	importName = regexp.MustCompile(`\.(?:ova|ovf|qcow2|raw|vmdk)$`)
	illegal    = regexp.MustCompile(`[^-a-zA-Z0-9_.]`)
)

// uploadFile: POST …/storage/{storage}/upload. A task "imgcopy" moves the file to its place; an older one of the same
// name is replaced.
func uploadFile(s *Server, c *call) (any, error) {
	if err := s.storageExists(c); err != nil {
		return nil, err
	}
	content, u := c.params.str("content"), c.upload
	if u == nil {
		return nil, badParam("filename", "property is missing and it is not optional")
	}
	name := illegal.ReplaceAllString(filepath.Base(u.name), "_")
	if err := checkFileName(content, name); err != nil {
		return nil, err
	}
	sum, algorithm := c.params.str("checksum"), c.params.str("checksum-algorithm")
	if sum != "" && algorithm == "" {
		return nil, badParam("checksum-algorithm", "missing property required by 'checksum'")
	}
	c.upload = nil
	return s.fork(c, "imgcopy", "", func(t *task) error {
		defer os.Remove(u.path)
		t.log("starting file import from: %s", u.shown)
		if err := checkSum(t, u.path, sum, algorithm); err != nil {
			return err
		}
		target := folders[content] + "/" + name
		for _, line := range []string{"target node: " + s.opts.Node, "target file: " + shownDir + "/" + target} {
			t.log("%s", line)
		}
		t.log("file size is: %d", u.size)
		t.log("command: cp -- %s %s/%s", u.shown, shownDir, target)
		return s.moveFile(t, u, filepath.Join(s.storageDir(), target))
	})
}

func checkFileName(content, name string) error {
	switch {
	case content == "iso" && !isoName.MatchString(strings.ToLower(name)):
		return badParam("filename", "wrong file extension")
	case content == "vztmpl" && !tmplName.MatchString(name):
		return badParam("filename", "wrong file extension")
	case content == "import" && !importName.MatchString(name):
		return badParam("filename", "invalid filename or wrong extension")
	case folders[content] == "" || content == "backup":
		return badParam("content", "upload content type '"+content+"' not allowed")
	}
	return nil
}

// moveFile puts an uploaded file in its place at once; a full storage fails as cp does.
func (s *Server) moveFile(t *task, u *upload, target string) error {
	s.mu.Lock()
	full := t.full || s.usedLocked()+u.size > s.opts.Storage
	s.mu.Unlock()
	if full {
		return die("import failed: cp: error writing '%s': No space left on device", filepath.Base(target))
	}
	t.halfway()
	if err := copyFile(u.path, target); err != nil {
		return die("import failed: %s", err)
	}
	t.log("finished file import successfully")
	return nil
}

// copyFile moves a file, or copies it where that is not possible, and never leaves half of one.
func copyFile(from, to string) error {
	if os.Rename(from, to) == nil {
		return os.Chmod(to, 0o644)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	tmp, err := os.CreateTemp(filepath.Dir(to), ".upload-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := io.Copy(tmp, in); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Chmod(tmp.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), to)
}

var hashes = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New,
	"sha384": sha512.New384, "sha512": sha512.New}

// checkSum compares a file with the checksum that its sender gave.
func checkSum(t *task, path, want, algorithm string) error {
	if algorithm == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := hashes[algorithm]()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, want) {
		t.log("calculating checksum...")
		return die("checksum mismatch: got '%s' != expect '%s'", got, want)
	}
	t.log("calculating checksum...OK, checksum verified")
	return nil
}

// storageExists refuses a storage that the node does not have.
func (s *Server) storageExists(c *call) error {
	if id := c.params.str("storage"); id != storageID {
		return &failure{status: http.StatusInternalServerError, message: "storage '" + id + "' does not exist\n"}
	}
	return nil
}
