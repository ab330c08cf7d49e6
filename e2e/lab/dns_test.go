package lab

import (
	"testing"

	"github.com/miekg/dns"
)

func TestDNSAnswersWhatTheAPIWasTold(t *testing.T) {
	t.Parallel()
	d := T(t, Options{DNS: true}).DNS
	zone := fresh("answers") + ".test."
	addZone(t, d, zone)
	for _, network := range []string{"udp", "tcp"} {
		answer := ask(t, d, network, "www."+zone, dns.TypeA).Answer
		if len(answer) != 1 || answer[0].(*dns.A).A.String() != "192.0.2.7" {
			t.Errorf("over %s: %v, want one A record of 192.0.2.7", network, answer)
		}
	}
	if rcode := ask(t, d, "udp", "elsewhere.test.", dns.TypeA).Rcode; rcode != dns.RcodeRefused {
		t.Errorf("a foreign name gives %s, want REFUSED", dns.RcodeToString[rcode])
	}
}
