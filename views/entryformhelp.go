package views

// EntryForm is a form of lines and ticks as it was sent, with what was wrong at each. A tick that is set has the value "on".
type EntryForm struct {
	Values  map[string]string
	Errors  map[string]string
	Problem string // what is wrong as a whole
}

func (f EntryForm) value(name string) string { return f.Values[name] }
func (f EntryForm) wrong(name string) string { return f.Errors[name] }
func (f EntryForm) on(name string) bool      { return f.Values[name] == "on" }

func tick(on bool) string {
	if on {
		return "on"
	}
	return ""
}
