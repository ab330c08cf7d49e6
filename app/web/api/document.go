package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"allotment/app"
)

const scheme = "key"

const about = `The same verbs as the pages of the portal, for programs.

**Keys.** Send the key of a service account as ` + "`Authorization: Bearer allot_…`" + `. A key acts for one organization with one role; what it may not do is
refused with 403, and what it may not see does not exist for it (404).

**Errors** are ` + "`application/problem+json`" + ` (RFC 9457). ` + "`errors`" + ` names the fields that are wrong, ` + "`reference`" + ` is what to tell the provider.
Messages come in the language of ` + "`Accept-Language`" + `: en, nl or de.

**Lists** have at most ` + "`limit`" + ` rows, newest first unless they say otherwise. ` + "`next`" + `, and the ` + "`Link`" + ` header, lead to the next page; on the last one there is none.

**Every POST** needs an ` + "`Idempotency-Key`" + `: a fresh name for each thing that you want done, such as a UUID. Whatever happens to the connection, send the
same request with the same key again: it is done once, and answered as it was the first time for 24 hours. Another request with the same key is
refused with 422, and while the first is still being worked on, the second gets 409.

**Limits.** ` + "`RateLimit`" + ` says how many calls are left in this minute; beyond them the answer is 429 with ` + "`Retry-After`" + `.

**JSON is strict**: what is not described here is refused.`

func config() huma.Config {
	c := huma.DefaultConfig("Allotment", "1.0.0")
	c.Info.Description = about
	c.Info.License = &huma.License{Name: "AGPL-3.0-or-later", Identifier: "AGPL-3.0-or-later"}
	c.Servers = []*huma.Server{{URL: Prefix}}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // served by the pages' own table
	c.CreateHooks = nil                                   // no $schema in answers
	c.Formats = map[string]huma.Format{"application/json": strictJSON(), "json": strictJSON()}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		scheme: {Type: "http", Scheme: "bearer", BearerFormat: "allot_…", Description: "The token of an API key, made on the page of the organization."},
	}
	c.Components.Headers = map[string]*huma.Header{
		"RateLimit":          header("How many calls are left, and when the minute ends: `\"key\";r=599;t=42`."),
		"RateLimitPolicy":    header("How many calls a key may make: `\"key\";q=600;w=60`."),
		"RetryAfter":         header("After how many seconds it may be tried again."),
		"WWWAuthenticate":    header("How to identify oneself (RFC 6750)."),
		"IdempotentReplayed": header("`true` when this answer was given before, to the same request."),
	}
	c.Components.Responses = map[string]*huma.Response{}
	problem := c.Components.Schemas.Schema(problemType, true, "Problem")
	for _, failure := range failures {
		if failure.status == http.StatusMethodNotAllowed {
			continue
		}
		c.Components.Responses[failure.name] = &huma.Response{
			Description: failure.description, Headers: failure.headers,
			Content: map[string]*huma.MediaType{problemJSON: {Schema: problem}},
		}
	}
	c.Tags = []*huma.Tag{
		{Name: "Key", Description: "Who the key is."},
		{Name: "Catalog", Description: "The apps that the organization may order, with its own prices."},
		{Name: "Orders", Description: "What was bought, at which price."},
		{Name: "Services", Description: "The delivered things: each an app of the organization's own."},
		{Name: "Subscriptions", Description: "What services cost: another size, an end, and taking it back, each with a preview."},
		{Name: "Operations", Description: "What is being done with services, step by step."},
		{Name: "Invoices", Description: "Issued invoices and credit notes: those that the organization received, and with sold=true those that it issued."},
		{Name: "Exports", Description: "Files of the books: CSV, UBL and PDF, DATEV, the audit file and others."},
		{Name: "Bills", Description: "What the organization pays, and who it is as a buyer."},
		{Name: "Organizations", Description: "The key's own organization, and the customers and resellers below it."},
		{Name: "Members", Description: "The people of the key's own organization, and those whom it invites."},
	}
	return c
}

// failure is a way in which an operation may fail, and for which operations.
type failure struct {
	status      int
	name        string
	description string
	headers     map[string]*huma.Header
	where       func(line) bool
}

