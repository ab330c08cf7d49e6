package crash

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/go-ldap/ldap/v3"

	"allotment/e2e/site"
)

// What the remote servers hold, asked of them and not of our database.

// guest is one guest of the hypervisor.
type guest struct {
	number  int
	running bool
	config  map[string]any
}

func (g guest) text(key string) string {
	text, _ := g.config[key].(string)
	return text
}

var insecure = &http.Client{ // the emulator is ours, and signs for itself
	Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
}

// hypervisor asks the emulator's API, past the gate.
func (w *world) hypervisor(t *testing.T, method, path string, body string, data any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.site.PVE.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "PVEAPIToken="+w.site.PVE.TokenID()+"="+w.site.PVE.TokenSecret())
	request.Header.Set("Content-Type", "application/json")
	answerTo(t, request, struct {
		Data any `json:"data"`
	}{data})
}

func answerTo[T any](t *testing.T, request *http.Request, out T) {
	t.Helper()
	response, err := insecure.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", request.Method, request.URL.Path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
	}
}

// guests lists all guests with their configurations.
func (w *world) guests(t *testing.T) []guest {
	t.Helper()
	var all []guest
	for _, kind := range []string{"lxc", "qemu"} {
		var list []struct {
			Number json.Number `json:"vmid"`
			Status string      `json:"status"`
		}
		w.hypervisor(t, http.MethodGet, "/nodes/pve1/"+kind, "", &list)
		for _, l := range list {
			number, err := strconv.Atoi(l.Number.String())
			if err != nil {
				t.Fatal(err)
			}
			g := guest{number: number, running: l.Status == "running"}
			w.hypervisor(t, http.MethodGet, fmt.Sprintf("/nodes/pve1/%s/%d/config", kind, number), "", &g.config)
			all = append(all, g)
		}
	}
	return all
}

// disks lists the numbers of the guests that the storage keeps disks for, one entry for each disk.
func (w *world) disks(t *testing.T) []int {
	t.Helper()
	var volumes []struct {
		ID     string      `json:"volid"`
		Number json.Number `json:"vmid"`
	}
	w.hypervisor(t, http.MethodGet, "/nodes/pve1/storage/"+site.Storage+"/content?content=rootdir", "", &volumes)
	var numbers []int
	for _, v := range volumes {
		n, err := strconv.Atoi(v.Number.String())
		if err != nil {
			t.Fatalf("the disk %s belongs to %q", v.ID, v.Number)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// rrset is one of the name server's.
type rrset struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Records []struct {
		Content string `json:"content"`
	} `json:"records"`
	Comments []struct {
		Content string `json:"content"`
	} `json:"comments"`
}

// rrsets returns what the name server has at a host and below it.
func (w *world) rrsets(t *testing.T, host string) []rrset {
	t.Helper()
	dns := w.site.Lab.DNS
	address := dns.APIURL + "/api/v1/servers/" + dns.ServerID + "/zones/" + site.Zone + "."
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-API-Key", dns.APIKey)
	var zone struct {
		Sets []rrset `json:"rrsets"`
	}
	answerTo(t, request, &zone)
	var found []rrset
	for _, set := range zone.Sets {
		if set.Name == host+"." || strings.HasSuffix(set.Name, "."+host+".") {
			found = append(found, set)
		}
	}
	return found
}

// entries counts the directory's entries with a mark, by object class.
func (w *world) entries(t *testing.T, mark string) map[string]int {
	t.Helper()
	d := w.site.Lab.Directory
	conn, err := ldap.DialURL(d.LDAPI)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(d.AdminDN, d.AdminPassword); err != nil {
		t.Fatal(err)
	}
	found, err := conn.Search(ldap.NewSearchRequest("ou=tenants,"+d.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(description="+ldap.EscapeFilter(mark)+")", []string{"objectClass"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, e := range found.Entries {
		for _, class := range e.GetAttributeValues("objectClass") {
			counts[class]++
		}
	}
	return counts
}

// mailRows counts a domain's rows in each table that the mail servers read.
func (w *world) mailRows(t *testing.T, domain string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range []string{"domains", "mailboxes", "aliases", "relay_credentials"} {
		counts[table] = count(t, w.mail, `SELECT count(*) FROM mail.`+table+` WHERE domain = $1`, domain)
	}
	return counts
}

// mailboxes returns the IMAP server's mailboxes of a domain.
func (w *world) mailboxes(t *testing.T, domain string) []string {
	t.Helper()
	m := w.site.Lab.Mail
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", m.IMAPAddr)
	if err != nil {
		t.Fatal(err)
	}
	client, err := imapclient.NewStartTLS(raw, &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // nothing to lose
	if err := client.Login(m.IMAPAdmin, m.IMAPAdminPassword).Wait(); err != nil {
		t.Fatal(err)
	}
	list, err := client.List("", "user/*@"+domain, nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range list {
		names = append(names, l.Mailbox)
	}
	return names
}
