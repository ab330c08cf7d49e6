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

	"allotment/app/driver/ecb"
	"allotment/app/driver/vies"
)

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
		Exchange: Exchange{URL: ecb.Address, Limit: 15 * time.Second},
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
