package program

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"allotment/app"
	"allotment/app/driver/postfix"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/app/vault"
	"allotment/billing/ledger"
	"allotment/catalog"
	"allotment/e2e/lab"
	"allotment/e2e/site"
	"allotment/views"
)

// DevCommand starts a whole provider on this machine: the servers, the emulated hypervisor, and the portal, with demo data.
type DevCommand struct {
	Dir       string `help:"The folder that keeps everything." default:".lab" type:"path"`
	Simulated bool   `help:"Simulate the guests even where real ones are possible."`
	Port      int    `help:"The portal's port on localhost." default:"8080"`
	Clean     bool   `help:"Drop what the folder keeps, and do nothing else."`
}

// Run runs until ctx ends. Where a database of one's own is configured, nothing but the portal is started.
func (c *DevCommand) Run(ctx context.Context, g *Global) error {
	if c.Clean {
		return lab.Clean(c.Dir)
	}
	if g.Config != "" || os.Getenv("DATABASE_URL") != "" {
		return (&ServeCommand{}).Run(ctx, g)
	}
	return c.run(ctx)
}

func (c *DevCommand) run(ctx context.Context) error {
	say := func(line string) { fmt.Println(line) }
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		return err
	}
	say("Starting PostgreSQL, PowerDNS, OpenLDAP, Postfix, Cyrus and the emulated hypervisor …")
	s, err := site.Start(ctx, site.Options{
		Dir: c.Dir, Simulated: c.Simulated, Catalog: entries, Ports: site.Ports{Web: c.Port, Edge: 8088}, Delays: true, Log: func(string) {},
	})
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // the process ends
	cfg, demo, err := Prepare(ctx, s)
	if err != nil {
		return err
	}
	cfg.demo = &views.Demo{Email: demo.Tenant, Password: demo.Password}
	log := Logger(Log{Level: "warn", Format: "text"}, os.Stderr)
	p, err := Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := demo.populate(ctx, p); err != nil {
		return err
	}
	guests, err := p.Guests()
	if err != nil {
		return err
	}
	if err := s.PutTemplates(ctx, guests, entries.Apps(), say); err != nil {
		return err
	}
	for _, note := range s.Notes {
		say("Note: " + note)
	}
	say("")
	say("Allotment is ready:   " + cfg.Web.URL)
	say("  as a tenant:        " + demo.Tenant + "   " + demo.Password)
	say("  as a reseller:      " + demo.Reseller + "   " + demo.Password)
	say("  as the operator:    " + demo.Operator + "   " + demo.Password)
	say("  payments are pretended: no money moves, and what was saved to pay with is forgotten at the next start")
	if s.Lab.Mail != nil {
		say("  mails of the portal: " + s.Lab.Mail.Outbox + "/new   (one file each, whoever they are for)")
	}
	say("  other commands:     " + os.Args[0] + " --config " + near(settingsOf(s)) + " billing run --dry-run   (and so on, while this runs)")
	say("Its data is kept in " + c.Dir + "; stop it with Ctrl-C.")
	return p.Serve(ctx, true)
}

// Demo is the demo data's accounts. They are made up, and their password is made on each new site.
type Demo struct {
	Tenant   string
	Operator string
	Reseller string
	Password string
	key      string
}

