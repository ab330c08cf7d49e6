package views

import "strings"

// Reference is the API's description as its page shows it. Its sentences are the OpenAPI document's own, in English.
type Reference struct {
	About    string // paragraphs with **bold** and `code`
	Base     string // the address of the installation
	Groups   []ReferenceGroup
	Schemas  []ReferenceSchema
	Problems []ReferenceProblem
}

// ReferenceGroup is the operations on one noun.
type ReferenceGroup struct {
	Name       string
	About      string
	Operations []ReferenceOperation
}

// ReferenceOperation is one operation.
type ReferenceOperation struct {
	ID         string
	Method     string
	Path       string // with the API's prefix
	Summary    string
	About      string
	Parameters []ReferenceField
	Body       []ReferenceField
	Status     string // of success: "201 Created"
	Answer     ReferenceType
	Example    string // a call with curl
}

// ReferenceSchema is what a body or an answer is made of.
type ReferenceSchema struct {
	Name   string
	Fields []ReferenceField
}

// ReferenceField is a parameter or a field.
type ReferenceField struct {
	Name     string
	In       string // path, query or header; "" for a field of a body
	Type     ReferenceType
	Required bool
	About    string
}

// ReferenceType is what a value looks like: words, and the schema that they point at.
type ReferenceType struct {
	Text   string // "string (uuid)", "list of "
	Schema string // "" for a plain value
}

// ReferenceProblem is a way in which an operation may fail.
type ReferenceProblem struct {
	ID     string // where an address leads to
	Status int
	Code   string
	About  string
}

// span is a piece of a text that is plain, bold or code.
type span struct{ kind, text string }

// paragraphs splits a text as the OpenAPI document writes it.
func paragraphs(text string) (all [][]span) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if paragraph = strings.Join(strings.Fields(paragraph), " "); paragraph != "" {
			all = append(all, spans(paragraph))
		}
	}
	return all
}

// spans reads **bold** and `code`. A mark without its end is text.
func spans(text string) (all []span) {
	for text != "" {
		at := strings.IndexAny(text, "*`")
		if at < 0 {
			break
		}
		mark, kind := "`", "code"
		if strings.HasPrefix(text[at:], "**") {
			mark, kind = "**", "bold"
		}
		inner, rest, closed := strings.Cut(text[min(at+len(mark), len(text)):], mark)
		if text[at] == '*' && kind == "code" || !closed {
			all, text = append(all, span{"text", text[:at+1]}), text[at+1:]
			continue
		}
		all, text = append(all, span{"text", text[:at]}, span{kind, inner}), rest
	}
	return append(all, span{"text", text})
}

// methodTone gives a method its colour.
func methodTone(method string) string {
	switch method {
	case "GET":
		return "good"
	case "DELETE":
		return "bad"
	case "POST":
		return "busy"
	}
	return "wait"
}
