package browser

import "fmt"

// asks reads whether a script says true.
func (p *person) asks(script string) (yes bool) {
	p.t.Helper()
	if err := p.eval(script, &yes); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, script, err)
	}
	return yes
}

// wantWrong wants a message at one field of the form and at no other, tied to the field for readers that speak, and a summary that
// they hear at once.
func (p *person) wantWrong(field, words string) {
	p.t.Helper()
	message := "message-" + field
	p.until(patience, "a message at "+field, fmt.Sprintf(`!!document.querySelector("#%s[data-wrong]")`, message))
	if got := p.text("#" + message); words != "" && got != words {
		p.t.Errorf("%s: at %s it says %q, want %q", p.name, field, got, words)
	}
	p.want("no other field is marked", `document.querySelectorAll("[data-wrong]").length === 1`)
	p.want("the message belongs to "+field, fmt.Sprintf(`!!document.querySelector('[aria-describedby~="%s"]')`, message))
}
