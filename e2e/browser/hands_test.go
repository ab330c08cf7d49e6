package browser

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// place is a script that finds what can be clicked: by its words, exact ones first, or by a selector. It brings it into view and
// returns where it is, once nothing covers it.
const place = `((words, selector) => {
  const name = (e) => (e.innerText || e.value || e.getAttribute("aria-label") || "").replace(/\s+/g, " ").trim();
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden" && !e.disabled;
  const all = [...document.querySelectorAll(selector)].filter(shown);
  const found = words === "" ? all[0] : all.find((e) => name(e) === words) ?? all.find((e) => name(e).includes(words));
  if (!found) return null;
  found.scrollIntoView({ block: "center", behavior: "instant" });
  const box = found.getClientRects()[0];
  const at = [box.left + box.width / 2, box.top + box.height / 2];
  const hit = document.elementFromPoint(...at);
  return hit && (found.contains(hit) || hit.contains(found)) ? at : null;
})(%q, %q)`

const clickable = `a, button, summary, label, input[type=submit], [role=button], [role=option]`

// press clicks on what reads so.
func (p *person) press(words string) {
	p.t.Helper()
	if err := p.click(words, clickable); err != nil {
		p.t.Fatalf("%s cannot press %q: %v", p.name, words, err)
	}
}

// pressOn clicks on an element.
func (p *person) pressOn(selector string) {
	p.t.Helper()
	if err := p.click("", selector); err != nil {
		p.t.Fatalf("%s cannot press on %s: %v", p.name, selector, err)
	}
}

// click moves the mouse there and clicks; unlike press it may be called from any goroutine.
func (p *person) click(words, selector string) error {
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end) && p.ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		var at []float64
		if last = p.eval(fmt.Sprintf(place, words, selector), &at); last == nil && len(at) == 2 {
			return chromedp.Run(p.ctx, chromedp.MouseClickXY(at[0], at[1]))
		}
	}
	return fmt.Errorf("it is not there, or something covers it (%v)", last)
}

// fill types into a field in the place of what is there.
func (p *person) fill(selector, value string) {
	p.t.Helper()
	p.pressOn(selector)
	p.until(patience, "the cursor in "+selector, fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, selector))
	if err := p.eval(`document.activeElement.select()`, nil); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, selector, err)
	}
	switch {
	case value == "":
		p.do("empty "+selector, chromedp.KeyEvent(kb.Backspace))
	case len(value) > 50 || strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII }):
		p.do("paste into "+selector, input.InsertText(value))
	default:
		p.do("type into "+selector, chromedp.KeyEvent(value))
	}
}

// key presses keys.
func (p *person) key(keys string) {
	p.t.Helper()
	p.do(fmt.Sprintf("press %q", keys), chromedp.KeyEvent(keys))
}

// value reads a field.
func (p *person) value(selector string) string {
	p.t.Helper()
	var value string
	if err := p.eval(fmt.Sprintf(`document.querySelector(%q).value`, selector), &value); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, selector, err)
	}
	return value
}

// tamper changes the page as a person with developer tools would.
func (p *person) tamper(script string) {
	p.t.Helper()
	if err := p.eval(script+"; true", nil); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, script, err)
	}
}
