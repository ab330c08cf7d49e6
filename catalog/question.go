package catalog

// QuestionType is the kind of value that a question takes.
type QuestionType string

// The types. There is none for passwords: those are secrets, which are generated and never typed into an order.
const (
	QuestionText   QuestionType = "text"   // one line
	QuestionDomain QuestionType = "domain" // a domain name; kept in lower case and in ASCII (RFC 5891)
	QuestionEmail  QuestionType = "email"  // one mail address (RFC 5321), without a name
	QuestionChoice QuestionType = "choice" // one of Choices
	QuestionNumber QuestionType = "number" // a whole number
	QuestionBool   QuestionType = "bool"   // "true" or "false"
)

// Question is one field of the order form, and of the form that changes a service later.
type Question struct {
	ID            string       `yaml:"id"`
	Label         Text         `yaml:"label"`
	Help          Text         `yaml:"help,omitempty"`
	Type          QuestionType `yaml:"type"`
	Required      bool         `yaml:"required,omitempty"`
	Default       string       `yaml:"default,omitempty"`
	Pattern       string       `yaml:"pattern,omitempty"`        // RE2 that the whole value must match
	PatternHelp   Text         `yaml:"pattern_help,omitempty"`   // what to tell a person whose value does not match
	MinLength     int          `yaml:"min_length,omitempty"`     // characters
	MaxLength     int          `yaml:"max_length,omitempty"`     // characters; 0 means the type's own limit
	Min           *int64       `yaml:"min,omitempty"`            // of a number
	Max           *int64       `yaml:"max,omitempty"`            // of a number
	Choices       []Choice     `yaml:"choices,omitempty"`        // of a choice
	EditableAfter bool         `yaml:"editable_after,omitempty"` // may be changed once the service exists
	Widget        string       `yaml:"widget,omitempty"`         // how to draw it where the type leaves a choice: "radio", "select"
}

// Choice is one possible answer.
type Choice struct {
	Value string `yaml:"value"`
	Label Text   `yaml:"label"`
}
