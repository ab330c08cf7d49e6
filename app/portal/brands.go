package portal

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// brandFor is how long a brand is remembered: a change shows in every process after this long at the latest.
const brandFor = 3 * time.Second

// brandsKept bounds what is remembered: hosts come from requests.
const brandsKept = 10_000

// brandMemory remembers brands for a moment, since every page shows one.
type brandMemory struct {
	mu  sync.Mutex
	all map[string]rememberedBrand
}

type rememberedBrand struct {
	brand app.Brand
	until time.Time
}

// BrandAt returns the brand that strangers see at a host name (a port is left out): its seller's, or the operator's for every other host.
// It asks for no permission: it is what the sign-in page shows.
func (p *Portal) BrandAt(ctx context.Context, host string) (app.Brand, error) {
	if host = bareHost(host); host == "" {
		return p.brandOf(ctx, app.ID{})
	}
	return p.rememberBrand("at "+host, func() (app.Brand, error) {
		brand, err := p.store.BrandAt(ctx, host)
		if app.CodeOf(err) == app.NotFound {
			return p.store.BrandOf(ctx, app.ID{})
		}
		return brand, err
	})
}

// bareHost is a request's host without its port, in lower case; "" for what is no host name.
func bareHost(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host = strings.TrimSuffix(strings.ToLower(host), "."); len(host) > 253 || !hostName.MatchString(host) {
		return ""
	}
	return host
}

// atHost returns those of a person's memberships that count at the host where they sign in: at a seller's own host, the seller's and its
// buyers'. Whoever is only invited there comes in with all of theirs, to accept. Whoever has none there is told the same as with a wrong
// password, so that nobody learns who else is a customer here.
//
// Errors: Unauthenticated.
func (p *Portal) atHost(ctx context.Context, user app.User, how proof, memberships []app.Membership) ([]app.Membership, error) {
	brand, err := p.BrandAt(ctx, how.Host)
	if err != nil || brand.Host == "" || brand.Host != bareHost(how.Host) {
		return memberships, err
	}
	var here []app.Membership
	for _, m := range memberships {
		belongs, err := p.store.BelongsTo(ctx, brand.Organization, m.Organization.ID)
		if err != nil {
			return nil, err
		}
		if belongs {
			here = append(here, m)
		}
	}
	if len(here) > 0 {
		return here, nil
	}
	invited, err := p.invitedBelow(ctx, brand.Organization, user.Email)
	if err != nil || invited {
		return memberships, err
	}
	why := app.Errorf(app.Unauthenticated, "The e-mail address or the password is not right.")
	p.noteRefusedSignIn(ctx, user, how.Method, how.Address, why)
	return nil, why
}

// invitedBelow reports whether the seller itself, or anybody below it, waits for an answer from an address.
func (p *Portal) invitedBelow(ctx context.Context, seller app.ID, email string) (invited bool, err error) {
	err = p.store.Read(ctx, app.System(seller), func(tx *store.Tx) error {
		invited, err = tx.AnyInvitation(ctx, email, p.now())
		return err
	})
	return invited, err
}

// Brand returns the brand that the actor sees: of the own organization, where it is a seller with one, or of the nearest seller above.
func (p *Portal) Brand(ctx context.Context, actor app.Actor) (app.Brand, error) {
	if err := actor.May(app.SeeAccount); err != nil {
		return app.Brand{}, err
	}
	return p.brandOf(ctx, actor.Organization)
}

// brandOf is the brand that an organization's people see: of the mails to them, too.
func (p *Portal) brandOf(ctx context.Context, organization app.ID) (app.Brand, error) {
	return p.rememberBrand("of "+organization.String(), func() (app.Brand, error) { return p.store.BrandOf(ctx, organization) })
}

func (p *Portal) rememberBrand(key string, look func() (app.Brand, error)) (app.Brand, error) {
	now := p.now()
	p.brands.mu.Lock()
	kept, ok := p.brands.all[key]
	p.brands.mu.Unlock()
	if ok && now.Before(kept.until) {
		return kept.brand, nil
	}
	brand, err := look()
	if err != nil {
		return app.Brand{}, err
	}
	if brand.Name == "" {
		brand.Name = "Allotment"
	}
	p.brands.mu.Lock()
	defer p.brands.mu.Unlock()
	if p.brands.all == nil || len(p.brands.all) >= brandsKept {
		p.brands.all = map[string]rememberedBrand{}
	}
	p.brands.all[key] = rememberedBrand{brand, now.Add(brandFor)}
	return brand, nil
}

// forgetBrands makes this process look again; the others do within brandFor.
func (p *Portal) forgetBrands() {
	p.brands.mu.Lock()
	defer p.brands.mu.Unlock()
	p.brands.all = nil
}
