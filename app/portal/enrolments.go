package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/app/vault"
	"allotment/catalog"
)

// Enrol hands a guest its configuration for the one-time token of its enrolment. The token is the permission.
//
// Errors: NotFound for an unknown token, Gone for a spent one.
func (p *Portal) Enrol(ctx context.Context, token string) ([]byte, error) {
	organization, id, err := p.enrolmentOwner(ctx, token)
	if err != nil {
		return nil, err
	}
	var data []byte
	err = p.store.InTenant(ctx, app.System(organization), func(tx *store.Tx) error {
		e, err := tx.LockEnrolment(ctx, id)
		if err != nil {
			return err
		}
		now := p.now()
		if token != p.vault.Token("enrol", e.ID) {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		if !e.FetchedAt.IsZero() || !now.Before(e.ExpiresAt) {
			return app.Errorf(app.Gone, "This address was used already.")
		}
		if data, err = p.userData(ctx, tx, e); err != nil {
			return err
		}
		e.FetchedAt = now
		if err := tx.SaveEnrolment(ctx, e); err != nil {
			return err
		}
		return p.wake(ctx, tx, e, "The server has started and fetched its configuration.")
	})
	return data, err
}

func (p *Portal) enrolmentOwner(ctx context.Context, token string) (organization, id app.ID, err error) {
	if len(token) > 200 {
		return app.ID{}, app.ID{}, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return p.store.EnrolmentOwner(ctx, vault.Hash(token))
}

// userData renders the cloud-init user-data of a service's guest.
func (p *Portal) userData(ctx context.Context, tx *store.Tx, e store.Enrolment) ([]byte, error) {
	service, err := tx.Service(ctx, e.Service)
	if err != nil {
		return nil, err
	}
	entry, ok := p.catalog.App(service.App)
	if !ok {
		return nil, app.Errorf(app.Gone, "This app is no longer in the catalog.")
	}
	sealed, err := tx.Secrets(ctx, e.Service)
	if err != nil {
		return nil, err
	}
	secrets := make(map[string]string, len(sealed))
	for _, s := range sealed {
		if secrets[s.Name], err = p.vault.Unseal(s.Ciphertext); err != nil {
			return nil, err
		}
	}
	resources, err := tx.Resources(ctx, e.Service)
	if err != nil {
		return nil, err
	}
	order := p.guestOrder(entry, service, secrets)
	order.Portal = catalog.OrderPortal{ReportURL: p.cfg.ReportURL, ReportToken: p.vault.Token("report", e.ID)}
	if err := p.addRemotes(&order, entry, service, resources, secrets); err != nil {
		return nil, err
	}
	return catalog.UserData(entry, order)
}

func (p *Portal) guestOrder(entry *catalog.App, s app.Service, secrets map[string]string) catalog.Order {
	owner := "admin@" + s.Host
	if name := planner.Mailbox(entry, s); name != "" {
		owner = name + "@" + s.Host
	}
	return catalog.Order{
		App: s.App, Version: entry.Upstream.Version, Plan: s.Plan, Host: entry.Host(s.Host), URL: s.URL, Title: s.Name, Language: s.Language,
		Admin: catalog.OrderAdmin{Login: "admin", Name: "Administrator", Email: owner}, Answers: s.Answers, Secrets: secrets,
		Proxy: catalog.OrderProxy{HTTP: p.cfg.Proxy}, TLS: "edge",
	}
}

// addRemotes tells the guest about the mail system, the directory and the OpenID provider, as far as the app uses them.
func (p *Portal) addRemotes(order *catalog.Order, entry *catalog.App, s app.Service, resources []app.Resource, secrets map[string]string) error {
	for _, r := range resources {
		switch r.Kind {
		case app.KindMail:
			m := p.cfg.Mail
			order.Mail = &catalog.OrderMail{
				Host: m.Host, Port: m.Port, StartTLS: m.StartTLS, Password: secrets["mail_password"], Domain: s.Host,
				From: "noreply@" + s.Host, IMAPHost: m.IMAPHost, IMAPPort: m.IMAPPort, IMAPSecurity: m.IMAPSecurity, CA: m.CA,
			}
			var seen app.MailState
			if err := json.Unmarshal(r.Observed, &seen); err != nil {
				return fmt.Errorf("mail of %s: %w", s.ID, err)
			}
			order.Mail.User = seen.RelayUser
		case app.KindDirectory:
			var seen app.DirectoryState
			if err := json.Unmarshal(r.Observed, &seen); err != nil {
				return fmt.Errorf("directory of %s: %w", s.ID, err)
			}
			order.Directory = &catalog.OrderDirectory{
				URI: p.cfg.Directory.URI, StartTLS: p.cfg.Directory.StartTLS, CA: p.cfg.Directory.CA, BindDN: seen.BindDN,
				BindPassword: secrets["bind_password"], PeopleDN: seen.PeopleDN, UsersDN: seen.UsersDN, AdminsDN: seen.AdminsDN,
			}
		case app.KindClient:
			var seen app.ClientState
			if err := json.Unmarshal(r.Observed, &seen); err != nil {
				return fmt.Errorf("client of %s: %w", s.ID, err)
			}
			order.OIDC = p.guestOIDC(seen, secrets)
		}
	}
	return nil
}

func (p *Portal) guestOIDC(seen app.ClientState, secrets map[string]string) *catalog.OrderOIDC {
	site := p.cfg.OpenID
	told := &catalog.OrderOIDC{
		Issuer: seen.Issuer, ClientID: seen.ClientID, Scopes: seen.Scopes, AuthorizeURL: site.AuthorizeURL, TokenURL: site.TokenURL,
		UserinfoURL: site.UserinfoURL, KeysURL: site.KeysURL, LogoutURL: site.LogoutURL, CA: site.CA,
	}
	if !seen.Public {
		told.ClientSecret = secrets[app.ClientSecret]
	}
	return told
}

// Report takes what a guest says of its own set-up. The report token is the permission.
func (p *Portal) Report(ctx context.Context, token string, r Report) error {
	organization, id, err := p.enrolmentOwner(ctx, token)
	if err != nil {
		return err
	}
	return p.store.InTenant(ctx, app.System(organization), func(tx *store.Tx) error {
		e, err := tx.LockEnrolment(ctx, id)
		if err != nil {
			return err
		}
		if token != p.vault.Token("report", e.ID) {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		now := p.now()
		if !now.Before(e.ExpiresAt) {
			return app.Errorf(app.Gone, "This address was used already.")
		}
		line := plain(r.Line)
		switch {
		case !e.DoneAt.IsZero() || !e.FailedAt.IsZero():
			return nil // it has said how it ended; a repeat changes nothing
		case r.Done:
			e.DoneAt, line = now, "The server is set up."
		case r.Failed:
			e.FailedAt, e.Failure, e.Tail = now, failureWords(r), clipTail(r.Tail)
			line = e.Failure
		case line == "":
			return app.FieldError("line", "A report is a line, done, or failed.")
		}
		if err := tx.SaveEnrolment(ctx, e); err != nil {
			return err
		}
		return p.wake(ctx, tx, e, line)
	})
}

func failureWords(r Report) string {
	if step := plain(r.Step); step != "" {
		return fmt.Sprintf("It stopped at: %s (code %d).", strings.TrimSuffix(step, "."), r.Exit)
	}
	return fmt.Sprintf("It stopped before its first step (code %d).", r.Exit)
}

func clipTail(tail string) string {
	tail = strings.ToValidUTF8(strings.ReplaceAll(tail, "\x00", ""), "")
	if len(tail) > 8000 {
		tail = strings.ToValidUTF8(tail[len(tail)-8000:], "")
	}
	return tail
}

// plain makes what a guest says fit to be shown: one line of printable text, not too long.
func plain(line string) string {
	line = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(line, ""))
	line = strings.Join(strings.Fields(line), " ")
	if runes := []rune(line); len(runes) > 200 {
		line = string(runes[:200]) + "…"
	}
	return line
}

// wake adds a line to the step that waits for the guest, and lets it look at once.
func (p *Portal) wake(ctx context.Context, tx *store.Tx, e store.Enrolment, line string) error {
	o, err := tx.LastOperation(ctx, e.Service)
	if err != nil {
		return err
	}
	if o, err = tx.LockOperation(ctx, o.ID); err != nil {
		return err
	}
	i := slices.IndexFunc(o.Steps, func(s app.Step) bool { return s.Action == app.ActionConfigure && s.Resource == e.Resource })
	if i < 0 {
		return nil
	}
	step := o.Steps[i]
	if err := tx.AppendProgress(ctx, step.ID, line); err != nil {
		return err
	}
	if ended := !e.DoneAt.IsZero() || !e.FailedAt.IsZero(); ended && step.State == app.StepWaiting {
		step.State, step.NextAt = app.StepQueued, time.Time{}
		if err := tx.SaveStep(ctx, app.StepWaiting, step, 0); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, time.Time{}, step.ID); err != nil {
			return err
		}
	}
	return tx.Notify(ctx, o)
}
