package proxmox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"allotment/app"
)

var errNoTemplate = errors.New("no such template")

// Endings of the two kinds of template: an archive for containers, an image for machines.
var (
	archives = []string{".tar.zst", ".tar.gz", ".tar.xz", ".tar.bz2"}
	images   = []string{".qcow2", ".raw", ".vmdk"}
)

// Upload brings a template into storage on every node that may be used, or once where the nodes share it. name ends as its kind
// does: ".tar.zst" (or .gz, .xz, .bz2) for a container's archive, ".qcow2" (or .raw, .vmdk) for a machine's image. A file of
// that name is overwritten. The server checks the file's SHA-256. It takes as long as it takes; ctx ends it.
func (d *Driver) Upload(ctx context.Context, file io.ReadSeeker, storage, name string) error {
	content, err := contentOf(name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return fmt.Errorf("read template %s: %w", name, err)
	}
	nodes, err := d.nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.Status != "online" {
			return app.Because(app.Retryable, fmt.Errorf("node %s is %s", n.Node, n.Status), "Not every node is up, so the template would be missing there.")
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read template %s: %w", name, err)
		}
		u := upload{node: n.Node, storage: storage, content: content, name: name, size: size, file: file,
			sha256: hex.EncodeToString(sum.Sum(nil))}
		if err := d.uploadAndWait(ctx, u); err != nil {
			return fmt.Errorf("upload %s to %s: %w", name, n.Node, err)
		}
		shared, err := d.shared(ctx, n.Node, storage)
		if err != nil || shared {
			return err
		}
	}
	return nil
}

// HasTemplate reports whether every node that is up and may be used holds the template.
func (d *Driver) HasTemplate(ctx context.Context, isContainer bool, template string) (bool, error) {
	nodes, err := d.nodes(ctx)
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		if n.Status != "online" {
			continue
		}
		_, err := d.template(ctx, n.Node, isContainer, template)
		if errors.Is(err, errNoTemplate) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return len(nodes) > 0, nil
}

func contentOf(name string) (string, error) {
	ends := func(ending string) bool { return strings.HasSuffix(name, ending) }
	switch {
	case slices.ContainsFunc(archives, ends):
		return "vztmpl", nil
	case slices.ContainsFunc(images, ends):
		return "import", nil
	}
	return "", app.Errorf(app.Permanent, "The template's name must end in one of %s.", strings.Join(append(archives, images...), ", "))
}

// template returns the volume of a template on a node: the file of that name, with or without its ending.
func (d *Driver) template(ctx context.Context, node string, isContainer bool, name string) (string, error) {
	content, endings := "import", images
	if isContainer {
		content, endings = "vztmpl", archives
	}
	volumes, err := d.content(ctx, node, d.config.TemplateStorage, content)
	if err != nil {
		return "", err
	}
	for _, ending := range append([]string{""}, endings...) {
		want := fmt.Sprintf("%s:%s/%s%s", d.config.TemplateStorage, content, name, ending)
		for _, v := range volumes {
			if v.Volid == want {
				return want, nil
			}
		}
	}
	cause := fmt.Errorf("%w: %s on storage %s of node %s", errNoTemplate, name, d.config.TemplateStorage, node)
	return "", app.Because(app.Permanent, cause, "What this server is made from is not there yet.")
}

func (d *Driver) shared(ctx context.Context, node, storage string) (bool, error) {
	var status struct {
		Shared int `json:"shared"`
	}
	err := d.get(ctx, nodePath(node, "storage", storage, "status"), url.Values{}, &status)
	return status.Shared == 1, err
}

func (d *Driver) uploadAndWait(ctx context.Context, u upload) error {
	upid, err := d.upload(ctx, u)
	if err != nil || upid == "" {
		return err
	}
	t, err := d.await(ctx, upid, time.Now().Add(24*time.Hour))
	if err != nil {
		return err
	}
	if t.failed() {
		return app.Because(app.Retryable, &TaskError{UPID: upid, Exit: t.Exit, Log: d.log(ctx, upid)}, "The template could not be stored.")
	}
	return nil
}
