package bench

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"testing"

	"github.com/alexedwards/argon2id"

	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// BenchmarkSignIn signs people in through the web's own form at full load, against as many comparisons with a bare argon2id hash of the same
// parameters on as many cores. All else that a sign-in does must fit beside the hash.
func BenchmarkSignIn(b *testing.B) {
	w := portaltest.New(b)
	emails := []string{w.Tenant.Email, w.Other.Email}
	for n := range clients {
		emails = append(emails, w.Customer(b, fmt.Sprintf("bench-%d", n)).Email)
	}
	settle(b, w)
	address, client := serve(b, w)
	stranger := &http.Client{Transport: client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	hash, err := portal.HashPassword(portaltest.Password)
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		ours, limit := best(3,
			func() float64 {
				return rate(b, clients, func(n int64) { signIn(b, stranger, address, emails[n%int64(len(emails))]) })
			},
			func() float64 { return rate(b, runtime.NumCPU(), func(int64) { compare(b, hash) }) })
		report(b, "sign-ins", ours, limit, "sign-ins/s", 0.85)
	}
}

func signIn(b *testing.B, client *http.Client, address, email string) {
	answer, err := client.PostForm(address+"/signin", url.Values{"email": {email}, "password": {portaltest.Password}})
	if err != nil {
		b.Error(err)
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) == 0 {
		b.Errorf("%s: %s", email, answer.Status)
	}
}

func compare(b *testing.B, hash string) {
	if ok, err := argon2id.ComparePasswordAndHash(portaltest.Password, hash); err != nil || !ok {
		b.Errorf("the bare hash: %t (%v)", ok, err)
	}
}
