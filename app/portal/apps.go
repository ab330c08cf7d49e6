package portal

import (
	"context"
	"crypto/rand"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/catalog"
)

// The verbs of a person's own account in apps.
var (
	setAppPassword    = verb{action: "account.app_password.set", permission: app.SeeAccount, confirmed: true, personal: true}
	removeAppPassword = verb{action: "account.app_password.remove", permission: app.SeeAccount, confirmed: true, personal: true}
)

// AppsFilter selects a page of the services that the actor may use. The zero value is the first page of all.
type AppsFilter struct {
	Text  string // part of the name or the address
	After string // AppsPage.Next of the page before
	Limit int    // 1 to 200; 0 means 50
}

// AppsPage is one page of the services that a person may use, newest first, and how these know them.
type AppsPage struct {
	Apps    []app.MyApp
	Account app.AppAccount
	Next    string
	Entries map[string]*catalog.App // by the ID of the app; without those that have left the catalog
}

// Apps returns a page of the services of the acting organization that the actor themselves may use.
func (p *Portal) Apps(ctx context.Context, actor app.Actor, f AppsFilter) (AppsPage, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return AppsPage{}, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return AppsPage{}, err
	}
	var page AppsPage
	err = p.see(ctx, actor, app.SeeAccount, func(tx *store.Tx) (err error) {
		if page.Apps, err = tx.MyApps(ctx, store.ServiceQuery{Text: clip(f.Text), Before: before, Limit: limit + 1}); err != nil {
			return err
		}
		page.Account, err = tx.AppAccount(ctx)
		return err
	})
	page.Entries = map[string]*catalog.App{}
	for i := range page.Apps {
		s := &page.Apps[i].Service
		s.AppName = p.appName(s.App)
		if entry, ok := p.catalog.App(s.App); ok {
			page.Entries[s.App] = entry
		}
	}
	if len(page.Apps) > limit {
		page.Apps = page.Apps[:limit]
		page.Next = page.Apps[limit-1].Service.ID.String()
	}
	return page, err
}

// SetAppPassword makes a new password for apps and mail alone and returns it, this once. From now on it takes the place of the portal's own
// there, and of the one before it.
func (p *Portal) SetAppPassword(ctx context.Context, actor app.Actor) (string, error) {
	password := spoken(rand.Text()[:20])
	err := p.do(ctx, actor, setAppPassword, func(tx *store.Tx) error {
		tx.Note("user "+actor.User.String(), nil, nil)
		hash, err := HashPassword(password)
		if err != nil {
			return err
		}
		return tx.SetAppPassword(ctx, actor.User, hash, p.now())
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// RemoveAppPassword lets apps and mail take the portal's own password again. Who has none cannot sign in there any more.
func (p *Portal) RemoveAppPassword(ctx context.Context, actor app.Actor) error {
	return p.do(ctx, actor, removeAppPassword, func(tx *store.Tx) error {
		tx.Note("user "+actor.User.String(), nil, nil)
		return tx.SetAppPassword(ctx, actor.User, "", p.now())
	})
}

// spoken makes random letters easy to copy by hand: small ones, in groups of five.
func spoken(letters string) string {
	letters = strings.ToLower(letters)
	var groups []string
	for len(letters) > 5 {
		groups, letters = append(groups, letters[:5]), letters[5:]
	}
	return strings.Join(append(groups, letters), "-")
}
