// Package program is the configuration and the wiring of the parts into one program. It holds no logic of its own.
package program

import (
	"time"

	"allotment/views"
)

// Config is every setting. config.example.yaml beside the README explains each one.
type Config struct {
	Web        Web       `koanf:"web"`
	Enrol      Enrol     `koanf:"enrol"`
	Database   Database  `koanf:"database"`
	Key        string    `koanf:"key"`
	Currency   string    `koanf:"currency"`
	Currencies []string  `koanf:"currencies"`
	Zone       Zone      `koanf:"zone"`
	Apps       Apps      `koanf:"apps"`
	Addresses  Addresses `koanf:"addresses"`
	Proxmox    Proxmox   `koanf:"proxmox"`
	PowerDNS   PowerDNS  `koanf:"powerdns"`
	LDAP       LDAP      `koanf:"ldap"`
	Mail       Mail      `koanf:"mail"`
	OpenID     OpenID    `koanf:"openid"`
	SMTP       SMTP      `koanf:"smtp"`
	Stripe     Stripe    `koanf:"stripe"`
	VIES       VIES      `koanf:"vies"`
	Exchange   Exchange  `koanf:"exchange"`
	Sessions   Sessions  `koanf:"sessions"`
	Work       Work      `koanf:"work"`
	Exports    Exports   `koanf:"exports"`
	Log        Log       `koanf:"log"`

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

// Exchange is where the exchange rates of the euro are read.
type Exchange struct {
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
