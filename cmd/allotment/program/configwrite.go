package program

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
)

// Write writes every setting to a file that only its owner can read, and that Load reads as it was. The file is there whole or not at all.
func (c Config) Write(path string) error {
	tree := map[string]any{}
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: &tree, TagName: "koanf"})
	if err != nil {
		return err
	}
	if err := d.Decode(c); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	data, err := yaml.Parser().Marshal(tree)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // 0600, see os.CreateTemp
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) //nolint:errcheck // after the renaming there is none
	if _, err := part.Write(data); err != nil {
		part.Close() //nolint:errcheck // writing failed already
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
