package portal

import (
	"context"
	"net/netip"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// attemptWindow is the sliding window in which attempts at a door are counted.
const attemptWindow = 15 * time.Minute

// door is a way in that strangers can try, with how often one account and one address may within the window.
type door struct {
	name       string
	perAccount int
	perAddress int
}

// The doors. A success gives back what it took, so the limits are on failures; where a door has no failures, they are on calls.
var (
	doorSignIn   = door{"signin", 10, 50}
	doorSecond   = door{"second", 10, 50}
	doorConfirm  = door{"confirm", 10, 50}
	doorPasskey  = door{"passkey", 60, 60}
	doorMail     = door{"mail", 3, 20}        // mails that a stranger can make us send
	doorLink     = door{"link", 30, 30}       // links in mails
	doorInvite   = door{"invite", 60, 120}    // mails to those whom an organization invites
	doorProvider = door{"provider", 300, 300} // ways to an OpenID provider and back: whoever guesses, guesses there
	doorKey      = door{"key", 60, 60}        // keys of the API that nobody has: by address alone
)

// knocker is who tries a door.
type knocker struct {
	Account string // an address, an ID: whatever names the account; "" where nobody is named
	Address string // the client's
	Person  app.ID // in whose audit log a limit is noted; the operator's for the zero ID
}

// limits are the counts of an attempt: the address first, so that a noisy one cannot fill up other people's counts.
func (d door) limits(k knocker) []store.Limit {
	all := []store.Limit{{Key: d.name + " address " + network(k.Address), Most: d.perAddress}}
	if k.Account != "" {
		all = append(all, store.Limit{Key: d.name + " account " + k.Account, Most: d.perAccount})
	}
	return all
}

// network is the part of an address that one subscriber has: all of an IPv4 address, the first 64 bits of an IPv6 address (RFC 6177).
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return clip(address)
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return clip(address)
	}
	return prefix.String()
}

// knock counts an attempt at a door before anything is looked at, and refuses it with TooMany when there were too many. That a limit was
// reached is written into the audit log once for each window.
func (p *Portal) knock(ctx context.Context, d door, k knocker) error {
	counted, err := p.store.CountAttempts(ctx, d.limits(k), p.now(), attemptWindow)
	if err != nil {
		return err
	}
	return p.judge(ctx, d, k, counted)
}

// judge turns a count into an error.
func (p *Portal) judge(ctx context.Context, d door, k knocker, counted store.Counted) error {
	if counted.Allowed {
		return nil
	}
	if counted.Reached != "" {
		p.notePerson(ctx, store.PersonEntry{
			Person: k.Person, Action: d.name + ".limit", Outcome: app.AuditRefused, Target: counted.Reached, Address: k.Address,
		})
	}
	return app.Errorf(app.TooMany, "There were too many attempts. Please wait a quarter of an hour and try again.")
}

// notePerson writes into the audit log of a person's organizations. That it cannot be written is for the operator to know: what the person
// asked for goes on.
func (p *Portal) notePerson(ctx context.Context, e store.PersonEntry) {
	if e.At.IsZero() {
		e.At = p.now()
	}
	if err := p.store.AuditPerson(context.WithoutCancel(ctx), e); err != nil {
		p.log.Error("a row is missing in the audit log", "action", e.Action, "error", err)
	}
}

// refusal is what an audit row says of an error.
func refusal(err error) map[string]string {
	return map[string]string{"code": string(app.CodeOf(err)), "message": app.Words(err)}
}