// Prepare makes the databases on a site, and the settings with which a portal runs there.
func Prepare(ctx context.Context, s *site.Site) (Config, Demo, error) {
	demo, err := openDemo(filepath.Join(s.Lab.Dir(), "demo.json"))
	if err != nil {
		return Config{}, demo, err
	}
	owner, err := s.Lab.Postgres.Database(ctx, "allotment")
	if err != nil {
		return Config{}, demo, err
	}
	if err := store.Migrate(ctx, owner); err != nil {
		return Config{}, demo, err
	}
	cfg := Defaults()
	cfg.Key, cfg.Zone.Name = demo.key, site.Zone
	cfg.Database = Database{URL: s.Lab.Postgres.URLAs("allotment_program", "allotment"), OwnerURL: owner}
	cfg.Web = Web{Listen: local(s.Ports.Web), URL: named(s.Ports.Web), Providers: []string{"127.0.0.0/8"}}
	cfg.Enrol = Enrol{
		Listen: local(s.Ports.Enrol), URL: fmt.Sprintf("https://%s:%d", s.GuestGateway(), s.Ports.Enrol), Certificate: s.Certificate,
		CertificateKey: s.CertificateKey, CA: s.CA,
	}
	cfg.OpenID = OpenID{GuestURL: cfg.Enrol.URL, GuestCA: s.CA} // guests do not reach this machine's own loopback, where browsers are
	cfg.Apps = Apps{URL: fmt.Sprintf("http://{host}:%d", s.Ports.Edge), CheckAddress: s.EdgeAddr(), PackageProxy: s.PackageProxy()}
	first, last, gateway, bits := s.Pool()
	cfg.Addresses = Addresses{First: first.String(), Last: last.String(), Gateway: gateway.String(), Bits: bits}
	cfg.Proxmox = Proxmox{
		URL: s.PVE.URL(), TokenID: s.PVE.TokenID(), Secret: s.PVE.TokenSecret(), Fingerprint: s.PVE.Fingerprint(), TemplateStorage: site.Storage,
		DiskStorage: site.Storage, ISOStorage: site.Storage, Bridge: "vmbr0", FirstNumber: 100000, LastNumber: 199999,
	}
	cfg.Exports.Folder = filepath.Join(s.Lab.Dir(), "exports")
	cfg.VIES.URL, cfg.Exchange.URL = s.VIES.URL, "" // a site for trying asks nobody outside
	cfg.Stripe.URL, cfg.Stripe.Key, cfg.Stripe.WebhookSecret, cfg.Stripe.ConnectWebhookSecret = s.Pay.URL(), s.Pay.Key, s.Pay.Secret, s.Pay.ConnectSecret
	s.Pay.Tell(cfg.Web.URL)
	cfg.PowerDNS = PowerDNS{URL: s.Lab.DNS.APIURL, APIKey: s.Lab.DNS.APIKey, ServerID: s.Lab.DNS.ServerID}
	d := s.Lab.Directory
	cfg.LDAP = LDAP{
		URI: d.URI, StartTLS: true, CA: d.CAFile, BaseDN: d.BaseDN, BindDN: d.AdminDN, BindPassword: d.AdminPassword,
		GuestURI: atGateway(s, d.URI),
	}
	if s.Lab.Mail != nil {
		if err := postfix.Migrate(ctx, s.Lab.Mail.DatabaseURL); err != nil {
			return cfg, demo, err
		}
		cfg.Mail = labMail(s)
		cfg.SMTP = SMTP{URL: "smtp://" + s.Lab.Mail.RelayAddr, From: "Demo Hosting <portal@demo.example>", CA: s.Lab.Mail.CAFile}
	}
	return cfg, demo, cfg.Write(settingsOf(s))
}

// settingsOf is the file of a site's settings, with which other commands reach it while it runs.
func settingsOf(s *site.Site) string { return filepath.Join(s.Lab.Dir(), "settings.yaml") }

func labMail(s *site.Site) Mail {
	m := s.Lab.Mail
	return Mail{
		DatabaseURL: m.DatabaseURL, RelayKey: m.RelayKey, IMAPAddress: m.IMAPAddr, IMAPAdmin: m.IMAPAdmin, IMAPPassword: m.IMAPAdminPassword,
		CA: m.CAFile, Host: "mail." + site.Zone, Port: port(m.SubmissionAddr), IMAPHost: "mail." + site.Zone, IMAPPort: port(m.IMAPAddr),
		IMAPSecurity: "starttls", GuestHost: s.GuestGateway(),
	}
}

// near is a path as seen from where we are, where that is shorter.
func near(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil && len(short) < len(path) {
		return short
	}
	return path
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// named is the portal's address for browsers on this machine: by name, since passkeys belong to names (W3C WebAuthn level 3, section 5.1.2).
func named(port int) string { return "http://" + net.JoinHostPort("localhost", strconv.Itoa(port)) }

// atGateway is a server's address as guests reach it: at their gateway, by the same port.
func atGateway(s *site.Site, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Host = net.JoinHostPort(s.GuestGateway(), u.Port())
	return u.String()
}

func port(address string) int {
	_, text, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(text)
	return n
}

// openDemo reads the demo's key and password, or makes them.
func openDemo(path string) (Demo, error) {
	demo := Demo{Tenant: "tenant@demo.example", Operator: "operator@demo.example", Reseller: "reseller@demo.example"}
	var kept struct{ Key, Password string }
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		err = json.Unmarshal(data, &kept)
	case errors.Is(err, fs.ErrNotExist):
		if kept.Key, err = vault.NewKey(); err != nil {
			return demo, err
		}
		var random [10]byte
		_, _ = rand.Read(random[:]) // never fails since Go 1.24
		kept.Password = strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
		if data, err = json.Marshal(kept); err != nil {
			return demo, err
		}
		err = os.WriteFile(path, data, 0o600)
	}
	demo.key, demo.Password = kept.Key, kept.Password
	return demo, err
}

