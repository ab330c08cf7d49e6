// Package program is the configuration and the wiring of the parts into one program. It holds no logic of its own.
package program

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"allotment/app/driver/vies"
	"allotment/views"
)

// Config is every setting. config.example.yaml beside the README explains each one.
type Config struct {
	Web       Web       `koanf:"web"`
	Enrol     Enrol     `koanf:"enrol"`
	Database  Database  `koanf:"database"`
	Key       string    `koanf:"key"`
	Currency  string    `koanf:"currency"`
	Zone      Zone      `koanf:"zone"`
	Apps      Apps      `koanf:"apps"`
	Addresses Addresses `koanf:"addresses"`
	Proxmox   Proxmox   `koanf:"proxmox"`
	PowerDNS  PowerDNS  `koanf:"powerdns"`
	LDAP      LDAP      `koanf:"ldap"`
	Mail      Mail      `koanf:"mail"`
	OpenID    OpenID    `koanf:"openid"`
	SMTP      SMTP      `koanf:"smtp"`
	Stripe    Stripe    `koanf:"stripe"`
	VIES      VIES      `koanf:"vies"`
	Sessions  Sessions  `koanf:"sessions"`
	Work      Work      `koanf:"work"`
	Exports   Exports   `koanf:"exports"`
	Log       Log       `koanf:"log"`

	demo *views.Demo // the account that the sign-in page of 'allotment dev' shows
}

// Web is where people reach the portal.
type Web struct {
	Listen         string   `koanf:"listen"`
	URL            string   `koanf:"url"`
	AdminListen    string   `koanf:"admin_listen"`
	TrustedProxies []string `koanf:"trusted_proxies"`
	Providers      []string `koanf:"provider_networks"`
	Certificate    string   `koanf:"certificate"`
	CertificateKey string   `koanf:"certificate_key"`
}

// Enrol is where guests reach the portal at their first boot, over TLS.
type Enrol struct {
	Listen         string `koanf:"listen"`
	URL            string `koanf:"url"`
	Certificate    string `koanf:"certificate"`
	CertificateKey string `koanf:"certificate_key"`
	CA             string `koanf:"ca"`
}

// Database is PostgreSQL.
type Database struct {
	URL         string `koanf:"url"`
	OwnerURL    string `koanf:"owner_url"`
	Connections int32  `koanf:"connections"`
}

// Zone is the provider's DNS zone under which hosts are offered.
type Zone struct {
	Name     string   `koanf:"name"`
	Reserved []string `koanf:"reserved"`
}

// Apps is how the tenants' apps are reached and set up.
type Apps struct {
	URL          string `koanf:"url"`
	CheckAddress string `koanf:"check_address"`
	PackageProxy string `koanf:"package_proxy"`
}

// Addresses is the pool that guests get theirs from.
type Addresses struct {
	First      string `koanf:"first"`
	Last       string `koanf:"last"`
	Bits       int    `koanf:"bits"`
	Gateway    string `koanf:"gateway"`
	Nameserver string `koanf:"nameserver"`
}

// Proxmox is the cluster.
type Proxmox struct {
	URL             string   `koanf:"url"`
	TokenID         string   `koanf:"token_id"`
	Secret          string   `koanf:"secret"`
	CA              string   `koanf:"ca"`
	Fingerprint     string   `koanf:"fingerprint"`
	Pool            string   `koanf:"pool"`
	TemplateStorage string   `koanf:"template_storage"`
	DiskStorage     string   `koanf:"disk_storage"`
	ISOStorage      string   `koanf:"iso_storage"`
	Bridge          string   `koanf:"bridge"`
	Nodes           []string `koanf:"nodes"`
	FirstNumber     int      `koanf:"first_number"`
	LastNumber      int      `koanf:"last_number"`
}

// PowerDNS is the name server's API.
type PowerDNS struct {
	URL      string `koanf:"url"`
	APIKey   string `koanf:"api_key"`
	ServerID string `koanf:"server_id"`
}

// LDAP is the identity directory.
type LDAP struct {
	URI          string `koanf:"uri"`
	StartTLS     bool   `koanf:"starttls"`
	CA           string `koanf:"ca"`
	BaseDN       string `koanf:"base_dn"`
	BindDN       string `koanf:"bind_dn"`
	BindPassword string `koanf:"bind_password"`
	GuestURI     string `koanf:"guest_uri"`
}

// Mail is Postfix with Cyrus IMAP.
type Mail struct {
	DatabaseURL  string `koanf:"database_url"`
	RelayKey     string `koanf:"relay_key"`
	IMAPAddress  string `koanf:"imap_address"`
	IMAPAdmin    string `koanf:"imap_admin"`
	IMAPPassword string `koanf:"imap_password"`
	CA           string `koanf:"ca"`
	Host         string `koanf:"host"`
	Port         int    `koanf:"port"`
	IMAPHost     string `koanf:"imap_host"`
	IMAPPort     int    `koanf:"imap_port"`
	IMAPSecurity string `koanf:"imap_security"`
	GuestHost    string `koanf:"guest_host"`
}

// VIES is where VAT IDs are checked.
type VIES struct {
	URL   string        `koanf:"url"`
	Limit time.Duration `koanf:"limit"`
}

// SMTP is the mail server that takes the portal's own mail.
type SMTP struct {
	URL  string `koanf:"url"`
	From string `koanf:"from"`
	CA   string `koanf:"ca"`
}

// Stripe is the payment provider. Without a key nothing can be paid online.
type Stripe struct {
	Key                  string        `koanf:"key"`
	WebhookSecret        string        `koanf:"webhook_secret"`
	ConnectWebhookSecret string        `koanf:"connect_webhook_secret"`
	URL                  string        `koanf:"url"`
	Timeout              time.Duration `koanf:"timeout"`
}

