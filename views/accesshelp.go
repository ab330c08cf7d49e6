package views

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/views/words"
)

// AccessPath is the page of those who may use a service.
func AccessPath(service app.ID) templ.SafeURL { return ServicePath(service) + "/access" }

// accessAction is where a member's form goes: to give access, or to change what is given.
func accessAction(list AccessList, member app.Access) templ.SafeURL {
	path := AccessPath(list.Page.Service.ID)
	if member.Level == app.AccessNone {
		return path
	}
	return path + templ.SafeURL("/"+member.User.String())
}

// address is the page as it was asked for, after a person.
func (l AccessList) address(after string) string {
	return address(string(AccessPath(l.Page.Service.ID)), "q", l.Filter.Text, "who", l.Filter.Who, "after", after)
}

func (l AccessList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return l.address(l.Page.Next)
}

func (l AccessList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return l.address("")
}

// accessLevel is what a person may do, in words.
func accessLevel(ctx context.Context, level app.AccessLevel) string {
	switch level {
	case app.AccessUser:
		return words.T(ctx, "May use it")
	case app.AccessAdmin:
		return words.T(ctx, "Administrator")
	}
	return words.T(ctx, "No access")
}

// accessState is a member's mark.
func accessState(ctx context.Context, m app.Access) (tone, icon, label string) {
	switch {
	case m.Pending && m.Level == app.AccessNone:
		return "wait", "hourglass", words.T(ctx, "Being taken away")
	case m.Level == app.AccessNone:
		return "plain", "circle", accessLevel(ctx, m.Level)
	case m.Disabled:
		return "bad", "circle-x", words.T(ctx, "Account closed")
	case m.Pending:
		return "wait", "hourglass", words.T(ctx, "%s, on its way", accessLevel(ctx, m.Level))
	}
	return "good", "circle-check", accessLevel(ctx, m.Level)
}

// lagText says what a change waits for.
func lagText(ctx context.Context, s app.ServiceState) string {
	if s == app.ServiceCreating || s == app.ServiceFailed {
		return words.T(ctx, "The app is not ready yet. Whoever has access by then can sign in as soon as it is.")
	}
	return words.T(ctx, "The directory learns of it within moments, or as soon as it can be reached. You need not wait for it.")
}

// personName is a person's name, or the address of somebody who has none.
func personName(name, email string) string {
	if strings.TrimSpace(name) == "" {
		return email
	}
	return name
}

// laggingApps are the names of the apps that do not know a person's last change yet.
func laggingApps(apps []app.MyApp) string {
	var names []string
	for _, a := range apps {
		if a.Pending {
			names = append(names, a.Service.Name)
		}
	}
	return strings.Join(names, ", ")
}

// mailAddress is the person's address in an app; "" where they have none.
func mailAddress(a app.MyApp) string {
	if a.Mailbox == "" {
		return ""
	}
	return a.Mailbox + "@" + a.Service.Host
}

func (l AppList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address("/apps", "q", l.Filter.Text, "after", l.Page.Next)
}

func (l AppList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address("/apps", "q", l.Filter.Text)
}

// unused reports whether the person may use nothing at all, as opposed to nothing that fits the search.
func (l AppList) unused() bool {
	return len(l.Page.Apps) == 0 && l.Filter.Text == "" && l.Filter.After == ""
}
