package program

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"allotment/views"
)

// TestSettingsAreWrittenAsTheyAre writes the example's settings, and some that look like others in YAML, and reads them again.
func TestSettingsAreWrittenAsTheyAre(t *testing.T) {
	t.Parallel()
	cfg := load(t)
	cfg.VIES.URL, cfg.Mail.RelayKey, cfg.SMTP.From, cfg.Proxmox.Secret = "", "0123", "Demo: \"Hosting\" <portal@demo.example>", "yes"
	cfg.Work.StepTime, cfg.LDAP.StartTLS, cfg.Zone.Reserved = 1500*time.Millisecond, false, []string{"on", "007"}
	cfg.demo = &views.Demo{Email: "tenant@demo.example"}
	path := filepath.Join(t.TempDir(), "settings.yaml")
	for range 2 { // what stands there is written over
		if err := cfg.Write(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.demo = nil
	if !reflect.DeepEqual(got, cfg) {
		t.Errorf("written\n%+v\nread\n%+v", cfg, got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v)", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left (%v)", len(left), err)
	}
}