// OpenID is where the tenants' apps send people to sign in: the portal itself, or a Hydra of the operator's.
type OpenID struct {
	GuestURL    string `koanf:"guest_url"`
	GuestCA     string `koanf:"guest_ca"`
	HydraURL    string `koanf:"hydra_url"`
	HydraIssuer string `koanf:"hydra_issuer"`
	HydraToken  string `koanf:"hydra_token"`
	HydraCA     string `koanf:"hydra_ca"`
}

// Sessions is how long people stay signed in, and what the operator's staff must have.
type Sessions struct {
	Idle        time.Duration `koanf:"idle"`
	StaffIdle   time.Duration `koanf:"staff_idle"`
	Longest     time.Duration `koanf:"longest"`
	StaffFactor bool          `koanf:"staff_second_factor"`
}

// Work is how much one process takes on.
type Work struct {
	Steps      int           `koanf:"steps"`
	StepTime   time.Duration `koanf:"step_time"`
	EnrolFor   time.Duration `koanf:"enrol_for"`
	LongestGap time.Duration `koanf:"longest_pause"`
}

// Exports is where files of the books are kept, and for how long.
type Exports struct {
	Folder string        `koanf:"folder"`
	Keep   time.Duration `koanf:"keep"`
}

// Log is the program's log.
type Log struct {
	Level  string `koanf:"level"`
	Format string `koanf:"format"`
}

// Defaults are the settings of an installation that says nothing.
func Defaults() Config {
	return Config{
		Web: Web{Listen: "127.0.0.1:8080"}, Enrol: Enrol{Listen: "127.0.0.1:8443"}, Currency: "EUR",
		Zone: Zone{Reserved: []string{"www", "mail", "imap", "smtp", "ns1", "ns2", "portal", "autoconfig", "autodiscover"}},
		Apps: Apps{URL: "https://{host}"}, Addresses: Addresses{Bits: 24},
		Proxmox:  Proxmox{TemplateStorage: "local", DiskStorage: "local-lvm", Bridge: "vmbr0", FirstNumber: 100000, LastNumber: 199999},
		PowerDNS: PowerDNS{ServerID: "localhost"}, LDAP: LDAP{StartTLS: true},
		Mail:     Mail{Port: 587, IMAPPort: 143, IMAPSecurity: "starttls"},
		Stripe:   Stripe{Timeout: 20 * time.Second},
		VIES:     VIES{URL: vies.Address, Limit: 15 * time.Second},
		Sessions: Sessions{Idle: 2 * time.Hour, StaffIdle: 15 * time.Minute, Longest: 12 * time.Hour},
		Work:     Work{Steps: 20, StepTime: 30 * time.Second, EnrolFor: 30 * time.Minute, LongestGap: 30 * time.Second},
		Exports:  Exports{Folder: "/var/lib/allotment/exports", Keep: 7 * 24 * time.Hour},
		Log:      Log{Level: "info", Format: "text"},
	}
}

// Load reads the settings: defaults, then the file (where one is named), then the environment. A setting named web.listen is
// ALLOTMENT_WEB__LISTEN there; DATABASE_URL is database.url. An unknown setting is refused.
func Load(path string, environ []string) (Config, error) {
	k := koanf.New(".")
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	err := k.Load(env.Provider(".", env.Opt{
		Prefix: "ALLOTMENT_", EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "ALLOTMENT_")), "__", "."), value
		},
	}), nil)
	if err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	for _, line := range environ {
		if url, ok := strings.CutPrefix(line, "DATABASE_URL="); ok && url != "" && !k.Exists("database.url") {
			_ = k.Set("database.url", url) // never fails for a string
		}
	}
	if err := readSecretFiles(k); err != nil {
		return Config{}, err
	}
	cfg := Defaults()
	if err := k.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{DecoderConfig: decoder(&cfg)}); err != nil {
		return Config{}, readable(err)
	}
	return cfg, nil
}

func decoder(into *Config) *mapstructure.DecoderConfig {
	return &mapstructure.DecoderConfig{
		Result: into, TagName: "koanf", WeaklyTypedInput: true, ErrorUnused: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	}
}

// readable takes the library's own framing off an error.
func readable(err error) error {
	text := err.Error()
	if _, after, ok := strings.Cut(text, "has invalid keys: "); ok {
		return fmt.Errorf("there is no setting called %s: see config.example.yaml for all there are", strings.Fields(after)[0])
	}
	return errors.New(text)
}

// secretSettings may be given as NAME_file, the path of a file that holds the value.
var secretSettings = []string{
	"key", "database.url", "database.owner_url", "proxmox.secret", "powerdns.api_key", "ldap.bind_password", "mail.database_url",
	"mail.relay_key", "mail.imap_password", "openid.hydra_token", "smtp.url", "stripe.key", "stripe.webhook_secret",
	"stripe.connect_webhook_secret",
}

func readSecretFiles(k *koanf.Koanf) error {
	for _, name := range secretSettings {
		path := k.String(name + "_file")
		if path == "" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s_file: %w", name, err)
		}
		if err := k.Set(name, strings.TrimSpace(string(data))); err != nil {
			return fmt.Errorf("%s_file: %w", name, err)
		}
		k.Delete(name + "_file")
	}
	return nil
}

func address(name, value string, optional bool) (netip.Addr, error) {
	if value == "" && optional {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(value)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s: %q is not an IP address like 192.0.2.10", name, value)
	}
	return a, nil
}
