package provision

import (
	"context"
	"encoding/json"
	"fmt"

	"allotment/app"
)

// A service's client at the OpenID provider: with its secret, which only the one call sees.

// ensureClient makes the service's client, or changes it.
func (e *Engine) ensureClient(ctx context.Context, w *work) (result, error) {
	var spec app.ClientSpec
	if err := json.Unmarshal(w.resource.Spec, &spec); err != nil {
		return result{}, fmt.Errorf("spec: %w", err)
	}
	if !spec.Public {
		secrets, err := e.secrets(ctx, w)
		if err != nil {
			return result{}, err
		}
		spec.Secret = secrets[app.ClientSecret]
	}
	return ensureWith(ctx, e.drivers.Clients, w, spec)
}

// removeClient takes the service's client away: nobody signs in with it from then on, and its tokens are worth nothing.
func (e *Engine) removeClient(ctx context.Context, w *work) error {
	return e.drivers.Clients.Remove(ctx, w.resource.Ref)
}
