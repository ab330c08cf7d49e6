package proxmox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
)

// upload is one file on its way into a storage.
type upload struct {
	node, storage string
	content       string // iso, vztmpl or import
	name          string
	size          int64 // bytes
	file          io.Reader
	sha256        string // hex; "" leaves the check out
}

// upload streams a file and returns the ID of the task that puts it in place. The client's own upload ignores its context and
// sends the fields in any order, but the server wants `content` before the file, and a length.
func (d *Driver) upload(ctx context.Context, u upload) (string, error) {
	head, tail, contentType, err := u.frame()
	if err != nil {
		return "", err
	}
	body := io.MultiReader(bytes.NewReader(head), io.LimitReader(u.file, u.size), bytes.NewReader(tail))
	address := d.base + nodePath(u.node, "storage", u.storage, "upload")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return "", err
	}
	req.ContentLength = int64(len(head)) + u.size + int64(len(tail))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", fmt.Sprintf("PVEAPIToken=%s=%s", d.config.TokenID, d.config.Secret))
	res, err := d.http.Do(req)
	if err != nil {
		return "", explain(err)
	}
	defer res.Body.Close()
	var answer struct {
		Data *string `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", explain(fmt.Errorf("answer to an upload: %w", err))
	}
	return deref(answer.Data), nil
}

// frame is what comes before and after the file in the form (RFC 7578).
func (u upload) frame() (head, tail []byte, contentType string, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	fields := [][2]string{{"content", u.content}}
	if u.sha256 != "" {
		fields = append(fields, [2]string{"checksum-algorithm", "sha256"}, [2]string{"checksum", u.sha256})
	}
	for _, f := range fields {
		if err := w.WriteField(f[0], f[1]); err != nil {
			return nil, nil, "", err
		}
	}
	if _, err := w.CreateFormFile("filename", u.name); err != nil {
		return nil, nil, "", err
	}
	before := form.Len()
	if err := w.Close(); err != nil {
		return nil, nil, "", err
	}
	return form.Bytes()[:before], form.Bytes()[before:], w.FormDataContentType(), nil
}
