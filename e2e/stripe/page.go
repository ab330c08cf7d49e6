package stripe

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// choice is what a person can do on a page.
type choice struct{ Value, Label string }

var choices = []choice{
	{GoodCard, "Card 4242 …: it succeeds"},
	{"ideal", "iDEAL: on to a pretend bank"},
	{"bancontact", "Bancontact: it succeeds"},
	{GoodIBAN, "SEPA direct debit: on its way first, then it succeeds"},
	{"AT861904300235473202", "SEPA direct debit: on its way first, then it fails"},
	{"4000000000000341", "Card that is saved, and fails when it is charged later"},
	{"4000000000000002", "Card that is refused"},
	{"4000002760003184", "Card whose bank asks each time"},
	{"4000000000000259", "Card that succeeds, and is contested at once"},
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Pretend payment</title><link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f4f5; color: #18181b }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: .75rem }
.mark { background: #fde68a; padding: .75rem 1rem; border-radius: .5rem; font-weight: 600 }
button { display: block; width: 100%; text-align: left; font: inherit; padding: .7rem 1rem; margin: .5rem 0; border: 1px solid #a1a1aa; border-radius: .5rem; background: #fff; cursor: pointer }
button:hover, button:focus { background: #eef2ff } .wrong { color: #b91c1c; font-weight: 600 }
</style></head><body><main>
<p class="mark">This is a pretend payment page. No money moves.</p>
<h1>{{.Title}}</h1>{{if .Amount}}<p>{{.Amount}}</p>{{end}}
{{if .Closed}}<p>This page is closed.</p>{{else}}
{{if .Wrong}}<p class="wrong" role="alert">The bank refused this. Choose another way.</p>{{end}}
<form method="post">{{range .Choices}}<button name="with" value="{{.Value}}">{{.Label}}</button>{{end}}</form>
<p><a href="{{.Back}}">Back without paying</a></p>{{end}}
</main></body></html>`))

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pay/{page}", func(w http.ResponseWriter, r *http.Request) { s.showPage(w, r, false) })
	mux.HandleFunc("POST /pay/{page}", s.submitPage)
	mux.HandleFunc("GET /pay/{page}/bank", s.showBank)
	return mux
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request, wrong bool) {
	s.mutex.Lock()
	o, _ := s.page(r.PathValue("page"))
	s.mutex.Unlock()
	if o == nil {
		http.NotFound(w, r)
		return
	}
	data := map[string]any{"Title": "Save a way to pay", "Amount": "", "Closed": o["status"] != "open", "Wrong": wrong, "Choices": choices, "Back": o["cancel_url"]}
	if o["mode"] == "payment" {
		data["Title"] = o["_name"]
		minor := o["amount_total"].(int64)
		data["Amount"] = fmt.Sprintf("%d.%02d %s", minor/100, minor%100, strings.ToUpper(o["currency"].(string)))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageTemplate.Execute(w, data) // the reader has gone
}

func (s *Server) submitPage(w http.ResponseWriter, r *http.Request) {
	with := r.FormValue("with")
	if with == "ideal" && r.FormValue("at") != "bank" {
		http.Redirect(w, r, r.URL.Path+"/bank", http.StatusSeeOther)
		return
	}
	if with == "" || !s.Complete(r.PathValue("page"), with) {
		s.showPage(w, r, true)
		return
	}
	s.mutex.Lock()
	o, _ := s.page(r.PathValue("page"))
	s.mutex.Unlock()
	http.Redirect(w, r, strings.ReplaceAll(o["success_url"].(string), "{CHECKOUT_SESSION_ID}", o["id"].(string)), http.StatusSeeOther)
}
