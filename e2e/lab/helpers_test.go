package lab

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/jackc/pgx/v5"
	"github.com/miekg/dns"
)

// fresh makes name unique, since the tests of one binary share a lab, also when they run again (-count).
func fresh(name string) string { return name + "-" + strings.ToLower(rand.Text()[:6]) }

func execSQL(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func queryInt(t *testing.T, url, query string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// bind connects as dn; "" as nobody.
func bind(t *testing.T, d *Directory, dn, password string) *ldap.Conn {
	t.Helper()
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if dn == "" {
		return conn
	}
	if err := conn.Bind(dn, password); err != nil {
		t.Fatalf("bind as %s: %v", dn, err)
	}
	return conn
}

func add(t *testing.T, conn *ldap.Conn, dn string, attributes map[string][]string) {
	t.Helper()
	req := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		req.Attribute(name, values)
	}
	if err := conn.Add(req); err != nil {
		t.Fatalf("add %s: %v", dn, err)
	}
}

// addUnit adds an organizational unit; path is its RDNs below ou=tenants, e.g. "ou=people,ou=t1", or a bare tenant name.
func addUnit(t *testing.T, d *Directory, path string) string {
	t.Helper()
	if !strings.Contains(path, "=") {
		path = "ou=" + path
	}
	dn := path + ",ou=tenants," + d.BaseDN
	add(t, bind(t, d, d.AdminDN, d.AdminPassword), dn, map[string][]string{"objectClass": {"organizationalUnit"}})
	return dn
}

func unitExists(t *testing.T, d *Directory, name string) bool {
	t.Helper()
	return len(found(t, bind(t, d, d.AdminDN, d.AdminPassword), "ou="+name+",ou=tenants,"+d.BaseDN, "(ou="+name+")")) == 1
}

// found lists the DNs that a search below base gives; a base that may not be seen gives none.
func found(t *testing.T, conn *ldap.Conn, base, filter string) []string {
	t.Helper()
	r, err := conn.Search(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 10, false, filter, []string{"*", "memberOf"}, nil))
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights) {
		return nil
	}
	if err != nil {
		t.Fatalf("search %s below %s: %v", filter, base, err)
	}
	var dns []string
	for _, e := range r.Entries {
		dns = append(dns, e.DN)
	}
	return dns
}

func addZone(t *testing.T, d *DNS, zone string) {
	t.Helper()
	body := `{"name":"` + zone + `","kind":"Native","nameservers":["ns1.` + zone + `"],"rrsets":[{"name":"www.` + zone +
		`","type":"A","ttl":60,"records":[{"content":"192.0.2.7"}]}]}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.APIURL+"/api/v1/servers/"+d.ServerID+"/zones", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", d.APIKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("zone %s: %s", zone, resp.Status)
	}
}

func ask(t *testing.T, d *DNS, network, name string, kind uint16) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	answer, _, err := (&dns.Client{Net: network}).Exchange(m, d.Resolver)
	if err != nil {
		t.Fatalf("%s over %s: %v", name, network, err)
	}
	return answer
}

func lookupSOA(t *testing.T, d *DNS, zone string) int {
	t.Helper()
	return len(ask(t, d, "udp", zone, dns.TypeSOA).Answer)
}

func tryQuery(t *testing.T, url, query string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), query)
	return err
}