var failures = []failure{
	{400, "BadRequest", "The request cannot be read: no JSON, no body, or a POST without an Idempotency-Key.", nil, posts},
	{401, "Unauthorized", "There is no key, or it is not known, has expired or was revoked.", map[string]*huma.Header{"WWW-Authenticate": headerRef("WWWAuthenticate")}, always},
	{403, "Forbidden", "The key's role does not allow this, or the organization is suspended.", nil, always},
	{404, "NotFound", "It does not exist, or not for this key.", nil, always},
	{405, "MethodNotAllowed", "The address does not take that method; `Allow` says which it takes.", nil, never},
	{409, "Conflict", "Its state does not allow this, someone else was first, or the same request is being worked on.", nil, changes},
	{410, "Gone", "It existed and can be used no more.", nil, changes},
	{413, "TooLarge", "What was sent is too large.", nil, changes},
	{415, "UnsupportedMediaType", "What was sent is not application/json.", nil, changes},
	{422, "Unprocessable", "What was sent is wrong; `errors` says where.", nil, always},
	{429, "TooManyRequests", "There were too many calls.", map[string]*huma.Header{"Retry-After": headerRef("RetryAfter")}, always},
	{500, "Broken", "Something broke on the provider's side.", nil, always},
	{503, "Unavailable", "It does not work at the moment; please try again later.", map[string]*huma.Header{"Retry-After": headerRef("RetryAfter")}, always},
}

func always(line) bool    { return true }
func never(line) bool     { return false }                                                       // what no operation of the document answers
func posts(l line) bool   { return l.method != http.MethodGet && l.method != http.MethodDelete } // with a body
func changes(l line) bool { return l.method != http.MethodGet }

// responses are the answers of an operation: its success, whose content its Go type describes, and every way in which it may fail.
func responses(l line) map[string]*huma.Response {
	headers := map[string]*huma.Header{"RateLimit": headerRef("RateLimit"), "RateLimit-Policy": headerRef("RateLimitPolicy")}
	if l.method == http.MethodPost {
		headers["Idempotent-Replayed"] = headerRef("IdempotentReplayed")
	}
	all := map[string]*huma.Response{strconv.Itoa(l.status): {Description: http.StatusText(l.status), Headers: headers}}
	for _, kind := range l.files {
		content := all[strconv.Itoa(l.status)]
		if content.Content == nil {
			content.Content = map[string]*huma.MediaType{}
		}
		content.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	for _, f := range failures {
		if f.where(l) || l.files != nil && (f.status == http.StatusConflict || f.status == http.StatusGone) {
			all[strconv.Itoa(f.status)] = &huma.Response{Ref: "#/components/responses/" + f.name}
		}
	}
	return all
}

// description ends with who may call it, as the table of roles says.
func description(l line) string {
	var roles []string
	for _, role := range app.Roles() {
		if role.Allows(l.permission) && !slices.Contains([]app.Role{app.RoleOperatorAdmin, app.RoleResellerOwner, app.RoleCustomerOwner}, role) {
			roles = append(roles, "`"+string(role)+"`")
		}
	}
	text := l.description
	if text != "" {
		text += "\n\n"
	}
	if len(roles) == 0 {
		return text + "No key may have a role that allows this."
	}
	return text + "Roles: " + strings.Join(roles, ", ") + "."
}

func header(words string) *huma.Header {
	return &huma.Header{Description: words, Schema: &huma.Schema{Type: huma.TypeString}}
}

func headerRef(name string) *huma.Header { return &huma.Header{Ref: "#/components/headers/" + name} }

func idempotencyParam() *huma.Param {
	least, most := 1, maxName
	return &huma.Param{
		Name: idempotencyHeader, In: "header", Required: true, Example: "5f0c3c1e-2a57-4d1c-8f43-0b6a6c1d9a10",
		Description: "A fresh name for what is wanted; the same name makes a repeated request be done once.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &most, Pattern: `^[!-~]+$`},
	}
}

// Described is a problem as the page of the API tells it.
type Described struct {
	Status int
	Code   string
	About  string
}

// Problems lists every kind of problem.
func Problems() (all []Described) {
	for _, f := range failures {
		if code, ok := codes[f.status]; ok {
			all = append(all, Described{f.status, code, f.description})
			continue
		}
		all = append(all, Described{f.status, string(app.Internal), f.description})
	}
	return all
}
