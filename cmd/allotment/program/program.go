package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"allotment/app/driver/ldap"
	"allotment/app/driver/postfix"
	"allotment/app/driver/powerdns"
	"allotment/app/driver/proxmox"
	"allotment/app/driver/signin"
	"allotment/app/folder"
	"allotment/app/planner"
	"allotment/app/portal"
	"allotment/app/provision"
	"allotment/app/store"
	"allotment/app/vault"
	"allotment/catalog"
)

// Program is the parts, joined.
type Program struct {
	Config  Config
	Log     *slog.Logger
	Store   *store.Store
	Catalog *catalog.Catalog
	Vault   *vault.Vault
	Portal  *portal.Portal

	// OnEngine, where set, is given the engine before it works. Tests end the process at one of its steps.
	OnEngine func(*provision.Engine)
}

// Logger makes the program's log.
func Logger(c Log, out io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // Check has refused all others
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// Open joins the parts that every command needs. Close must be called.
func Open(ctx context.Context, c Config, log *slog.Logger) (*Program, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("the configuration:\n%w", err)
	}
	key, err := vault.Open(c.Key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	st, err := store.Open(ctx, store.Config{URL: c.Database.URL, MaxConns: c.Database.Connections})
	if err != nil {
		return nil, err
	}
	current, err := st.Current(ctx)
	if err != nil || !current {
		st.Close()
		return nil, errors.Join(errors.New("the database does not have this version's schema: run 'allotment migrate' first"), err)
	}
	cfg, err := c.portal()
	if err != nil {
		st.Close()
		return nil, err
	}
	return &Program{Config: c, Log: log, Store: st, Catalog: entries, Vault: key, Portal: portal.New(st, entries, key, cfg, log)}, nil
}

// Close ends the database connections.
func (p *Program) Close() { p.Store.Close() }

func (c Config) portal() (portal.Config, error) {
	mailCA, err1 := pem("mail.ca", c.Mail.CA)
	directoryCA, err2 := pem("ldap.ca", c.LDAP.CA)
	provider, err3 := c.openID()
	near, err4 := c.providerNetworks()
	payments, err5 := c.Stripe.payments()
	register, err6 := c.vatRegister()
	rates, err7 := c.exchangeRegister()
	guest := func(own, public string) string {
		if own != "" && public != "" {
			return own
		}
		return public
	}
	return portal.Config{
		Zone: c.Zone.Name, Reserved: c.Zone.Reserved, URL: c.Web.URL, AppURL: c.Apps.URL, ReportURL: c.Enrol.URL + "/enrol/report", Currency: c.Currency, Currencies: c.Currencies,
		SessionFor: c.Sessions.Longest, Idle: store.Idle{People: c.Sessions.Idle, Staff: c.Sessions.StaffIdle}, StaffTwo: c.Sessions.StaffFactor,
		DNSMail: c.mailSite(),
		Mail: portal.MailSite{
			Host: guest(c.Mail.GuestHost, c.Mail.Host), Port: c.Mail.Port, StartTLS: true, IMAPHost: guest(c.Mail.GuestHost, c.Mail.IMAPHost),
			IMAPPort: c.Mail.IMAPPort, IMAPSecurity: c.Mail.IMAPSecurity, CA: mailCA,
		},
		Directory: portal.DirectorySite{URI: guest(c.LDAP.GuestURI, c.LDAP.URI), StartTLS: c.LDAP.StartTLS, CA: directoryCA},
		OpenID:    provider,
		SignIn:    portal.SignInClients{OpenID: signin.NewOpenID(near, time.Now), LDAP: signin.NewLDAP(near)},
		Exports:   c.exports(),
		Payments:  payments,
		Proxy:     c.Apps.PackageProxy,
		VAT:       register,
		Exchange:  rates,
	}, errors.Join(err1, err2, err3, err4, err5, err6, err7)
}

// exports is where exports are kept; without a folder there is no place for any.
func (c Config) exports() portal.ExportSite {
	if c.Exports.Folder == "" {
		return portal.ExportSite{}
	}
	return portal.ExportSite{Files: folder.Open(c.Exports.Folder), Keep: c.Exports.Keep}
}

func (c Config) mailSite() planner.MailSite {
	return planner.MailSite{Host: c.Mail.Host, Port: c.Mail.Port, IMAPHost: c.Mail.IMAPHost, IMAPPort: c.Mail.IMAPPort}
}

// pem reads a file of certificates; "" stays "".
func pem(name, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(data), nil
}

// Engine joins the drivers into the engine.
func (p *Program) Engine() (*provision.Engine, error) {
	c := p.Config
	drivers, err := p.drivers()
	if err != nil {
		return nil, err
	}
	pool, err := c.pool()
	if err != nil {
		return nil, err
	}
	ca, err := pem("enrol.ca", c.Enrol.CA)
	if err != nil {
		return nil, err
	}
	return provision.New(p.Store, p.Catalog, p.Vault, drivers, provision.Config{
		Addresses: pool, Mail: c.mailSite(), EnrolURL: c.Enrol.URL, EnrolCA: ca, EnrolFor: c.Work.EnrolFor, CheckDial: c.Apps.CheckAddress,
		StepTime: c.Work.StepTime, BackoffMax: c.Work.LongestGap,
	}, p.Log), nil
}

func (p *Program) drivers() (provision.Drivers, error) {
	guests, err1 := p.Guests()
	records, err2 := powerdns.New(powerdns.Config{
		URL: p.Config.PowerDNS.URL, APIKey: p.Config.PowerDNS.APIKey, ServerID: p.Config.PowerDNS.ServerID, Zones: []string{p.Config.Zone.Name},
	})
	mail, err3 := p.mail()
	directory, err4 := p.directory()
	clients, err5 := p.clients()
	return provision.Drivers{Guests: guests, Records: records, Mail: mail, Directory: directory, Clients: clients},
		errors.Join(err1, err2, err3, err4, err5)
}

// Guests is the driver of the hypervisor; 'allotment template build' uploads through it.
func (p *Program) Guests() (*proxmox.Driver, error) {
	c := p.Config.Proxmox
	ca, err := pem("proxmox.ca", c.CA)
	if err != nil {
		return nil, err
	}
	return proxmox.New(proxmox.Config{
		URL: c.URL, TokenID: c.TokenID, Secret: c.Secret, CA: ca, Fingerprint: c.Fingerprint, Pool: c.Pool, TemplateStorage: c.TemplateStorage,
		DiskStorage: c.DiskStorage, ISOStorage: c.ISOStorage, Bridge: c.Bridge, Nodes: c.Nodes, MinNumber: c.FirstNumber, MaxNumber: c.LastNumber,
	}, alarmedClaims{store.GuestClaims{Store: p.Store, First: c.FirstNumber, Last: c.LastNumber}, p.Log})
}

func (p *Program) mail() (provision.Mail, error) {
	c := p.Config.Mail
	if c.DatabaseURL == "" {
		return noMail{}, nil
	}
	ca, err := pem("mail.ca", c.CA)
	if err != nil {
		return nil, err
	}
	return postfix.New(postfix.Config{
		DatabaseURL: c.DatabaseURL, RelayKey: c.RelayKey, IMAPAddr: c.IMAPAddress, IMAPAdmin: c.IMAPAdmin, IMAPPassword: c.IMAPPassword, IMAPCA: ca,
	})
}

func (p *Program) directory() (*ldap.Driver, error) {
	c := p.Config.LDAP
	ca, err := pem("ldap.ca", c.CA)
	if err != nil {
		return nil, err
	}
	return ldap.New(ldap.Config{URI: c.URI, BaseDN: c.BaseDN, BindDN: c.BindDN, BindPassword: c.BindPassword, CA: ca, StartTLS: c.StartTLS})
}
