package lxc_test

import (
	"strings"
	"testing"
	"time"

	"allotment/app/template"
)

func TestGuestEnrolsAndReports(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, r, `
echo ":: Reading the order"
test "$(allotment-guest get .domain)" = example.org
echo "a secret for the log only"
echo ":: Nearly there"
`)
	g := guest(t, 101)
	g.Env = p.env()
	create(t, r, g, archive)
	start(t, r, g)
	p.wait(t, r, g)
	want := `[{"line":"Reading the order"},{"line":"Nearly there"},{"done":true}]`
	if got := p.said(); got != want {
		t.Errorf("reports are %s, want %s", got, want)
	}
	// The address is used once: neither cloud-init nor a second boot asks again.
	stop(t, r, g)
	start(t, r, g)
	booted(t, r, g)
	if p.fetches() != 1 {
		t.Errorf("the configuration was fetched %d times, want once", p.fetches())
	}
	if got := inGuest(t, r, g, "stat -c %a /etc/allotment/order.json /etc/allotment/setup.sh /var/log/allotment-setup.log"); got != "600\n600\n600" {
		t.Errorf("modes of the secret files are %q, want 600 for each", got)
	}
	if got := inGuest(t, r, g, "grep -c secret /var/log/allotment-setup.log; systemctl --failed --no-legend"); got != "1" {
		t.Errorf("log and failed units: %q", got)
	}
}

func TestSetupThatFails(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, r, "echo ':: Step one'\necho why\n(exit 7)\necho ':: never'\n")
	g := guest(t, 102)
	g.Env = p.env()
	create(t, r, g, archive)
	start(t, r, g)
	p.wait(t, r, g)
	want := `[{"line":"Step one"},{"exit":7,"failed":true,"step":"Step one",` +
		`"tail":[":: Step one","why","setup.sh: line 3: exit 7: ( exit 7 )"]}]`
	if got := p.said(); got != want {
		t.Errorf("reports are %s, want %s", got, want)
	}
}

func TestEnrolmentBySSHKey(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, r, "echo ':: Hello'\n")
	g := guest(t, 103)
	comment, err := template.KeyComment(p.url, p.der)
	if err != nil {
		t.Fatal(err)
	}
	g.SSHKeys = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample admin\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample " + comment
	create(t, r, g, archive)
	start(t, r, g)
	p.wait(t, r, g)
	if got := inGuest(t, r, g, "cat /root/.ssh/authorized_keys"); !strings.HasSuffix(got, " admin") || strings.Contains(got, "enrol") {
		t.Errorf("authorized_keys is %q, want the admin's key alone", got)
	}
}

func TestPortalIsAwayAtFirst(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := awayPortal(t, r, "echo ':: Hello'\n")
	g := guest(t, 109)
	g.Env = p.env()
	create(t, r, g, archive)
	start(t, r, g)
	eventually(t, "the guest waits for the portal", 90*time.Second, func() bool {
		return r.Command(t.Context(), g, "systemctl", "is-active", "--quiet", "allotment-enrol-again").Run() == nil
	})
	p.open(t, r)
	p.wait(t, r, g)
	if want := `[{"line":"Hello"},{"done":true}]`; p.said() != want {
		t.Errorf("reports are %s, want %s", p.said(), want)
	}
	if !r.Running(g) {
		t.Error("the guest does not run after it started again")
	}
}
