package web

import (
	"net/http"
	"slices"

	"allotment/views/words"
)

// What a reader prefers is kept in cookies of its own, so that it works without scripts and before signing in.
const (
	themeCookie    = "allotment-theme"
	languageCookie = "allotment-language"
)

var themes = []string{"day", "night"}

// preference returns what the reader chose, if it is one of the choices; otherwise "".
func preference(r *http.Request, name string, choices []string) string {
	cookie, err := r.Cookie(name)
	if err != nil || !slices.Contains(choices, cookie.Value) {
		return ""
	}
	return cookie.Value
}

// theme is the appearance that the reader chose, or "" for what the device prefers.
func theme(r *http.Request) string { return preference(r, themeCookie, themes) }

// locale is the language of an answer: what the reader chose here, else the account's, else what the browser asks for.
func locale(r *http.Request, account string) string {
	if chosen := preference(r, languageCookie, words.Languages()); chosen != "" {
		return chosen
	}
	return words.Match(account, r.Header.Get("Accept-Language"))
}

func (s *Server) chooseTheme(c *call) error { return s.prefer(c, "theme", themeCookie, themes) }

func (s *Server) chooseLanguage(c *call) error {
	return s.prefer(c, "language", languageCookie, words.Languages())
}

// prefer keeps a choice for a year, or forgets it when it is none of the choices.
func (s *Server) prefer(c *call, field, name string, choices []string) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	cookie := &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.tls, SameSite: http.SameSiteLaxMode}
	if chosen := values.Get(field); slices.Contains(choices, chosen) {
		cookie.Value, cookie.MaxAge = chosen, 365*24*3600
	}
	c.SetCookie(cookie)
	if back := localPath(values.Get("back")); back != "" {
		return c.to(back)
	}
	return c.to("/")
}