// populate makes the operator and the demo tenant, unless they are there.
func (d Demo) populate(ctx context.Context, p *Program) error {
	_, err := p.Store.UserByEmail(ctx, d.Tenant)
	if app.CodeOf(err) != app.NotFound {
		return err
	}
	operator, err := p.Portal.CreateOperator(ctx, "Demo Hosting", portal.NewMember{Name: "Demo operator", Email: d.Operator, Password: d.Password})
	if err != nil {
		return err
	}
	if err := p.Portal.PublishPrices(ctx, operator); err != nil {
		return err
	}
	if err := p.Portal.SaveSellingTerms(ctx, operator, DemoTerms()); err != nil {
		return err
	}
	tenant, err := p.Portal.CreateCustomer(ctx, operator, "Demo Garden Club", "demo", portal.NewMember{Name: "Demo tenant", Email: d.Tenant, Password: d.Password})
	if err != nil {
		return err
	}
	if err := p.Portal.SaveBillingDetails(ctx, operator, DemoDetails(tenant.ID, "Demo Garden Club")); err != nil {
		return err
	}
	return d.populateReseller(ctx, p, operator)
}

// populateReseller makes a reseller that collects on a pretend account of its own.
func (d Demo) populateReseller(ctx context.Context, p *Program, operator app.Actor) error {
	made, err := p.Portal.CreateOrganization(ctx, operator, portal.NewOrganization{
		Kind: app.Reseller, Name: "Demo Reseller", Slug: "demo-reseller", Owner: portal.NewMember{Name: "Demo reseller", Email: d.Reseller, Password: d.Password},
	})
	if err != nil {
		return err
	}
	details := DemoDetails(made.ID, "Demo Reseller")
	if err := p.Portal.SaveBillingDetails(ctx, operator, details); err != nil {
		return err
	}
	owner := app.Actor{Name: "Demo reseller", Organization: made.ID, OrganizationName: made.Name, Kind: app.Reseller, Role: app.RoleResellerOwner, Language: "en"}
	terms := DemoTerms()
	terms.Party.Name, terms.Party.Email, terms.Party.VATID, terms.Party.LegalID, terms.Prefix = "Demo Reseller", d.Reseller, "NL987654321B01", "87654321", "RESELL"
	if err := p.Portal.SaveSellingTerms(ctx, owner, terms); err != nil {
		return err
	}
	return p.Portal.ConnectPayments(ctx, owner, "acct_demoreseller")
}

// DemoDetails are a demo customer's billing details.
func DemoDetails(organization app.ID, name string) portal.DetailsRequest {
	return portal.DetailsRequest{
		Organization: organization, Business: true, Name: name, Street: "Example Lane 2", PostCode: "5678 CD", City: "Demo Town", Country: "NL", Language: "en",
	}
}

// DemoTerms are how the demo's operator sells: to the Netherlands at home, to others through the one-stop shop.
func DemoTerms() portal.TermsRequest {
	return portal.TermsRequest{
		Party: portal.DetailsRequest{
			Name: "Demo Hosting", Street: "Example Street 1", PostCode: "1234 AB", City: "Demo City", Country: "NL", Email: "billing@demo.example", Language: "en",
			VATID: "NL123456789B01", LegalID: "12345678",
		},
		OSS: true, ExportAs: "O", HoldUnchecked: true, RecheckDays: 365, IBAN: "NL91 ABNA 0417 1643 00", Zone: "Europe/Amsterdam", Prefix: "DEMO", DueDays: 14,
		Dunning: ledger.Policy{First: 3, Warn: 7, Hold: 7, Grace: 14, End: 30},
	}
}
