// Package markup writes XML whose elements are given in the order in which they appear.
package markup

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
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
	b.WriteString(indent)
	e.begin(b)
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

// begin writes the tag that begins an element.
func (e Element) begin(b *bytes.Buffer) {
	b.WriteString("<" + e.name)
	for i := 0; i+1 < len(e.attributes); i += 2 {
		if e.attributes[i+1] != "" {
			b.WriteString(" " + e.attributes[i] + `="`)
			escape(b, e.attributes[i+1])
			b.WriteByte('"')
		}
	}
	b.WriteByte('>')
}

// escape writes text; a buffer never fails.
func escape(b *bytes.Buffer, text string) { _ = xml.EscapeText(b, []byte(text)) }

// Stream writes a document that is too large to be held: elements are opened, filled and closed one after the other.
type Stream struct {
	w    *bufio.Writer
	b    bytes.Buffer
	open []string
	err  error
}

// Begin begins a document.
func Begin(w io.Writer) *Stream {
	s := &Stream{w: bufio.NewWriterSize(w, 64<<10)}
	_, s.err = s.w.WriteString(xml.Header)
	return s
}

// Open begins an element. Attributes are pairs of a name and a value.
func (s *Stream) Open(name string, attributes ...string) {
	e := Element{name: name, attributes: attributes}
	s.b.WriteString(s.indent())
	e.begin(&s.b)
	s.b.WriteByte('\n')
	s.open = append(s.open, name)
	s.pass()
}

// Add writes whole elements; those that are empty are left out.
func (s *Stream) Add(elements ...Element) {
	for _, e := range elements {
		if !e.empty() {
			e.write(&s.b, s.indent())
		}
	}
	s.pass()
}

// Close ends the element that was opened last.
func (s *Stream) Close() {
	name := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.b.WriteString(s.indent() + "</" + name + ">\n")
	s.pass()
}

// End closes what is open, and returns the first error of writing.
func (s *Stream) End() error {
	for len(s.open) > 0 {
		s.Close()
	}
	if s.err != nil {
		return s.err
	}
	return s.w.Flush()
}

func (s *Stream) indent() string { return strings.Repeat(" ", len(s.open)) }

func (s *Stream) pass() {
	if s.err == nil {
		_, s.err = s.w.Write(s.b.Bytes())
	}
	s.b.Reset()
}
