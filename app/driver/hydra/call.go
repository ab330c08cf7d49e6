package hydra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"

	"allotment/app"
)

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 1 << 20

// call makes one request; send and into may be nil. Its error has a code and words.
func (d *Driver) call(ctx context.Context, method string, at *url.URL, send, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	var body io.Reader = http.NoBody
	if send != nil {
		data, err := json.Marshal(send)
		if err != nil {
			return fmt.Errorf("hydra: %w", err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return fmt.Errorf("hydra: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if d.token != "" {
		request.Header.Set("Authorization", "Bearer "+d.token)
	}
	response, err := d.http.Do(request)
	if err != nil {
		return broken(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return broken(err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return refused(response.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return app.Because(app.Permanent, err, "Where people sign in, something else answered.")
	}
	return nil
}

// broken gives an error of the connection its code and words.
func broken(err error) error {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Because(app.Retryable, err, "The place where people sign in cannot be reached at the moment.")
	case errors.Is(err, context.Canceled):
		return app.Because(app.Unknown, err, "Making the app known was interrupted.")
	}
	return app.Because(app.Unknown, err, "The place where people sign in does not answer at the moment.")
}

// refused gives an answer that is an error its code and words. Hydra's own error 500 took its transaction back; a gateway before it may have
// passed the request on.
func refused(status int, answer []byte) error {
	cause := fmt.Errorf("hydra: status %d: %.500s", status, answer)
	if status == http.StatusBadRequest && bytes.Contains(answer, []byte("concurrent update")) { // its database undid it (SQLSTATE 40001)
		status = http.StatusInternalServerError
	}
	switch status {
	case http.StatusNotFound:
		return app.Because(app.NotFound, cause, "The app is not known where people sign in.")
	case http.StatusConflict:
		return app.Because(app.Conflict, cause, "The app is known already where people sign in.")
	case http.StatusUnauthorized, http.StatusForbidden:
		return app.Because(app.Permanent, cause, "The place where people sign in does not accept this portal.")
	case http.StatusInternalServerError, http.StatusTooManyRequests:
		return app.Because(app.Retryable, cause, "The place where people sign in had a problem.")
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return app.Because(app.Unknown, cause, "The place where people sign in had a problem.")
	}
	return app.Because(app.Permanent, cause, "The place where people sign in refused the app.")
}
