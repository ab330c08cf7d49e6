package portal

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// label is one label of a host name (RFC 1123 section 2.1), in lower case and ASCII.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// hostName is a whole host name of at least two labels.
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckHost returns nil when a service could have the host, and otherwise an error at the field host.
func (p *Portal) CheckHost(ctx context.Context, actor app.Actor, host string) error {
	if err := actor.May(app.SeeCatalog); err != nil {
		return err
	}
	host, message := p.cleanHost(host)
	if message != "" {
		return app.FieldError("host", message)
	}
	return p.see(ctx, actor, app.OrderServices, func(tx *store.Tx) error { return hostFree(ctx, tx, host) })
}

func hostFree(ctx context.Context, tx *store.Tx, host string) error {
	taken, err := tx.HostTaken(ctx, host)
	if err != nil || !taken {
		return err
	}
	const message = "This address already has a service."
	return &app.Error{Code: app.Conflict, Message: message, Format: message, Fields: map[string]string{"host": message}}
}

// cleanHost returns the host as it is stored, or what is wrong with it in words.
func (p *Portal) cleanHost(host string) (clean, message string) {
	host = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(host)), ".")
	name, inZone := strings.CutSuffix(host, "."+p.cfg.Zone)
	switch {
	case host == "" || host == p.cfg.Zone || name == "":
		return "", "Please choose an address."
	case len(host) > 253:
		return "", "This address is too long."
	case !inZone || strings.Contains(name, "."):
		return "", "Please choose one word, without dots, in front of the provider's part of the address."
	case len(name) > 40:
		return "", "Please choose at most 40 characters."
	case !label.MatchString(name):
		return "", "Only letters, digits and hyphens can be used, and no hyphen at either end."
	case strings.HasPrefix(name, "xn--"):
		return "", "Only plain letters, digits and hyphens can be used."
	case slices.Contains(p.cfg.Reserved, name):
		return "", "This address is kept for the provider. Please choose another one."
	}
	return host, ""
}
