package browser

import (
	"fmt"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/e2e/site"
)

// wrongSearches look for what is not there.
func (p *person) wrongSearches() {
	p.t.Helper()
	for _, text := range []string{script, "%_\\'", tooLong} {
		p.open("/catalog?q=" + url.QueryEscape(text))
		p.sees("No app fits")
		if got := p.value("input[name=q]"); got != strings.TrimSpace(text) {
			p.t.Errorf("the search kept %.60q of %.60q", got, text)
		}
		p.open("/services?state=nonsense&q=" + url.QueryEscape(text))
		p.sees("My services")
	}
	p.open("/catalog?category=" + url.QueryEscape(script))
	p.sees("No app fits")
	p.open("/catalog")
	p.fill("input[name=q]", "<script>alert(1)")
	p.sees("No app fits") // while typing, without a new page
	p.fill("input[name=q]", "")
	p.until(patience, "every app again", `document.querySelectorAll("#offers li").length > 2`)
}

// foreign tries what belongs to another tenant, by its address and by forms that name it.
func (p *person) foreign(theirs app.Order) {
	p.t.Helper()
	service, operation := "/services/"+theirs.Service.String(), "/operations/"+theirs.Operation.String()
	for _, path := range []string{service, operation, operation + "/stream", "/services/nonsense", "/operations/" + url.PathEscape(script), "/operator/operations", "/operator/services"} {
		p.open(path)
		p.until(patience, "a refusal of "+path, `/There is nothing here|This is not yours to do/.test(document.body.innerText)`)
	}
	for _, path := range []string{service + "/secrets", service + "/terminate", operation + "/cancel", operation + "/retry"} {
		p.open("/catalog")
		p.tamper(fmt.Sprintf(`const form = document.createElement("form"); form.method = "post"; form.action = %q;
const field = document.createElement("input"); field.name = "confirm"; field.value = %q; form.append(field); document.body.append(form); form.submit()`,
			path, "theirs."+site.Zone))
		p.sees("There is nothing here")
	}
	p.open("/services?after=" + theirs.Service.String())
	p.want("nothing of the neighbour's is listed", `!document.body.innerText.includes("theirs.")`)
}

// wrongConfirmations removes a service without typing its address.
func (p *person) wrongConfirmations(mine, theirs app.Order) {
	p.t.Helper()
	for _, typed := range []string{"", "mine", "theirs." + site.Zone, script, tooLong} {
		p.open("/services/" + mine.Service.String())
		p.press("Remove this service")
		p.until(patience, "what its end does and costs", `!!document.querySelector("form[action$='/cancel'] #field-confirm")`)
		p.tamper(`document.querySelector("form[action$='/cancel']").noValidate = true`)
		p.fill("#field-confirm", typed)
		p.press("Remove for good")
		p.wantWrong("confirm", "Please type the address exactly as it stands above.")
		if got := p.value("#field-confirm"); got != typed {
			p.t.Errorf("the confirmation kept %.60q of %.60q", got, typed)
		}
	}
	p.heard() // the browser notes each refusal
	p.audit("a refused removal")
	p.open("/services/" + mine.Service.String())
	p.press("Remove this service")
	p.until(patience, "what its end does and costs", `!!document.querySelector("form[action$='/cancel'] #field-confirm")`)
	p.fill("#field-confirm", "mine."+site.Zone)
	p.tamper(fmt.Sprintf(`document.querySelector("form[action$='/cancel']").action = "/services/%s/terminate"`, theirs.Service))
	p.press("Remove for good")
	p.sees("There is nothing here")
}
