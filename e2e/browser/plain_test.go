package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"allotment/app"
	"allotment/e2e/site"
)

// TestWithoutScripts orders, sees the access data and removes the service again in a browser that runs no scripts.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Plain", "plain")
	p := w.newPerson(t, "the tenant", look{390, "dark"})
	p.do("switch scripts off", emulation.SetScriptExecutionDisabled(true))
	p.open("/services")
	p.sees("Welcome back")
	p.fill("#email", tenant.Email)
	p.fill("#password", w.password)
	p.press("Sign in")
	p.sees("My services")
	p.press("Look at the catalog")
	p.want("no script has run", `typeof htmx === "undefined"`)
	p.fill("input[name=q]", "calendars")
	p.press("Search")
	p.until(patience, "one app", `document.querySelectorAll("#offers li").length === 1`)
	p.press("Nextcloud")
	p.press("Order Nextcloud")
	p.fill("#field-host", "plain")
	p.press("Continue to the review")
	p.wantWrong("name", "Please give it a name.")
	p.fill("#field-name", "Plain files")
	p.press("Continue to the review")
	p.press("Order for")
	p.until(patience, "the progress", `location.pathname.startsWith("/operations/")`)
	p.want("the page reads itself anew, unless it is over", `!!document.querySelector("meta[http-equiv=refresh]") || document.querySelector("#progress-title").textContent.includes("is ready")`)
	p.until(time.Minute, "a service that is ready, after some refreshes", `document.querySelector("#progress-title")?.textContent.includes("Plain files is ready") ?? false`)
	p.press("Go to your service")
	p.press("Show the access data")
	p.press("Show them now, this once")
	p.sees("Keep this now: it cannot be shown again.")
	if len(p.text("#secret-admin_password")) < 16 {
		t.Error("the password is not shown")
	}
	host := "plain." + site.Zone
	p.open("/services/" + w.service(t, tenant, host).ID.String())
	p.removes(host)
	w.await(t, tenant, w.service(t, tenant, host).ID, app.ServiceTerminated)
}

// TestKeyboard orders with the keyboard alone, and sees at every stop where it is.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Keys", "keys")
	p := w.newPerson(t, "the tenant", desk)
	p.open("/catalog")
	p.sees("Welcome back")
	p.tabTo("#email")
	p.key(tenant.Email)
	p.tabTo("#password")
	p.key(w.password + kb.Enter)
	p.sees("What would you like to grow?")
	p.tabTo("a.skip")
	p.key(kb.Enter)
	p.until(patience, "the cursor at the content", `document.activeElement.id === "main"`)
	p.tabTo("input[name=q]")
	p.key("calendar")
	p.until(patience, "one app", `document.querySelectorAll("#offers li").length === 1`)
	p.tabTo(`a[href="/catalog/nextcloud"]`)
	p.key(kb.Enter)
	p.sees("A frank look")
	p.tabTo(`a[href="/catalog/nextcloud/order"]`)
	p.key(kb.Enter)
	p.sees("Order Nextcloud")
	p.tabTo("input[name=plan]")
	p.key(kb.ArrowRight)
	p.until(patience, "the other price", `document.querySelector("#order-summary").innerText.includes("€39.00")`)
	p.tabTo("#field-name")
	p.key("Files by keys")
	p.tabTo("#field-host")
	p.key("keys")
	p.sees("This address is free.")
	p.tabTo("#field-question-title")
	p.tabTo("#field-question-quota")
	p.tabTo("#order-summary button")
	p.key(kb.Enter)
	p.sees("Is this what you want?")
	p.tabTo("form[action='/orders'] button")
	p.key(kb.Enter)
	p.sees("Files by keys is growing")
	p.tabTo("header details summary")
	p.key(kb.Enter)
	p.sees("Sign out")
	p.key(kb.Escape)
	p.until(patience, "a closed menu with the cursor on its button", `!document.querySelector("header details").open && document.activeElement.matches("header details summary")`)
	w.await(t, tenant, w.service(t, tenant, "keys."+site.Zone).ID, app.ServiceActive)
	p.until(patience, "the end on the open page", `document.querySelector("#progress-title").innerText.includes("is ready")`)
	p.tabTo(`a[href^="/services/"].btn`)
	p.key(kb.Enter)
	p.sees("How you get in")
}

// visible is a script: the focus can be seen, on the element itself or on the card around it.
const visible = `(() => {
  const drawn = (e) => e && getComputedStyle(e).outlineStyle !== "none" && parseFloat(getComputedStyle(e).outlineWidth) >= 2;
  const e = document.activeElement;
  return drawn(e) || drawn(e.closest("label, .plan-card"));
})()`

// tabTo presses Tab until the focus is there, and wants to see it at every stop on the way.
func (p *person) tabTo(selector string) {
	p.t.Helper()
	for range 80 {
		p.key(kb.Tab)
		if p.asks(`document.activeElement === document.body`) {
			continue // once around, past the browser's own buttons
		}
		if !p.asks(visible) {
			var where string
			_ = p.eval(`document.activeElement.outerHTML.slice(0, 300)`, &where)
			p.t.Errorf("%s cannot see the focus on %s", p.name, where)
		}
		if p.asks(fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
	}
	p.t.Fatalf("%s cannot reach %s by Tab", p.name, selector)
}
