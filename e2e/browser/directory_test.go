package browser

import (
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"allotment/app"
	"allotment/e2e/lab"
)

// TestDirectoryDownWhileAccessChanges gives and takes access while the directory is down: the page takes it, shows it as on its way, and says
// so by itself when it has arrived. It runs alone, before the tests that run side by side.
func TestDirectoryDownWhileAccessChanges(t *testing.T) {
	w := theWorld(t)
	tenant := w.customer(t, "Demo Patience Too", "waiting")
	anna, otto := w.member(t, tenant, "Anna Demo", "anna@waiting.example"), w.member(t, tenant, "Otto Demo", "otto@waiting.example")
	order := w.place(t, tenant, "Waiting files", "waiting")
	service := w.await(t, tenant, order.Service, app.ServiceActive).Service
	p := w.newPerson(t, "the owner", desk).signedIn(tenant.Email)
	p.gives(service, otto)
	w.wantGroup(t, service, "otto", "waiting")

	up := w.down(t, lab.ServerDirectory)
	p.open("/services/" + service.ID.String() + "/access")
	p.press("Give access Anna Demo")
	p.marked(anna, "May use it, on its way")
	p.press("Take away Otto Demo")
	p.marked(otto, "Being taken away")
	p.sees("A change is on its way to the app")
	p.audit("access that is on its way")
	if level, ok, err := w.program.Store.ServiceAccess(t.Context(), service.ID, anna.ID); !ok || level != app.AccessUser || err != nil {
		t.Errorf("to those who ask the portal, access does not count at once: %q (%v)", level, err)
	}
	if _, ok, err := w.program.Store.ServiceAccess(t.Context(), service.ID, otto.ID); ok || err != nil {
		t.Errorf("to those who ask the portal, access that was taken away still counts (%v)", err)
	}
	p.press("See how far it is")
	p.sees("The directory cannot be reached at the moment.")
	p.want("no technical word is shown", `!/refused|dial|127\.0\.0\.1|LDAP|ldap:/i.test(document.querySelector("#progress").innerText)`)
	p.open("/services/" + service.ID.String() + "/access")
	p.marked(anna, "May use it, on its way")

	up()
	p.marked(anna, "May use it")
	p.marked(otto, "No access")
	w.wantGroup(t, service, "anna", "waiting")
}

// wantGroup looks into the directory itself, without the portal.
func (w *world) wantGroup(t *testing.T, service app.Service, want ...string) {
	t.Helper()
	d := w.site.Lab.Directory
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(d.AdminDN, d.AdminPassword); err != nil {
		t.Fatal(err)
	}
	found, err := conn.Search(goldap.NewSearchRequest("ou=tenants,"+d.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false,
		"(&(objectClass=groupOfNames)(cn=users))", []string{"member"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var users []string
	for _, group := range found.Entries {
		if !strings.Contains(group.DN, "ou="+service.ID.String()+",") {
			continue
		}
		for _, member := range group.GetAttributeValues("member") {
			if uid, ok := strings.CutPrefix(strings.Split(member, ",")[0], "uid="); ok {
				users = append(users, uid)
			}
		}
	}
	slices.Sort(users)
	if !slices.Equal(users, want) {
		t.Errorf("the directory's group has %v, want %v", users, want)
	}
}
