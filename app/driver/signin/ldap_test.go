package signin_test

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"allotment/app"
	"allotment/app/driver/signin"
	"allotment/app/provision/drivertest"
	"allotment/e2e/lab"
)

// school is a part of the lab's directory of the test's own: two people, and a group with one of them.
type school struct {
	t        *testing.T
	server   *lab.Directory
	conn     *goldap.Conn
	settings app.LDAPSettings
	people   string // the DN above
	password string // everybody's
}

func openSchool(t *testing.T) *school {
	t.Helper()
	d := lab.T(t, lab.Options{Directory: true}).Directory
	ca, err := os.ReadFile(d.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	name := "school" + strings.ToLower(rand.Text()[:8])
	top := "ou=" + name + ",ou=tenants," + d.BaseDN
	s := &school{t: t, server: d, people: "ou=people," + top, password: rand.Text(), settings: app.LDAPSettings{
		URI: d.URI, CA: string(ca), BindDN: d.AdminDN, BaseDN: "ou=people," + top, Filter: "(|(uid={login})(mail={login}))",
	}}
	if s.conn, err = d.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	if err := s.conn.Bind(d.AdminDN, d.AdminPassword); err != nil {
		t.Fatal(err)
	}
	unit := func(dn, ou string) { s.add(dn, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {ou}}) }
	unit(top, name)
	unit(s.people, "people")
	unit("ou=services,"+top, "services")
	unit("ou=club,ou=services,"+top, "club")
	for _, uid := range []string{"anna", "bert"} {
		s.add("uid="+uid+","+s.people, map[string][]string{
			"objectClass": {"inetOrgPerson"}, "uid": {uid}, "cn": {uid + " Demo"}, "sn": {"Demo"}, "mail": {uid + "@" + name + ".example"},
			"userPassword": {s.password},
		})
	}
	s.add("cn=gardeners,ou=club,ou=services,"+top, map[string][]string{
		"objectClass": {"groupOfNames"}, "cn": {"gardeners"}, "member": {"uid=anna," + s.people},
	})
	return s
}

func (s *school) add(dn string, attributes map[string][]string) {
	s.t.Helper()
	request := goldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	if err := s.conn.Add(request); err != nil {
		s.t.Fatalf("%s: %v", dn, err)
	}
}

func (s *school) prove(settings app.LDAPSettings, login, password string) (app.Proven, error) {
	return signin.NewLDAP(here).Prove(s.t.Context(), settings, s.server.AdminPassword, login, password)
}

func TestLDAPProves(t *testing.T) {
	t.Parallel()
	s := openSchool(t)
	gardeners := func(p app.Proven) bool {
		return slices.ContainsFunc(p.Groups, func(g string) bool { return strings.HasPrefix(g, "cn=gardeners,") })
	}
	var subject string
	over := func(change func(*app.LDAPSettings)) app.LDAPSettings {
		settings := s.settings
		change(&settings)
		return settings
	}
	for name, settings := range map[string]app.LDAPSettings{
		"StartTLS":     s.settings,
		"TLS":          over(func(l *app.LDAPSettings) { l.URI = s.server.LDAPS }),
		"a pattern":    over(func(l *app.LDAPSettings) { l.UserDN = "uid={login}," + s.people }),
		"group search": over(func(l *app.LDAPSettings) { l.MemberOf, l.GroupBase = "none", s.settings.BaseDN[len("ou=people,"):] }),
		"as oneself":   over(func(l *app.LDAPSettings) { l.UserDN, l.BindDN = "uid={login},"+s.people, "" }),
	} {
		got, err := s.prove(settings, "anna", s.password)
		if err != nil || got.Name != "anna Demo" || !strings.HasPrefix(got.Email, "anna@") || got.Subject == "" || !gardeners(got) {
			t.Errorf("%s: %+v (%v)", name, got, err)
			continue
		}
		if subject == "" {
			subject = got.Subject
		}
		if got.Subject != subject {
			t.Errorf("%s: the subject is %s, was %s", name, got.Subject, subject)
		}
	}
	if got, err := s.prove(s.settings, got(t, s, "bert").Email, s.password); err != nil || gardeners(got) {
		t.Errorf("by e-mail address, in no group: %+v (%v)", got, err)
	}
	if err := signin.NewLDAP(here).Check(t.Context(), s.settings, s.server.AdminPassword); err != nil {
		t.Error(err)
	}
}

func got(t *testing.T, s *school, login string) app.Proven {
	t.Helper()
	p, err := s.prove(s.settings, login, s.password)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLDAPRefuses tries what is not a person with their password. All are told the same.
func TestLDAPRefuses(t *testing.T) {
	t.Parallel()
	s := openSchool(t)
	patterned := s.settings
	patterned.UserDN = "uid={login}," + s.people
	for name, c := range map[string][2]string{
		"another password": {"anna", "not the password"}, "nobody": {"nobody", s.password}, "no password": {"anna", ""}, "no name": {"", s.password},
		"everybody": {"*", s.password}, "an injected filter": {"anna)(uid=*", s.password}, "an injected name": {"anna,ou=people", s.password},
		"a zero byte": {"anna\x00", s.password}, "two people": {"a*", s.password}, "too long": {strings.Repeat("a", 300), s.password},
		"a long password": {"anna", strings.Repeat("a", 2000)},
	} {
		for kind, settings := range map[string]app.LDAPSettings{"search": s.settings, "pattern": patterned} {
			_, err := s.prove(settings, c[0], c[1])
			if app.CodeOf(err) != app.Unauthenticated || app.Words(err) != "The user name or the password is not right." {
				t.Errorf("%s by %s: %v", name, kind, err)
			}
		}
	}
	loose := s.settings
	loose.Filter = "(|(uid={login})(objectClass=inetOrgPerson))" // finds two
	if _, err := s.prove(loose, "anna", s.password); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a filter that finds two people: %v", err)
	}
	if err := s.conn.Modify(modify("uid=bert,"+s.people, "pwdAccountLockedTime", "000001010000Z")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.prove(s.settings, "bert", s.password); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a locked person: %v", err)
	}
}

