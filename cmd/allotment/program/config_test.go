package program

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"allotment/app/vault"
)

const example = "../../../config.example.yaml"

// load reads the example with a real key and certificates that need not exist, and lets change spoil it.
func load(t *testing.T, environ ...string) Config {
	t.Helper()
	key, err := vault.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(example, append([]string{"ALLOTMENT_KEY=" + key}, environ...))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestExampleIsAccepted(t *testing.T) {
	t.Parallel()
	if err := load(t).Check(); err != nil {
		t.Error(err)
	}
}

func TestExampleHasEverySetting(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(prefix string, kind reflect.Type, tree map[string]any)
	walk = func(prefix string, kind reflect.Type, tree map[string]any) {
		for i := range kind.NumField() {
			field := kind.Field(i)
			name := field.Tag.Get("koanf")
			if name == "" {
				continue
			}
			value, ok := tree[name]
			if !ok {
				t.Errorf("%s is not in the example", prefix+name)
			} else if below, ok := value.(map[string]any); ok {
				walk(prefix+name+".", field.Type, below)
			}
		}
	}
	walk("", reflect.TypeFor[Config](), tree)
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ set, names string }{
		{"ALLOTMENT_WEB__LISTEN=8080", "web.listen"},
		{"ALLOTMENT_WEB__URL=portal", "web.url"},
		{"ALLOTMENT_WEB__TRUSTED_PROXIES=everyone", "web.trusted_proxies"},
		{"ALLOTMENT_WEB__PROVIDER_NETWORKS=here", "web.provider_networks"},
		{"ALLOTMENT_ENROL__URL=http://enrol.example.org", "enrol.url"},
		{"ALLOTMENT_KEY=secret", "key"},
		{"ALLOTMENT_CURRENCY=Euro", "currency"},
		{"ALLOTMENT_CURRENCIES=CHF,Franc", "currencies"},
		{"ALLOTMENT_CURRENCIES=CHF,EUR", "currencies"},
		{"ALLOTMENT_ZONE__NAME=Apps.Example.org.", "zone.name"},
		{"ALLOTMENT_APPS__URL=https://apps", "apps.url"},
		{"ALLOTMENT_ADDRESSES__FIRST=home", "addresses.first"},
		{"ALLOTMENT_ADDRESSES__LAST=198.51.100.1", "addresses.first"},
		{"ALLOTMENT_ADDRESSES__GATEWAY=203.0.113.20", "addresses.gateway"},
		{"ALLOTMENT_PROXMOX__FIRST_NUMBER=5", "proxmox.first_number"},
		{"ALLOTMENT_MAIL__IMAP_SECURITY=maybe", "mail.imap_security"},
		{"ALLOTMENT_SMTP__URL=mail.example.org", "smtp.url"},
		{"ALLOTMENT_SMTP__URL=smtp+plain://mail.example.org", "smtp.url"},
		{"ALLOTMENT_SMTP__FROM=portal", "smtp.from"},
		{"ALLOTMENT_WORK__STEPS=0", "work.steps"},
		{"ALLOTMENT_EXCHANGE__LIMIT=2m", "exchange.limit"},
		{"ALLOTMENT_EXCHANGE__URL=www.ecb.europa.eu", "exchange.url"},
		{"ALLOTMENT_SESSIONS__IDLE=1m", "sessions.idle"},
		{"ALLOTMENT_SESSIONS__STAFF_IDLE=25h", "sessions.staff_idle"},
		{"ALLOTMENT_SESSIONS__LONGEST=1h", "sessions.longest"},
		{"ALLOTMENT_LOG__LEVEL=loud", "log.level"},
	} {
		if err := load(t, c.set).Check(); err == nil || !strings.Contains(err.Error(), c.names+":") {
			t.Errorf("%s: %v, want a message that names %s", c.set, err, c.names)
		}
	}
	for set, word := range map[string]string{
		"ALLOTMENT_WEB__LISTNE=1":        "listne",
		"ALLOTMENT_WORK__STEP_TIME=soon": "step_time",
	} {
		if _, err := Load(example, []string{set}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v, want a message with %q", set, err, word)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load("", []string{"ALLOTMENT_POWERDNS__API_KEY_FILE=" + path, "DATABASE_URL=postgres://elsewhere/x"})
	if err != nil || cfg.PowerDNS.APIKey != "from a file" || cfg.Database.URL != "postgres://elsewhere/x" {
		t.Errorf("api key %q, database %q (%v)", cfg.PowerDNS.APIKey, cfg.Database.URL, err)
	}
	if _, err := Load("", []string{"ALLOTMENT_KEY_FILE=/nowhere"}); err == nil || !strings.Contains(err.Error(), "key_file") {
		t.Errorf("a missing secret file: %v", err)
	}
}
