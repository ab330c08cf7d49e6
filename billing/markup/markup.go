// Package markup writes XML whose elements are given in the order in which they appear.
package markup

import (
	"bytes"
	"encoding/xml"
	"io"
)

// Element is an element with text or with children.
type Element struct {
	name       string
	attributes []string
	text       string
	children   []Element
}

// Text returns an element with text, and nothing at all when the text is empty. Attributes are pairs of a name and a value; a pair
// with an empty value is left out.
func Text(name, text string, attributes ...string) Element {
	return Element{name: name, text: text, attributes: attributes}
}

// Group returns an element with those children that are not empty, and nothing at all when none is left.
func Group(name string, children ...Element) Element {
	var kept []Element
	for _, child := range children {
		if !child.empty() {
			kept = append(kept, child)
		}
	}
	return Element{name: name, children: kept}
}

// Each returns an element without a name of its own: its children stand in the place of it.
func Each[T any](list []T, make func(T) Element) Element {
	each := Element{}
	for _, item := range list {
		if child := make(item); !child.empty() {
			each.children = append(each.children, child)
		}
	}
	return each
}

// Maybe returns e when it is wanted, and nothing otherwise.
func Maybe(wanted bool, e Element) Element {
	if wanted {
		return e
	}
	return Element{}
}

// With returns e with more attributes, pairs of a name and a value.
func (e Element) With(attributes ...string) Element {
	e.attributes = append(e.attributes[:len(e.attributes):len(e.attributes)], attributes...)
	return e
}

func (e Element) empty() bool { return e.text == "" && len(e.children) == 0 }

// Write writes a document in UTF-8. What XML cannot hold (control characters) becomes U+FFFD.
func Write(w io.Writer, root Element) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	root.write(&b, "")
	_, err := w.Write(b.Bytes())
	return err
}

func (e Element) write(b *bytes.Buffer, indent string) {
	if e.name == "" {
		for _, child := range e.children {
			child.write(b, indent)
		}
		return
	}
	b.WriteString(indent + "<" + e.name)
	for i := 0; i+1 < len(e.attributes); i += 2 {
		if e.attributes[i+1] != "" {
			b.WriteString(" " + e.attributes[i] + `="`)
			escape(b, e.attributes[i+1])
			b.WriteByte('"')
		}
	}
	b.WriteByte('>')
	escape(b, e.text)
	if len(e.children) > 0 {
		b.WriteByte('\n')
		for _, child := range e.children {
			child.write(b, indent+" ")
		}
		b.WriteString(indent)
	}
	b.WriteString("</" + e.name + ">\n")
}

// escape writes text; a buffer never fails.
func escape(b *bytes.Buffer, text string) { _ = xml.EscapeText(b, []byte(text)) }
