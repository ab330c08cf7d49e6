package catalog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAnswer is how many characters any answer may have.
const maxAnswer = 1000

// defaultLength is how many characters a text may have when its question says nothing.
const defaultLength = 200

// CheckAnswers checks and cleans the answers to an app's questions. clean has a value for each question ("" where an optional one
// was left empty); fieldErrors has a sentence for each answer that does not pass, by question, and is empty when all do. Answers to
// questions that the app does not ask are refused, and so is a nil plan (at "plan"). The sentences are English; see CheckAnswersIn.
func CheckAnswers(app *App, plan *Plan, answers map[string]string) (clean, fieldErrors map[string]string) {
	return CheckAnswersIn("en", app, plan, answers)
}

// CheckAnswersIn is CheckAnswers with its sentences in the language of locale.
func CheckAnswersIn(locale string, app *App, plan *Plan, answers map[string]string) (clean, fieldErrors map[string]string) {
	say := wordsFor(locale)
	clean, fieldErrors = map[string]string{}, map[string]string{}
	if plan == nil {
		fieldErrors["plan"] = say["plan"]
	}
	for i := range app.Questions {
		q := &app.Questions[i]
		value, message := checkAnswer(say, locale, q, answers[q.ID])
		if message != "" {
			fieldErrors[q.ID] = message
			continue
		}
		clean[q.ID] = value
	}
	for id := range answers {
		if app.Question(id) == nil {
			fieldErrors[id] = say["unasked"]
		}
	}
	return clean, fieldErrors
}

// CheckChange checks new answers for a service that exists. Questions that are not asked again keep their current answer; one that
// is not editable_after is refused when its answer would change.
func CheckChange(locale string, app *App, plan *Plan, current, answers map[string]string) (clean, fieldErrors map[string]string) {
	merged := map[string]string{}
	for i := range app.Questions {
		id := app.Questions[i].ID
		merged[id] = current[id]
	}
	for id, value := range answers {
		merged[id] = value
	}
	clean, fieldErrors = CheckAnswersIn(locale, app, plan, merged)
	for i := range app.Questions {
		q := &app.Questions[i]
		if value, ok := clean[q.ID]; ok && value != current[q.ID] && !q.EditableAfter {
			delete(clean, q.ID)
			fieldErrors[q.ID] = wordsFor(locale)["fixed"]
		}
	}
	return clean, fieldErrors
}

// checkAnswer returns the cleaned value of one answer, or what to tell the person who gave it.
func checkAnswer(say map[string]string, locale string, q *Question, value string) (clean, message string) {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, forbidden) {
		return "", say["control"]
	}
	value = strings.TrimSpace(value)
	if value == "" {
		value = q.Default
	}
	if value == "" && q.Type == QuestionBool {
		value = "false"
	}
	if value == "" {
		if q.Required {
			return "", say["required"]
		}
		return "", ""
	}
	value, message = checkKind(say, q, value)
	if message != "" {
		return "", message
	}
	if message = checkLength(say, q, value); message != "" {
		return "", message
	}
	if q.Pattern != "" && !regexp.MustCompile(`^(?:`+q.Pattern+`)$`).MatchString(value) {
		return "", q.PatternHelp.In(locale)
	}
	return value, ""
}

// forbidden reports characters that no answer holds: control characters, line and paragraph separators, and the invisible ones
// that change the direction of text around them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

func checkLength(say map[string]string, q *Question, value string) string {
	limit := q.MaxLength
	if limit == 0 {
		limit = defaultLength
	}
	switch n := utf8.RuneCountInString(value); {
	case n > limit:
		return fmt.Sprintf(say["long"], limit)
	case n < q.MinLength:
		return fmt.Sprintf(say["short"], q.MinLength)
	}
	return ""
}

// checkKind cleans a value by the type of its question.
func checkKind(say map[string]string, q *Question, value string) (clean, message string) {
	switch q.Type {
	case QuestionDomain:
		if domain, ok := cleanDomain(value); ok {
			return domain, ""
		}
		return "", say["domain"]
	case QuestionEmail:
		if address, ok := cleanEmail(value); ok {
			return address, ""
		}
		return "", say["email"]
	case QuestionChoice:
		for _, choice := range q.Choices {
			if choice.Value == value {
				return value, ""
			}
		}
		return "", say["choice"]
	case QuestionNumber:
		return checkNumber(say, q, value)
	case QuestionBool:
		switch value {
		case "true", "on":
			return "true", ""
		case "false", "off":
			return "false", ""
		}
		return "", say["bool"]
	}
	return value, ""
}

func checkNumber(say map[string]string, q *Question, value string) (clean, message string) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return "", say["number"]
	case q.Min != nil && n < *q.Min:
		return "", fmt.Sprintf(say["min"], *q.Min)
	case q.Max != nil && n > *q.Max:
		return "", fmt.Sprintf(say["max"], *q.Max)
	}
	return strconv.FormatInt(n, 10), ""
}
