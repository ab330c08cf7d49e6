// Package portal is the verbs: everything that a person or a guest can do, each one asking for a permission first and doing its
// work in one transaction. No driver is called here.
package portal

import (
	"log/slog"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/sync/semaphore"

	"allotment/app/biller"
	"allotment/app/exporter"
	"allotment/app/payment"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/app/vault"
	"allotment/catalog"
)

// Config is what the verbs need to know of the installation.
type Config struct {
	Zone       string           // the provider's DNS zone under which hosts are offered: "apps.example.org"
	Reserved   []string         // labels of that zone that nobody may order: "www", "mail"
	AppURL     string           // how a service's address is made from its host: "https://{host}"
	ReportURL  string           // where guests report: https://host:port/enrol/report
	Currency   string           // ISO 4217; the currency of the catalog's prices
	Currencies []string         // others in which is sold, too
	URL        string           // the portal's own, as people type it: "https://portal.example.org"; passkeys belong to its host
	SessionFor time.Duration    // at the latest
	Idle       store.Idle       // without a call
	StaffTwo   bool             // the operator's staff must have a second factor
	DNSMail    planner.MailSite // as DNS records name the mail system
	Mail       MailSite         // as guests reach it; without a host there is none
	Directory  DirectorySite
	OpenID     OpenIDSite
	SignIn     SignInClients    // by which other places prove who somebody is
	Exports    ExportSite       // where exports are kept
	Proxy      string           // http://host:port through which guests reach their packages; "" for directly
	Payments   OnlinePayments   // by whom invoices are collected; nil where nothing can be paid online
	VAT        VATRegister      // VIES; nil where there is none: VAT IDs then stay unchecked
	Exchange   ExchangeRegister // the European Central Bank; nil where there is none: exchange rates are then added by hand
	Now        func() time.Time // the clock; nil for the machine's
}

// MailSite is the mail system as guests reach it.
type MailSite struct {
	Host         string
	Port         int
	StartTLS     bool
	IMAPHost     string
	IMAPPort     int
	IMAPSecurity string // "tls", "starttls" or "none"
	CA           string // PEM; "" for a public authority
}

// DirectorySite is the directory as guests reach it.
type DirectorySite struct {
	URI      string
	StartTLS bool
	CA       string
}

// OpenIDSite is the OpenID provider: AuthorizeURL and LogoutURL as browsers reach it, the others as guests do. Where they are "", apps find them by
// discovery at the issuer.
type OpenIDSite struct {
	AuthorizeURL string
	LogoutURL    string
	TokenURL     string
	UserinfoURL  string
	KeysURL      string
	CA           string // PEM of the authority of the guests' addresses; "" for a public one
}

// Portal is the verbs.
type Portal struct {
	store    *store.Store
	catalog  *catalog.Catalog
	vault    *vault.Vault
	biller   *biller.Biller
	payments *payment.Engine
	cfg      Config
	hashing  *semaphore.Weighted // argon2id takes much memory: no more at once than there are cores
	now      func() time.Time
	log      *slog.Logger
	brands   brandMemory

	exporter *exporter.Exporter
	passkeys *webauthn.WebAuthn // nil where there can be none
}

// New makes the portal.
func New(st *store.Store, cat *catalog.Catalog, v *vault.Vault, cfg Config, log *slog.Logger) *Portal {
	if cfg.SessionFor == 0 {
		cfg.SessionFor = 12 * time.Hour
	}
	if cfg.Idle == (store.Idle{}) {
		cfg.Idle = store.Idle{People: 2 * time.Hour, Staff: 15 * time.Minute}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Portal{
		store: st, catalog: cat, vault: v, cfg: cfg, hashing: semaphore.NewWeighted(hashersAtOnce()), now: cfg.Now, log: log, passkeys: relyingParty(cfg.URL),
	}
	if p.cfg.Exports.Keep == 0 {
		p.cfg.Exports.Keep = 7 * 24 * time.Hour
	}
	p.exporter = exporter.New(st, "1", func() time.Time { return p.now() })
	p.biller = biller.New(st, nil, log, func() time.Time { return p.now() })
	p.payments = p.collector()
	return p
}

// Zone returns the provider's zone under which hosts are offered.
func (p *Portal) Zone() string { return p.cfg.Zone }

func (p *Portal) site() planner.Site {
	return planner.Site{Zone: p.cfg.Zone, Mail: p.cfg.Mail.Host != ""}
}

func (p *Portal) appURL(host string) string { return strings.ReplaceAll(p.cfg.AppURL, "{host}", host) }
