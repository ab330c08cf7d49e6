package words

import (
	"embed"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed en nl de
var files embed.FS

// dictionary holds every translation. The files are part of the program, so a broken one is a broken build: it panics, and the
// package's tests say where.
var dictionary = load()

type translations struct {
	plain    map[string]map[string]string // language -> sentence -> translation, for sentences that take no plural
	bent     map[string]map[string]bool   // language -> sentences with plural forms
	printers map[string]*message.Printer  // a Printer may be used from many goroutines: it keeps no state between calls
}

func load() translations {
	all := translations{map[string]map[string]string{}, map[string]map[string]bool{}, map[string]*message.Printer{}}
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, locale := range Languages() {
		all.plain[locale], all.bent[locale] = map[string]string{}, map[string]bool{}
		if err := all.read(builder, locale); err != nil {
			panic(fmt.Sprintf("words/%s: %v", locale, err))
		}
	}
	for _, locale := range Languages() {
		all.printers[locale] = message.NewPrinter(language.MustParse(locale), message.Catalog(builder))
	}
	return all
}

// read takes one language's folder: a file for each part of the house.
func (t translations) read(builder *catalog.Builder, locale string) error {
	names, err := fs.Glob(files, locale+"/*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := t.readFile(builder, locale, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// readFile takes one file. Each entry is a sentence, or the forms "one" and "other" chosen by the first argument. Where a
// sentence stands in two files, it reads the same.
func (t translations) readFile(builder *catalog.Builder, locale, name string) error {
	data, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	var entries map[string]yaml.Node
	if err := yaml.Unmarshal(data, &entries); err != nil {
		return err
	}
	tag := language.MustParse(locale)
	for sentence, node := range entries {
		if other, twice := t.plain[locale][sentence]; (twice && other != node.Value) || t.bent[locale][sentence] {
			return fmt.Errorf("line %d: %q reads differently in another file", node.Line, sentence)
		}
		if node.Kind == yaml.ScalarNode {
			t.plain[locale][sentence] = node.Value
			err = builder.SetString(tag, sentence, node.Value)
		} else {
			t.bent[locale][sentence] = true
			err = setPlural(builder, tag, sentence, &node)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", node.Line, err)
		}
	}
	return nil
}

func setPlural(builder *catalog.Builder, tag language.Tag, sentence string, node *yaml.Node) error {
	var forms struct{ One, Other string }
	if err := node.Decode(&forms); err != nil {
		return err
	}
	if forms.One == "" || forms.Other == "" {
		return fmt.Errorf("%q needs the forms one and other", sentence)
	}
	return builder.Set(tag, sentence, plural.Selectf(1, "%d", plural.One, forms.One, plural.Other, forms.Other))
}
