package stripe

import (
	"html/template"
	"net/http"
)

// IdealRefused is iDEAL where the person does not confirm at the bank.
const IdealRefused = "ideal refused"

var bankTemplate = template.Must(template.New("bank").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Pretend bank</title><link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #ecfdf5; color: #18181b }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: .75rem }
button { font: inherit; padding: .7rem 1rem; margin: .5rem .5rem 0 0; border: 1px solid #a1a1aa; border-radius: .5rem; background: #fff; cursor: pointer }
</style></head><body><main>
<h1>Pretend bank</h1><p>No money moves. A real bank asks here whether you agree.</p>
<form method="post" action="/pay/{{.Page}}">
<input type="hidden" name="at" value="bank">
<button name="with" value="ideal">Approve the payment</button>
<button name="with" value="{{.Refused}}">Refuse it</button>
</form></main></body></html>`))

// showBank is the page of the person's bank, between the provider's page and the portal's.
func (s *Server) showBank(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	o, _ := s.page(r.PathValue("page"))
	s.mutex.Unlock()
	if o == nil || o["status"] != "open" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = bankTemplate.Execute(w, map[string]any{"Page": o["id"], "Refused": IdealRefused}) // the reader has gone
}
