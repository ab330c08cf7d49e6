package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPackagesCoverWhatIsRun(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range Packages() {
		names = append(names, p.Name)
	}
	for _, want := range []string{"postgresql", "pdns-server", "slapd", "postfix", "cyrus-imapd", "sasl2-bin", "libsasl2-modules-sql"} {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+want+" ") {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	var o Options
	for _, s := range servers(&o) {
		if len(needs()[s.what]) == 0 {
			t.Errorf("%s needs no package, it seems", s.what)
		}
	}
}

func TestAbsentPackagesAreNamed(t *testing.T) {
	t.Parallel()
	there := filepath.Join(t.TempDir(), "there-7")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := absent([]Package{{"one", strings.TrimSuffix(there, "7") + "*"}, {"two", there + "/not"}})
	if len(got) != 1 || got[0].Name != "two" {
		t.Errorf("absent are %v, want two alone", got)
	}
}

func TestWhatCannotRunIsSaidWithItsRemedy(t *testing.T) {
	t.Parallel()
	l := &Lab{log: func(string) {}} // makes no namespaces, like one without root
	o := l.withoutUnavailable(Options{Mail: true})
	if o.Mail || len(l.Unavailable) != 1 {
		t.Fatalf("mail would start: %v; unavailable: %v", o.Mail, l.Unavailable)
	}
	if m := l.Unavailable[0]; m.Why == "" || m.Enable == "" || !strings.Contains(m.String(), "mail") {
		t.Errorf("unclear: %q", m)
	}
}
