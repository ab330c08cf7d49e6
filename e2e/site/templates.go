package site

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"allotment/app/template"
	"allotment/catalog"
)

// Uploader brings a template to the hypervisor through its API.
type Uploader interface {
	HasTemplate(ctx context.Context, container bool, name string) (bool, error)
	Upload(ctx context.Context, file io.ReadSeeker, storage, name string) error
}

// Storage is the hypervisor's storage that holds templates and disks.
const Storage = "local"

func cacheDir() (string, error) { return template.CacheDir() }

// TemplateOf says what the template of an app holds.
func TemplateOf(entry *catalog.App, log func(string)) template.Options {
	bake, _ := entry.File(entry.Guest.Bake)
	return template.Options{Name: entry.Guest.Template, Packages: entry.Guest.Packages, Bake: string(bake), Log: log}
}

// PutTemplates brings the template of each app to the hypervisor: built once, kept in the machine's cache. Where it cannot be built,
// or guests are simulated anyway, a placeholder takes its place.
func (s *Site) PutTemplates(ctx context.Context, up Uploader, entries []*catalog.App, log func(string)) error {
	for _, entry := range entries {
		has, err := up.HasTemplate(ctx, true, entry.Guest.Template)
		if err != nil || has {
			if err != nil {
				return err
			}
			continue
		}
		if err := s.putTemplate(ctx, up, entry, log); err != nil {
			return err
		}
	}
	return nil
}

// PutPlaceholder takes the place of an app's template: guests made from it are simulated, even where real ones are possible.
func (s *Site) PutPlaceholder(ctx context.Context, up Uploader, entry *catalog.App) error {
	return up.Upload(ctx, bytes.NewReader([]byte(placeholder)), Storage, entry.Guest.Template+".tar.zst")
}

func (s *Site) putTemplate(ctx context.Context, up Uploader, entry *catalog.App, log func(string)) error {
	if !s.Real() {
		return s.PutPlaceholder(ctx, up, entry)
	}
	name := entry.Guest.Template + ".tar.zst"
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	if away := unreachable(ctx, entry.Guest.Downloads); away != "" {
		s.Notes = append(s.Notes, fmt.Sprintf("%s is simulated: what its template is made from cannot be fetched from %s.", entry.Name, away))
		return s.PutPlaceholder(ctx, up, entry)
	}
	start := time.Now()
	options := TemplateOf(entry, nil)
	kept := template.InCache(cache, options)
	if !kept {
		log(fmt.Sprintf("The template of %s: it is built once, which takes a few minutes, and kept.", entry.Name))
	}
	path, err := template.Cached(ctx, cache, options)
	if err != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("%s is simulated: its template cannot be built here: %v", entry.Name, err))
		return s.PutPlaceholder(ctx, up, entry)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if !kept {
		log(fmt.Sprintf("The template of %s is ready after %d s.", entry.Name, int(time.Since(start).Seconds())))
	}
	return up.Upload(ctx, file, Storage, name)
}

// unreachable returns the first of the addresses that does not answer, or "".
func unreachable(ctx context.Context, addresses []string) string {
	client := &http.Client{Timeout: 5 * time.Second}
	for _, address := range addresses {
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
		if err != nil {
			return address
		}
		response, err := client.Do(request)
		if err != nil {
			return address
		}
		response.Body.Close()
	}
	return ""
}
