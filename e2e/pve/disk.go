package pve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// disk keeps values as JSON files in a folder. Each write replaces its file at once, so a crash leaves the old or
// the new state, never half of one.
type disk struct{ dir string }

// save writes v as dir/name.json.
func (d disk) save(name string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	path := d.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// load reads dir/name.json into v; a missing file leaves v as it is.
func (d disk) load(name string, v any) error {
	b, err := os.ReadFile(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", d.path(name), err)
	}
	return nil
}

// remove deletes dir/name.json; a missing file is fine.
func (d disk) remove(name string) error {
	err := os.Remove(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// names lists the values kept under a folder.
func (d disk) names(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(d.dir, folder, "*.json"))
	for i, f := range files {
		base := filepath.Base(f)
		files[i] = folder + "/" + base[:len(base)-len(".json")]
	}
	return files, err
}

func (d disk) path(name string) string { return filepath.Join(d.dir, name+".json") }
