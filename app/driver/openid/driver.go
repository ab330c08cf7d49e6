// Package openid makes a service's client in the portal's own OpenID provider: a row in the portal's database, which the provider reads.
//
// The client's ID is the service's; the row's resource is the mark.
package openid

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"reflect"
	"slices"
	"syscall"
	"time"

	"allotment/app"
)

// callLimit bounds one call of a method of Driver.
const callLimit = 9 * time.Second

// Clients is where clients are kept. An error without a code means that it is not known what happened.
type Clients interface {
	// Client returns the client of a service, whosever it is, or app.NotFound.
	Client(ctx context.Context, organization, service app.ID) (app.Client, error)
	// SaveClient makes a client, or changes it where it has the same mark; app.Conflict where it has another.
	SaveClient(ctx context.Context, wanted app.Client) error
	// DeleteClient takes the client with this mark away; absent is success.
	DeleteClient(ctx context.Context, organization, resource app.ID) error
}

// Driver implements the driver of app.KindClient. The external ID is the client's ID.
type Driver struct {
	clients Clients
	issuer  string
	now     func() time.Time
}

// New makes the driver of a provider that calls itself issuer.
func New(clients Clients, issuer string) *Driver {
	return &Driver{clients: clients, issuer: issuer, now: time.Now}
}

// Observe returns the client with ref's mark.
func (d *Driver) Observe(ctx context.Context, ref app.Ref) (app.ClientState, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	found, err := d.clients.Client(ctx, ref.Organization, ref.Service)
	if err == nil && found.Resource != ref.Resource {
		err = app.Errorf(app.NotFound, "The app is not known where people sign in.")
	}
	if err != nil {
		return app.ClientState{}, classify(err)
	}
	return d.state(found), nil
}

// Ensure makes the client, or changes what differs of it.
func (d *Driver) Ensure(ctx context.Context, ref app.Ref, spec app.ClientSpec) (string, app.ClientState, error) {
	if err := spec.Check(); err != nil {
		return "", app.ClientState{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	wanted := d.wish(ref, spec)
	found, err := d.clients.Client(ctx, ref.Organization, ref.Service)
	switch {
	case app.CodeOf(err) != app.NotFound && err != nil:
	case err == nil && found.Resource != ref.Resource:
		err = app.Errorf(app.Permanent, "The app is known already where people sign in, and belongs to someone else.")
	case err == nil && same(found, wanted):
	default:
		err = d.clients.SaveClient(ctx, wanted)
	}
	if err != nil {
		return "", app.ClientState{}, classify(err)
	}
	return wanted.ID.String(), d.state(wanted), nil
}

// Remove takes the client away, and with it every sign-in at the app.
func (d *Driver) Remove(ctx context.Context, ref app.Ref) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return classify(d.clients.DeleteClient(ctx, ref.Organization, ref.Resource))
}

func (d *Driver) wish(ref app.Ref, spec app.ClientSpec) app.Client {
	c := app.Client{
		Organization: ref.Organization, ID: ref.Service, Resource: ref.Resource, Name: spec.Name, RedirectURIs: spec.RedirectURIs,
		PostLogoutURIs: spec.PostLogoutURIs, LogoutURI: spec.LogoutURI, Scopes: spec.Scopes, ChangedAt: d.now(),
	}
	if !spec.Public {
		sum := sha256.Sum256([]byte(spec.Secret))
		c.SecretHash = sum[:]
	}
	return c
}

func (d *Driver) state(c app.Client) app.ClientState {
	return app.ClientState{
		Issuer: d.issuer, ClientID: c.ID.String(), Name: c.Name, RedirectURIs: c.RedirectURIs, PostLogoutURIs: c.PostLogoutURIs,
		LogoutURI: c.LogoutURI, Scopes: c.Scopes, Public: c.Public(),
	}
}

// same reports whether nothing has to be written.
func same(found, wanted app.Client) bool {
	secret := subtle.ConstantTimeCompare(found.SecretHash, wanted.SecretHash) == 1 && found.Public() == wanted.Public()
	found.SecretHash, wanted.SecretHash, found.ChangedAt, wanted.ChangedAt = nil, nil, time.Time{}, time.Time{}
	for _, list := range []*[]string{
		&found.RedirectURIs, &wanted.RedirectURIs, &found.PostLogoutURIs, &wanted.PostLogoutURIs, &found.Scopes, &wanted.Scopes,
	} {
		*list = slices.Sorted(slices.Values(*list))
	}
	return secret && reflect.DeepEqual(found, wanted)
}

// classify gives err the code and words of a driver. A nil err and one of a driver's own codes stay as they are.
func classify(err error) error {
	switch code := app.CodeOf(err); {
	case err == nil, code == app.NotFound, code == app.Retryable, code == app.Permanent:
		return err
	case code == app.Conflict:
		return app.Because(app.Permanent, err, "The app is known already where people sign in, and belongs to someone else.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Because(app.Retryable, err, "The place where people sign in cannot be reached at the moment.")
	case errors.Is(err, context.Canceled):
		return app.Because(app.Unknown, err, "Making the app known was interrupted.")
	}
	return app.Because(app.Unknown, err, "The place where people sign in does not answer at the moment.")
}
