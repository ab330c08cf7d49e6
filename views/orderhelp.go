package views

import (
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"allotment/app/portal"
	"allotment/catalog"
)

// fieldID turns a field's name into what may stand in an element's id and in a selector.
func fieldID(field string) string { return strings.ReplaceAll(field, ".", "-") }

func checkPath(appID, field string) string {
	return string(OrderPath(appID)) + "/check?field=" + url.QueryEscape(field)
}

// liveCheck are the attributes that ask the server about one field while the rest is still being filled in.
func liveCheck(appID, field string) templ.Attributes {
	return templ.Attributes{
		"hx-post":    checkPath(appID, field),
		"hx-trigger": "input changed delay:500ms, change",
		"hx-target":  "#message-" + fieldID(field),
		"hx-swap":    "outerHTML",
		"hx-sync":    "this:replace",
	}
}

// invalid marks a field that was not right.
func invalid(problems map[string]string, field string) templ.Attributes {
	if problems[field] == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true"}
}

// described names the elements that explain a question.
func described(q catalog.Question) string {
	id := fieldID("question." + q.ID)
	if len(q.Help) == 0 {
		return "message-" + id
	}
	return "help-" + id + " message-" + id
}

// inputKind are the attributes that give the right keyboard to each type of question. The server decides what is right; limits
// that a browser would silently enforce are left out, so that a too long answer gets a message instead of being cut.
func inputKind(q catalog.Question) templ.Attributes {
	switch q.Type {
	case catalog.QuestionEmail:
		return templ.Attributes{"type": "email", "autocomplete": "email"}
	case catalog.QuestionNumber:
		return templ.Attributes{"type": "text", "inputmode": "numeric", "autocomplete": "off"}
	case catalog.QuestionDomain:
		return templ.Attributes{"type": "text", "inputmode": "url", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
	}
	return templ.Attributes{"type": "text", "autocomplete": "off"}
}

// planOf finds a plan of an offer.
func planOf(offer portal.Offer, id string) (portal.PlanOffer, bool) {
	for _, plan := range offer.Plans {
		if plan.Plan.ID == id {
			return plan, true
		}
	}
	return portal.PlanOffer{}, false
}

// asked returns the questions that the form draws. The one for the domain is answered by the form's own field for the address.
func asked(a *catalog.App) []catalog.Question {
	return slices.DeleteFunc(slices.Clone(a.Questions), func(q catalog.Question) bool { return q.ID == "domain" })
}
