package catalog

import (
	"fmt"
	"regexp"
)

var questionTypes = []string{"text", "domain", "email", "choice", "number", "bool"}

func (l *linter) checkQuestions() {
	seen := map[string]bool{}
	for i := range l.app.Questions {
		q := &l.app.Questions[i]
		if !nameInForms.MatchString(q.ID) {
			l.report(fmt.Sprintf("%q must be lower-case letters, digits and underscores", q.ID), "questions", i, "id")
		}
		if seen[q.ID] {
			l.report(fmt.Sprintf("the question %q is there twice", q.ID), "questions", i, "id")
		}
		seen[q.ID] = true
		l.oneOf(string(q.Type), questionTypes, "questions", i, "type")
		l.checkPattern(i, q)
		l.checkLimits(i, q)
		l.checkChoices(i, q)
		l.checkDefault(i, q)
	}
	domain := l.app.Question("domain")
	if domain == nil || domain.Type != QuestionDomain || !domain.Required {
		l.reportf("questions", `one question must have the id "domain", the type domain, and be required`)
	} else if domain.EditableAfter && l.app.IdentityDomain == "immutable" {
		l.reportf("identity_domain", "the question \"domain\" is editable_after, but the app's domain is immutable")
	}
}

func (l *linter) checkPattern(i int, q *Question) {
	if q.Pattern == "" {
		return
	}
	if _, err := regexp.Compile(q.Pattern); err != nil {
		l.report(fmt.Sprintf("the pattern does not compile: %v", err), "questions", i, "pattern")
	}
	if len(q.PatternHelp) == 0 {
		l.report("a pattern needs pattern_help: what a person reads whose value does not match", "questions", i, "pattern")
	}
}

func (l *linter) checkLimits(i int, q *Question) {
	if q.MinLength < 0 || q.MaxLength < 0 || q.MaxLength > maxAnswer || (q.MaxLength > 0 && q.MinLength > q.MaxLength) {
		l.report(fmt.Sprintf("min_length and max_length must rise, and stay below %d", maxAnswer+1), "questions", i)
	}
	if (q.Min != nil || q.Max != nil) && q.Type != QuestionNumber {
		l.report("min and max are for a number only", "questions", i)
	}
	if q.Min != nil && q.Max != nil && *q.Min > *q.Max {
		l.report("min is above max", "questions", i, "min")
	}
	if q.Widget != "" {
		l.oneOf(q.Widget, []string{"radio", "select"}, "questions", i, "widget")
	}
}

func (l *linter) checkChoices(i int, q *Question) {
	if (len(q.Choices) > 0) != (q.Type == QuestionChoice) {
		l.report("choices are for the type choice, and it needs them", "questions", i)
	}
	seen := map[string]bool{}
	for j, choice := range q.Choices {
		if choice.Value == "" || seen[choice.Value] {
			l.report("each choice needs a value of its own", "questions", i, "choices", j)
		}
		seen[choice.Value] = true
	}
}

// checkDefault puts the default to the question itself.
func (l *linter) checkDefault(i int, q *Question) {
	if _, err := regexp.Compile(q.Pattern); err != nil || q.Default == "" {
		return
	}
	if _, message := checkAnswer(words["en"], "en", q, q.Default); message != "" {
		l.report("the default does not pass: "+message, "questions", i, "default")
	}
}
