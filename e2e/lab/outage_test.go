package lab

import "testing"

func TestAServerGoesDownAndComesBack(t *testing.T) {
	t.Parallel()
	l, err := Start(t.Context(), Options{DNS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addZone(t, l.DNS, "outage.test.")
	up, err := l.Down(ServerDNS)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.DNS.ping(t.Context()); err == nil {
		t.Error("the server answers while it is down")
	}
	if _, err := l.Down(ServerDNS); err == nil {
		t.Error("a server that is down could be ended again")
	}
	if err := up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := lookupSOA(t, l.DNS, "outage.test."); got != 1 {
		t.Errorf("after the outage the zone has %d SOA records, want 1", got)
	}
}
