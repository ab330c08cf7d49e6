// Package hydra makes a service's client in an Ory Hydra (https://www.ory.sh/hydra) through its admin API, for an operator who has an OpenID
// provider of their own. A client is described in the words of RFC 7591; it is made by the admin API and not by the open registration endpoint,
// because there the server chooses the client's ID, and a lost answer would leave a client behind that nobody knows.
//
// The client's ID is the service's. Its metadata hold the mark: the resource's ID, and a hash of the secret, which Hydra never shows again.
package hydra

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"allotment/app"
)

// callLimit bounds one call of a method of Driver.
const callLimit = 9 * time.Second

// Config says where Hydra is.
type Config struct {
	AdminURL string // of the admin API, without /admin: "http://127.0.0.1:4445"
	Issuer   string // as it stands in tokens: Hydra's setting urls.self.issuer
	Token    string // a bearer token that whatever guards the admin API asks for; "" for none
	CA       string // PEM of the authority to trust; "" is the system's
}

// Driver implements the driver of app.KindClient. The external ID is the client's ID.
type Driver struct {
	clients *url.URL
	issuer  string
	token   string
	http    *http.Client
}

// New checks config; it does not talk to the server.
func New(config Config) (*Driver, error) {
	at, err := url.Parse(config.AdminURL)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return nil, fmt.Errorf("hydra: the URL %q is not one of http or https with a host", config.AdminURL)
	}
	if config.Issuer == "" {
		return nil, errors.New("hydra: the issuer is missing")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if config.CA != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(config.CA)) {
			return nil, errors.New("hydra: the certificate authority is not PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &Driver{
		clients: at.JoinPath("admin/clients"), issuer: config.Issuer, token: config.Token,
		http: &http.Client{Timeout: callLimit, Transport: transport},
	}, nil
}

// Observe returns the client with ref's mark.
func (d *Driver) Observe(ctx context.Context, ref app.Ref) (app.ClientState, error) {
	found, err := d.get(ctx, ref)
	if err == nil && found.Metadata.Allotment.Resource != ref.Resource.String() {
		err = app.Errorf(app.NotFound, "The app is not known where people sign in.")
	}
	if err != nil {
		return app.ClientState{}, err
	}
	return d.state(found), nil
}

// Ensure makes the client, or replaces what differs of it.
func (d *Driver) Ensure(ctx context.Context, ref app.Ref, spec app.ClientSpec) (string, app.ClientState, error) {
	if err := spec.Check(); err != nil {
		return "", app.ClientState{}, err
	}
	wanted := wish(ref, spec)
	found, err := d.get(ctx, ref)
	switch {
	case app.CodeOf(err) == app.NotFound:
		found, err = d.put(ctx, http.MethodPost, d.clients, wanted)
		if app.CodeOf(err) == app.Conflict {
			err = app.Because(app.Retryable, err, "The app is being made known by someone else at this moment.")
		}
	case err != nil:
	case found.Metadata.Allotment.Resource != ref.Resource.String():
		err = app.Errorf(app.Permanent, "The app is known already where people sign in, and belongs to someone else.")
	case !found.fits(wanted):
		found, err = d.put(ctx, http.MethodPut, d.at(ref), wanted)
		if app.CodeOf(err) == app.NotFound {
			err = app.Because(app.Retryable, err, "The app is being removed at this moment.")
		}
	}
	if err != nil {
		return "", app.ClientState{}, err
	}
	return found.ID, d.state(found), nil
}

// Remove takes the client away, and with it everything that Hydra issued for it.
func (d *Driver) Remove(ctx context.Context, ref app.Ref) error {
	found, err := d.get(ctx, ref)
	if app.CodeOf(err) == app.NotFound || err == nil && found.Metadata.Allotment.Resource != ref.Resource.String() {
		return nil
	}
	if err == nil {
		err = d.call(ctx, http.MethodDelete, d.at(ref), nil, nil)
	}
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	return err
}

func (d *Driver) at(ref app.Ref) *url.URL { return d.clients.JoinPath(ref.Service.String()) }

func (d *Driver) get(ctx context.Context, ref app.Ref) (found client, err error) {
	err = d.call(ctx, http.MethodGet, d.at(ref), nil, &found)
	return found, err
}

// put writes a client and returns it as it is then.
func (d *Driver) put(ctx context.Context, method string, at *url.URL, wanted client) (written client, err error) {
	err = d.call(ctx, method, at, wanted, &written)
	return written, err
}

func (d *Driver) state(c client) app.ClientState {
	return app.ClientState{
		Issuer: d.issuer, ClientID: c.ID, Name: c.Name, RedirectURIs: c.RedirectURIs, PostLogoutURIs: c.PostLogoutURIs, LogoutURI: c.LogoutURI,
		Scopes: strings.Fields(c.Scope), Public: c.AuthMethod == authNone,
	}
}

// fits reports whether nothing has to be written. Hydra never shows a secret; its hash is in the metadata.
func (c client) fits(wanted client) bool {
	wanted.Secret, c.Secret = "", ""
	return reflect.DeepEqual(c.sorted(), wanted.sorted())
}
