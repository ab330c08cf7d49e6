package drivertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"allotment/app"
)

// Mail is the suite of drivers for mail domains. Place is a domain; the suite's mail domains are below it.
func Mail(t *testing.T, open func(t *testing.T) Harness[app.MailSpec, app.MailState]) {
	run(t, open, mailWishes())
	t.Run("SendOnly", func(t *testing.T) { t.Parallel(); testSendOnly(t, open(t)) })
	t.Run("NewPassword", func(t *testing.T) { t.Parallel(); testNewRelayPassword(t, open(t)) })
}

// NewMail is a fake for mail domains.
func NewMail() *Fake[app.MailSpec, app.MailState] {
	return newFake(fakeKind[app.MailSpec, app.MailState]{
		check:  checkMail,
		places: func(_ app.Ref, s app.MailSpec) []string { return []string{s.Domain} },
		id:     func(_ app.Ref, s app.MailSpec) string { return s.Domain },
		state: func(ref app.Ref, s app.MailSpec) app.MailState {
			state := app.MailState{Domain: s.Domain, Receive: s.Receive, Mailboxes: s.Mailboxes, Aliases: s.Aliases}
			if s.Relay {
				state.RelayUser = relayUser(ref)
			}
			return state
		},
	})
}

func relayUser(ref app.Ref) string { return "relay-" + ref.Resource.String() }

// checkMail refuses what no mail domain can be.
func checkMail(s app.MailSpec) error {
	if strings.ContainsAny(s.Domain, " /@") || !strings.Contains(s.Domain, ".") {
		return app.Errorf(app.Permanent, "This is not a domain.")
	}
	if !s.Receive && len(s.Mailboxes)+len(s.Aliases) > 0 {
		return app.Errorf(app.Permanent, "A domain that only sends has no mailboxes.")
	}
	if s.Relay && s.RelayPassword == "" {
		return app.Errorf(app.Permanent, "The password for sending is missing.")
	}
	names := map[string]bool{}
	for _, box := range s.Mailboxes {
		if names[box.Name] || box.Name == "" || strings.ContainsAny(box.Name, " /@*%\"") || box.QuotaMiB <= 0 {
			return app.Errorf(app.Permanent, "A mailbox cannot be named %q.", box.Name)
		}
		names[box.Name] = true
	}
	for _, alias := range s.Aliases {
		if names[alias.Name] || len(alias.Targets) == 0 {
			return app.Errorf(app.Permanent, "The alias %q cannot be.", alias.Name)
		}
		names[alias.Name] = true
	}
	return nil
}

func mailWishes() wishes[app.MailSpec, app.MailState] {
	return wishes[app.MailSpec, app.MailState]{
		want: wantMail,
		change: func(s app.MailSpec) app.MailSpec {
			s.Mailboxes = []app.Mailbox{{Name: "first", QuotaMiB: 20}, {Name: "third", QuotaMiB: 5}}
			s.Aliases = []app.Alias{{Name: "info", Targets: []string{"first@" + s.Domain, "third@" + s.Domain}}}
			return s
		},
		rival:  func(_ app.Ref, s app.MailSpec) (app.Ref, app.MailSpec) { return newRef(s.Domain), s },
		misfit: mailMisfit,
		refused: map[string]func(string) (app.Ref, app.MailSpec){
			"NoDomain":      badMail(func(s *app.MailSpec) { s.Domain = "not a domain" }),
			"BadName":       badMail(func(s *app.MailSpec) { s.Mailboxes[0].Name = "a/b" }),
			"Wildcard":      badMail(func(s *app.MailSpec) { s.Mailboxes[0].Name = "*" }),
			"NoQuota":       badMail(func(s *app.MailSpec) { s.Mailboxes[0].QuotaMiB = 0 }),
			"TwiceTheName":  badMail(func(s *app.MailSpec) { s.Mailboxes[1].Name = s.Mailboxes[0].Name }),
			"AliasIsBox":    badMail(func(s *app.MailSpec) { s.Aliases[0].Name = s.Mailboxes[0].Name }),
			"AliasToNobody": badMail(func(s *app.MailSpec) { s.Aliases[0].Targets = nil }),
			"SendOnlyBox":   badMail(func(s *app.MailSpec) { s.Receive = false }),
			"NoPassword":    badMail(func(s *app.MailSpec) { s.RelayPassword = "" }),
		},
	}
}

func wantMail(place string, nth int) (app.Ref, app.MailSpec) {
	domain := fmt.Sprintf("d%d.%s", nth, place)
	return newRef(domain), app.MailSpec{
		Domain: domain, Receive: true, Relay: true, RelayPassword: "a long random password",
		Mailboxes: []app.Mailbox{{Name: "first", QuotaMiB: 10}, {Name: "second", QuotaMiB: 10}},
		Aliases:   []app.Alias{{Name: "info", Targets: []string{"first@" + domain}}, {Name: "sales", Targets: []string{"x@elsewhere.example"}}},
	}
}

func badMail(spoil func(*app.MailSpec)) func(string) (app.Ref, app.MailSpec) {
	return func(place string) (app.Ref, app.MailSpec) {
		ref, spec := wantMail(place, 90)
		spoil(&spec)
		return ref, spec
	}
}

func mailMisfit(ref app.Ref, s app.MailSpec, o app.MailState) string {
	want := app.MailState{Domain: s.Domain, Receive: s.Receive, Mailboxes: s.Mailboxes, Aliases: s.Aliases}
	if s.Relay {
		want.RelayUser = relayUser(ref)
	}
	if want, got := sortedMail(want), sortedMail(o); !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("there is %+v, want %+v", got, want)
	}
	return ""
}

// sortedMail is the same state in one order, with nil for nothing.
func sortedMail(s app.MailState) app.MailState {
	s.Mailboxes = append([]app.Mailbox(nil), s.Mailboxes...)
	slices.SortFunc(s.Mailboxes, func(a, b app.Mailbox) int { return strings.Compare(a.Name, b.Name) })
	s.Aliases = append([]app.Alias(nil), s.Aliases...)
	for i, alias := range s.Aliases {
		s.Aliases[i].Targets = slices.Sorted(slices.Values(alias.Targets))
	}
	slices.SortFunc(s.Aliases, func(a, b app.Alias) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// testSendOnly: a domain that only sends, which later receives, and back again.
func testSendOnly(t *testing.T, h Harness[app.MailSpec, app.MailState]) {
	w := mailWishes()
	ref, receives := wantMail(h.Place, 0)
	sends := app.MailSpec{Domain: receives.Domain, Relay: true, RelayPassword: receives.RelayPassword}
	ref = ensure(t, h, w, ref, sends)
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, sends) })
	ref = ensure(t, h, w, ref, receives)
	ref = ensure(t, h, w, ref, sends)
	nothing := app.MailSpec{Domain: sends.Domain, Receive: true}
	ensure(t, h, w, ref, nothing)
}

// testNewRelayPassword: a new password is a change, the same one is not.
func testNewRelayPassword(t *testing.T, h Harness[app.MailSpec, app.MailState]) {
	w := mailWishes()
	ref, spec := wantMail(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	before := h.version(t)
	spec.RelayPassword = "another long random password"
	ensure(t, h, w, ref, spec)
	if h.Version != nil && h.version(t) == before {
		t.Error("the new password was not written")
	}
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, spec) })
}