func modify(dn, attribute, value string) *goldap.ModifyRequest {
	m := goldap.NewModifyRequest(dn, nil)
	m.Replace(attribute, []string{value})
	return m
}

func TestLDAPMisconfigured(t *testing.T) {
	t.Parallel()
	s := openSchool(t)
	for name, c := range map[string]struct {
		change func(*app.LDAPSettings)
		reach  signin.Reach
		code   app.Code
		words  string
	}{
		"another authority":   {func(l *app.LDAPSettings) { l.CA = "" }, here, app.Conflict, "certificate"},
		"the same by TLS":     {func(l *app.LDAPSettings) { l.CA, l.URI = "", s.server.LDAPS }, here, app.Conflict, "certificate"},
		"no PEM":              {func(l *app.LDAPSettings) { l.CA = "x" }, here, app.Conflict, "PEM"},
		"another protocol":    {func(l *app.LDAPSettings) { l.URI = "http://127.0.0.1" }, here, app.Conflict, "address"},
		"a private network":   {func(*app.LDAPSettings) {}, nil, app.Conflict, "public internet"},
		"nobody there":        {func(l *app.LDAPSettings) { l.URI = "ldap://127.0.0.1:1" }, here, app.Retryable, "cannot be reached"},
		"an unknown searcher": {func(l *app.LDAPSettings) { l.BindDN = "cn=x," + s.server.BaseDN }, here, app.Conflict, "does not accept"},
		"a wrong base":        {func(l *app.LDAPSettings) { l.BaseDN = "ou=nothing," + s.server.BaseDN }, here, app.Conflict, "look people up"},
		"a broken filter":     {func(l *app.LDAPSettings) { l.Filter = "(uid={login}" }, here, app.Conflict, "look people up"},
		"no such ID":          {func(l *app.LDAPSettings) { l.IDAttribute = "objectGUID" }, here, app.Conflict, "objectGUID"},
	} {
		settings := s.settings
		c.change(&settings)
		_, err := signin.NewLDAP(c.reach).Prove(t.Context(), settings, s.server.AdminPassword, "anna", s.password)
		if app.CodeOf(err) != c.code || !strings.Contains(app.Words(err), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLDAPWithoutEncryption meets a server that offers no StartTLS: not one byte of the password goes there.
func TestLDAPWithoutEncryption(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		data := make([]byte, 4096)
		n, _ := conn.Read(data)
		// An extended response with the result protocolError (RFC 4511 section 4.12).
		_, _ = conn.Write([]byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 0x02, 0x04, 0x00, 0x04, 0x00})
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		more, _ := conn.Read(data[n:])
		heard <- string(data[:n+more])
	}()
	t.Cleanup(func() { listener.Close() })
	settings := app.LDAPSettings{URI: "ldap://" + listener.Addr().String(), UserDN: "uid={login},dc=example"}
	_, err = signin.NewLDAP(here).Prove(t.Context(), settings, "", "anna", "the password")
	if app.CodeOf(err) != app.Conflict || !strings.Contains(app.Words(err), "no encryption") {
		t.Errorf("%v", err)
	}
	if said := <-heard; strings.Contains(said, "password") || strings.Contains(said, "anna") || !strings.Contains(said, "1.3.6.1.4.1.1466.20037") {
		t.Errorf("it was told %q", said)
	}
}

// TestLDAPHangs meets a server that takes the connection and says nothing: a sign-in does not wait for ever.
func TestLDAPHangs(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err = signin.NewLDAP(here).Prove(ctx, app.LDAPSettings{URI: "ldap://" + listener.Addr().String(), UserDN: "uid={login},dc=example"}, "", "anna", "x")
	if took := time.Since(begun); app.CodeOf(err) != app.Retryable || took > 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// TestLDAPBreaksOff cuts the connection at each of the directory's answers in turn: whoever signs in is told that it is the directory, and
// never that their password is wrong. Only what comes after the last word that was needed may be missing.
func TestLDAPBreaksOff(t *testing.T) {
	t.Parallel()
	s := openSchool(t)
	whole, err := s.prove(s.settings, "anna", s.password)
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for nth := 1; nth < 40; nth++ {
		proxy := drivertest.NewProxy(t, "tcp", strings.TrimPrefix(s.server.URI, "ldap://"))
		settings := s.settings
		settings.URI = "ldap://" + proxy.Addr()
		proxy.CutReply(nth)
		got, err := s.prove(settings, "anna", s.password)
		if !proxy.WasReplyCut() {
			if err != nil {
				t.Errorf("uncut: %v", err)
			}
			break
		}
		cut++
		if err == nil && reflect.DeepEqual(got, whole) {
			continue
		}
		if app.CodeOf(err) != app.Retryable || got.Subject != "" {
			t.Errorf("cut at answer %d: %+v (%v)", nth, got, err)
		}
	}
	if cut < 4 {
		t.Errorf("the connection was cut %d times", cut)
	}
}
