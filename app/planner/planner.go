// Package planner says what a service wants and in which order it comes about. It is pure: no SQL, no clock, no driver.
package planner

import (
	"encoding/json"
	"fmt"

	"allotment/app"
	"allotment/catalog"
)

// Wanted is one resource that a service wants, before it has an ID.
type Wanted struct {
	Kind app.Kind
	Role string
	Name string
	Spec any // of the kind, without what only the engine knows: addresses, passwords, enrolments
}

// Site is what the installation offers to every service.
type Site struct {
	Zone string // the provider's DNS zone under which hosts are offered
	Mail bool   // there is a mail system
}

// Offers reports whether the site has what an app cannot do without. An app that only sends mail does without it.
func (s Site) Offers(entry *catalog.App) bool { return s.Mail || !entry.Mail.Receive }

// Want returns the resources of a service in the order in which they are made.
func Want(entry *catalog.App, plan *catalog.Plan, s app.Service, tenant string, site Site) []Wanted {
	wanted := []Wanted{
		{app.KindSecret, "secret", s.Host, struct{}{}},
		{app.KindAddress, "address", s.Host, struct{}{}},
	}
	if entry.Directory != nil {
		wanted = append(wanted, Wanted{app.KindDirectory, "directory", tenant, directorySpec(entry, s, tenant)})
	}
	if site.Mail && (entry.Mail.Send || entry.Mail.Receive) {
		wanted = append(wanted, Wanted{app.KindMail, "mail", s.Host, mailSpec(entry, s)})
	}
	if entry.SSO.Protocol == "oidc" {
		wanted = append(wanted, Wanted{app.KindClient, "client", s.Host, clientSpec(entry, s)})
	}
	return append(wanted,
		Wanted{app.KindRecords, "records", s.Host, app.RecordsSpec{Zone: site.Zone}},
		Wanted{app.KindGuest, "guest", guestName(s), app.GuestSpec{
			Container: entry.Targets.LXC, Template: entry.Guest.Template, VCPU: plan.VCPU, MemoryMiB: plan.MemoryMiB, DiskGiB: plan.DiskGiB,
			Running: true,
		}})
}

// Takes is how much a service that wants these resources takes of a quota.
func Takes(wanted []Wanted) app.Amounts {
	takes := app.Amounts{Services: 1}
	for _, w := range wanted {
		if guest, ok := w.Spec.(app.GuestSpec); ok {
			takes.Guests++
			takes.VCPU += int64(guest.VCPU)
			takes.MemoryMiB += int64(guest.MemoryMiB)
			takes.DiskGiB += int64(guest.DiskGiB)
		}
	}
	return takes
}

// Mailbox returns the part before the @ of the service's first mailbox, or "" where the app has none.
func Mailbox(entry *catalog.App, s app.Service) string {
	if !entry.Mail.Receive || entry.Mail.Mailbox == "" {
		return ""
	}
	return s.Answers[entry.Mail.Mailbox]
}

func mailSpec(entry *catalog.App, s app.Service) app.MailSpec {
	spec := app.MailSpec{Domain: s.Host, Receive: entry.Mail.Receive, Relay: entry.Mail.Send}
	if name := Mailbox(entry, s); name != "" {
		spec.Mailboxes = []app.Mailbox{{Name: name, QuotaMiB: 1024}}
		spec.Aliases = []app.Alias{{Name: "postmaster", Targets: []string{name + "@" + s.Host}}}
		if name == "postmaster" {
			spec.Aliases = nil
		}
	}
	return spec
}

// directorySpec: the owner of the first mailbox is a person in the directory, since mail signs people in there. The uid holds the
// domain, because one tenant may have several mail domains; it has no @, which not every app takes in a user name.
func directorySpec(entry *catalog.App, s app.Service, tenant string) app.DirectorySpec {
	spec := app.DirectorySpec{Tenant: tenant}
	if entry.Mail.Receive {
		spec.MailDomain = s.Host
	}
	if name := Mailbox(entry, s); name != "" {
		uid := name + "." + s.Host
		spec.People = []app.Person{{UID: uid, Name: name, Mail: name + "@" + s.Host, Mailbox: name}}
		spec.Users, spec.Admins = []string{uid}, []string{uid}
	}
	return spec
}

// clientSpec: codes go to the paths of the manifest at the service's own address, and nowhere else.
func clientSpec(entry *catalog.App, s app.Service) app.ClientSpec {
	at := func(paths []string) []string {
		addresses := make([]string, len(paths))
		for i, path := range paths {
			addresses[i] = s.URL + path
		}
		return addresses
	}
	spec := app.ClientSpec{
		Name: s.Name, RedirectURIs: at(entry.SSO.RedirectPaths), PostLogoutURIs: at(entry.SSO.PostLogoutPaths), Scopes: app.Scopes(),
		Public: entry.SSO.Public,
	}
	if entry.SSO.LogoutPath != "" {
		spec.LogoutURI = s.URL + entry.SSO.LogoutPath
	}
	return spec
}

// guestName is the guest's host name: the first label of the service's host, and enough of its ID to be unique.
func guestName(s app.Service) string {
	label := s.Host
	for i, r := range label {
		if r == '.' {
			label = label[:i]
			break
		}
	}
	if len(label) > 40 {
		label = label[:40]
	}
	id := s.ID.String()
	return fmt.Sprintf("%s-%s", label, id[len(id)-8:])
}

// Resources gives the wanted resources their IDs.
func Resources(wanted []Wanted, s app.Service) ([]app.Resource, error) {
	resources := make([]app.Resource, len(wanted))
	for i, w := range wanted {
		spec, err := json.Marshal(w.Spec)
		if err != nil {
			return nil, fmt.Errorf("spec of %s: %w", w.Role, err)
		}
		resources[i] = app.Resource{
			Ref:  app.Ref{Organization: s.Organization, Service: s.ID, Resource: app.NewID(), Name: w.Name},
			Kind: w.Kind, Role: w.Role, State: app.ResourceWanted, Spec: spec, CreatedAt: s.CreatedAt, ChangedAt: s.CreatedAt,
		}
	}
	return resources, nil
}
