package lab

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

func TestMailFromOnePersonToAnother(t *testing.T) {
	t.Parallel()
	l := mailLab(t)
	domain := fresh("people") + ".test"
	anna, bert := person(t, l, "anna", domain), person(t, l, "bert", domain)
	team := "team@" + domain
	execSQL(t, l.Mail.DatabaseURL, "INSERT INTO postfix_aliases VALUES ('"+team+"', '"+bert+"'), ('"+team+"', '"+anna+"')")
	wantCode(t, "to a colleague", submit(t, l, anna, "pw-anna", anna, bert, "one"), 0)
	wantCode(t, "to an alias", submit(t, l, anna, "pw-anna", anna, team, "two"), 0)
	wantCode(t, "to nobody", submit(t, l, anna, "pw-anna", anna, "ghost@"+domain, "three"), 550)
	wantCode(t, "as somebody else", submit(t, l, anna, "pw-anna", bert, anna, "four"), 553)

	c, err := imapLogin(t, l, bert, "pw-bert")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, c, 2)
	boxes, err := c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, b := range boxes {
		names[b.Mailbox] = true
	}
	for _, want := range []string{"INBOX", "Drafts", "Sent", "Trash", "Junk"} {
		if !names[want] {
			t.Errorf("the mailbox %s is missing of %v", want, names)
		}
	}
	if _, err := imapLogin(t, l, bert, "pw-anna"); err == nil {
		t.Error("IMAP let bert in with another's password")
	}
}

func TestWrongPasswordIs535(t *testing.T) {
	t.Parallel()
	l := mailLab(t)
	domain := fresh("wrong") + ".test"
	cora := person(t, l, "cora", domain)
	login := fresh("relay")
	relay(t, l, login, "right", domain)
	for name, password := range map[string]string{cora: "nonsense", login: "nonsense", "relay-none": "right", "x' OR 'a'='a": "right"} {
		wantCode(t, name, submit(t, l, name, password, cora, cora, "no"), 535)
	}
}

func TestRelaySendsAsItsOwnDomainOnly(t *testing.T) {
	t.Parallel()
	l := mailLab(t)
	domain := fresh("relay") + ".test"
	dora := person(t, l, "dora", domain)
	other := person(t, l, "emil", fresh("other")+".test")
	login, world := fresh("relay"), fresh("someone")+"@example.com"
	relay(t, l, login, "secret-1", domain)
	wantCode(t, "as its domain, to the world", submit(t, l, login, "secret-1", "app@"+domain, world, "out"), 0)
	wantCode(t, "as a person of its domain", submit(t, l, login, "secret-1", dora, dora, "in"), 0)
	wantCode(t, "as another domain", submit(t, l, login, "secret-1", other, dora, "no"), 553)
	wantCode(t, "as an unknown domain", submit(t, l, login, "secret-1", "a@nowhere.test", dora, "no"), 553)
	wantCode(t, "with a domain put behind the login", submit(t, l, login+"@"+strings.Split(other, "@")[1], "secret-1", other, dora, "no"), 553)

	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		sent, err := l.Mail.Sent(world)
		if err != nil {
			t.Fatal(err)
		}
		if len(sent) == 1 && strings.Contains(string(sent[0]), "Subject: out") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the outbox holds %d messages to %s, want 1", len(sent), world)
		}
	}
	c, err := imapLogin(t, l, dora, "pw-dora")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, c, 1)
}

func TestSMTPTakesMailForItsDomainsOnly(t *testing.T) {
	t.Parallel()
	l := mailLab(t)
	domain := fresh("inbound") + ".test"
	fred := person(t, l, "fred", domain)
	for to, code := range map[string]int{fred: 0, "ghost@" + domain: 550, "someone@example.com": 554} {
		c, err := smtp.Dial(l.Mail.SMTPAddr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		wantCode(t, "to "+to, c.SendMail("stranger@example.com", []string{to}, message("stranger@example.com", to, "in")), code)
	}
}

func TestSubmissionAsksForEncryption(t *testing.T) {
	t.Parallel()
	c, err := smtp.Dial(mailLab(t).Mail.SubmissionAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("client.test"); err != nil {
		t.Fatal(err)
	}
	if ok, _ := c.Extension("AUTH"); ok {
		t.Error("AUTH is offered in the clear")
	}
	wantCode(t, "in the clear", c.Mail("a@b.test", nil), 530)
}

func TestIMAPAdminSetsAQuota(t *testing.T) {
	t.Parallel()
	l := mailLab(t)
	c, err := imapLogin(t, l, l.Mail.IMAPAdmin, l.Mail.IMAPAdminPassword)
	if err != nil {
		t.Fatal(err)
	}
	box := "user/gina@" + fresh("quota") + ".test"
	if err := c.Create(box, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.SetQuota(box, map[imap.QuotaResourceType]int64{imap.QuotaResourceStorage: 2048}).Wait(); err != nil {
		t.Fatal(err)
	}
	q, err := c.GetQuota(box).Wait()
	if err != nil || q.Resources[imap.QuotaResourceStorage].Limit != 2048 {
		t.Errorf("the quota is %+v (%v), want 2048 KiB", q, err)
	}
}

func TestMailReaderSeesTheViewsOnly(t *testing.T) {
	t.Parallel()
	l := mailLab(t)
	reader := l.Postgres.URLAs("mail_reader", "mail")
	if n := queryInt(t, reader, "SELECT count(*)::int FROM postfix_domains"); n < 0 {
		t.Error("mail_reader cannot count domains")
	}
	for what, query := range map[string]string{
		"a table of the driver": "SELECT count(*)::int FROM hidden",
		"a table of its own":    "CREATE TABLE mine (n int)",
		"a change":              "DELETE FROM postfix_domains",
	} {
		if err := tryQuery(t, reader, query); err == nil {
			t.Errorf("mail_reader was allowed %s", what)
		}
	}
	if err := tryQuery(t, l.Postgres.URLAs("mail_reader", "mail"), "SELECT 1"); err != nil {
		t.Errorf("mail_reader cannot even connect: %v", err)
	}
}

func TestMailSurvivesARestart(t *testing.T) {
	t.Parallel()
	T(t, Options{}.All()) // skips where mail cannot run
	dir, err := os.MkdirTemp("", "lab-mail-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	first, err := Start(t.Context(), Options{Dir: dir}.All())
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, first.Mail.DatabaseURL, mailViews...)
	hugo := person(t, first, "hugo", "restart.test")
	relay(t, first, "relay-restart", "secret", "restart.test")
	wantCode(t, "to himself", submit(t, first, hugo, "pw-hugo", hugo, hugo, "kept"), 0)
	c, err := imapLogin(t, first, hugo, "pw-hugo")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, c, 1)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second, err := Start(t.Context(), Options{Dir: dir}.All())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	wantCode(t, "by the relay", submit(t, second, "relay-restart", "secret", "app@restart.test", hugo, "more"), 0)
	if c, err = imapLogin(t, second, hugo, "pw-hugo"); err != nil {
		t.Fatal(err)
	}
	eventually(t, c, 2)
}
