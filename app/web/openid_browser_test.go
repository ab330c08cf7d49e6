package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"

	"allotment/app"
	driver "allotment/app/driver/openid"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// serve runs the app itself, at an address of its own that becomes the client's, and returns where people open it.
func (r *relying) serve() string {
	r.t.Helper()
	mux, verifier, last := http.NewServeMux(), oauth2.GenerateVerifier(), new(oauth2.Token)
	server := httptest.NewServer(mux)
	r.t.Cleanup(server.Close)
	r.RedirectURL = server.URL + "/callback"
	spec := app.ClientSpec{
		Name: "Our office", RedirectURIs: []string{r.RedirectURL}, PostLogoutURIs: []string{server.URL + "/bye"}, Scopes: app.Scopes(), Secret: r.ClientSecret,
	}
	if _, _, err := driver.New(store.Clients{Store: r.site.Store}, r.site.URL).Ensure(r.t.Context(), r.site.clientOf(r.t, r.Service), spec); err != nil {
		r.t.Fatal(err)
	}
	say := func(w http.ResponseWriter, words string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><h1>%s</h1>`, words)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
		if prompt := q.URL.Query().Get("prompt"); prompt != "" {
			options = append(options, oauth2.SetAuthURLParam("prompt", prompt))
		}
		http.Redirect(w, q, r.AuthCodeURL("a state", options...), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, q *http.Request) {
		token, err := r.Exchange(q.Context(), q.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			say(w, "The app could not sign you in: "+err.Error())
			return
		}
		*last = *token
		info, err := r.userinfo(token)
		say(w, fmt.Sprintf("The app welcomes %s %v %v", info.Email, info.Groups, err))
	})
	mux.HandleFunc("/leave", func(w http.ResponseWriter, q *http.Request) {
		hint, _ := last.Extra("id_token").(string)
		http.Redirect(w, q, r.site.URL+"/oauth/logout?"+form("id_token_hint", hint, "post_logout_redirect_uri", server.URL+"/bye").Encode(), http.StatusFound)
	})
	mux.HandleFunc("/bye", func(w http.ResponseWriter, _ *http.Request) { say(w, "The app says goodbye") })
	return server.URL
}

// TestSignInToAnAppInABrowser: with a real browser and its content policy, through the sign-in form, through the page that asks for the password once
// more, out of the app and the portal; and what somebody sees who may not. axe finds nothing serious on the pages between.
func TestSignInToAnAppInABrowser(t *testing.T) {
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	at := r.serve()
	ctx, heard := browser(t)
	welcome := "The app welcomes " + s.Tenant.Email + " [users]"
	do(t, ctx, "to the app", chromedp.Navigate(at), reads(".lede", "Sign in to go on to Our office."), clean(t, "signin"))
	do(t, ctx, "sign in", chromedp.SendKeys("#email", s.Tenant.Email), chromedp.SendKeys("#password", portaltest.Password+"\r"), reads("h1", welcome))
	do(t, ctx, "again, without a question", chromedp.Navigate(at), reads("h1", welcome))
	do(t, ctx, "the app wants a fresh proof", chromedp.Navigate(at+"/?prompt=login"), chromedp.WaitVisible("#password"), chromedp.SendKeys("#password", portaltest.Password+"\r"),
		reads("h1", welcome))
	do(t, ctx, "out of the app", chromedp.Navigate(at+"/leave"), reads("h1", "You are signed out of Our office"), clean(t, "leave"))
	do(t, ctx, "out of the portal too", chromedp.Click(`form[action="/oauth/logout/here"] button`), reads("h1", "The app says goodbye"))
	s.revoke(t, r)
	do(t, ctx, "without access", chromedp.Navigate(at), chromedp.WaitVisible("#email"), chromedp.SendKeys("#email", s.Tenant.Email),
		chromedp.SendKeys("#password", portaltest.Password+"\r"), reads("h1", "No access to Our office"), clean(t, "noaccess"))
	do(t, ctx, "as somebody else", chromedp.Click(`main form[action="/signout"] button`), reads("h1", "Welcome back"))
	heard.mu.Lock()
	defer heard.mu.Unlock()
	for _, complaint := range heard.all {
		if !strings.Contains(complaint, "403 (Forbidden)") { // the page without access says so itself
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}

// clean wants that axe finds nothing serious on the page. With ALLOTMENT_PICTURES a picture of it is put there.
func clean(t *testing.T, name string) chromedp.Action {
	t.Helper()
	axe, err := os.ReadFile("../../views/testdata/axe.js")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	var picture []byte
	return chromedp.Tasks{
		chromedp.Evaluate(string(axe), nil),
		chromedp.Evaluate(`axe.run().then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + ": " + v.help))`,
			&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		chromedp.FullScreenshot(&picture, 100),
		chromedp.ActionFunc(func(context.Context) error {
			if len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
			if folder := os.Getenv("ALLOTMENT_PICTURES"); folder != "" {
				if err := os.WriteFile(folder+"/"+name+".png", picture, 0o600); err != nil {
					t.Error(err)
				}
			}
			return nil
		}),
	}
}
