package postfix

import (
	"regexp"
	"slices"
	"strings"

	"allotment/app"
)

// What names look like here. A mailbox's name is also a folder's and part of IMAP patterns, so it is narrow.
var (
	domainName  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	mailboxName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._+-]{0,62}[a-z0-9])?$`)
	address     = regexp.MustCompile(`^[^\s@,"]{1,64}@[^\s@,"]{1,253}$`)
)

// maxDomain is a domain's greatest length (RFC 1035 section 2.3.4).
const maxDomain = 253

// wish checks spec and returns it in lower case, in one order, and without doubles.
func wish(spec app.MailSpec) (app.MailSpec, error) {
	spec.Domain = strings.ToLower(strings.TrimSuffix(spec.Domain, "."))
	switch {
	case !domainName.MatchString(spec.Domain) || len(spec.Domain) > maxDomain:
		return spec, app.Errorf(app.Permanent, "%q cannot be a mail domain.", spec.Domain)
	case !spec.Receive && len(spec.Mailboxes)+len(spec.Aliases) > 0:
		return spec, app.Errorf(app.Permanent, "The mail domain %s only sends, so it has no mailboxes.", spec.Domain)
	case spec.Relay && spec.RelayPassword == "":
		return spec, app.Errorf(app.Permanent, "The password for sending mail is missing.")
	}
	names := map[string]bool{}
	if err := wishMailboxes(&spec, names); err != nil {
		return spec, err
	}
	return spec, wishAliases(&spec, names)
}

func wishMailboxes(spec *app.MailSpec, names map[string]bool) error {
	spec.Mailboxes = slices.Clone(spec.Mailboxes)
	for i, box := range spec.Mailboxes {
		box.Name = strings.ToLower(box.Name)
		switch {
		case !mailboxName.MatchString(box.Name):
			return app.Errorf(app.Permanent, "A mailbox cannot be named %q.", box.Name)
		case names[box.Name]:
			return app.Errorf(app.Permanent, "The mailbox %s was asked for twice.", box.Name)
		case box.QuotaMiB <= 0 || box.QuotaMiB > 1<<20:
			return app.Errorf(app.Permanent, "The mailbox %s has no proper size.", box.Name)
		}
		names[box.Name] = true
		spec.Mailboxes[i] = box
	}
	slices.SortFunc(spec.Mailboxes, func(a, b app.Mailbox) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func wishAliases(spec *app.MailSpec, names map[string]bool) error {
	spec.Aliases = slices.Clone(spec.Aliases)
	for i, alias := range spec.Aliases {
		alias.Name = strings.ToLower(alias.Name)
		switch {
		case !mailboxName.MatchString(alias.Name):
			return app.Errorf(app.Permanent, "An alias cannot be named %q.", alias.Name)
		case names[alias.Name]:
			return app.Errorf(app.Permanent, "The name %s was asked for twice.", alias.Name)
		case len(alias.Targets) == 0:
			return app.Errorf(app.Permanent, "The alias %s leads nowhere.", alias.Name)
		}
		names[alias.Name] = true
		alias.Targets = slices.Compact(slices.Sorted(slices.Values(alias.Targets)))
		for _, target := range alias.Targets {
			if !address.MatchString(target) {
				return app.Errorf(app.Permanent, "The alias %s leads to %q, which is no address.", alias.Name, target)
			}
		}
		spec.Aliases[i] = alias
	}
	slices.SortFunc(spec.Aliases, func(a, b app.Alias) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
