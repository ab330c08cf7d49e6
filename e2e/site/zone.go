package site

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// makeZone makes the provider's own zone on the lab's name server unless it is there.
func (s *Site) makeZone(ctx context.Context) error {
	body := fmt.Sprintf(`{"name":"%[1]s.","kind":"Native","nameservers":["ns1.%[1]s."]}`, Zone)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Lab.DNS.APIURL+"/api/v1/servers/"+s.Lab.DNS.ServerID+"/zones", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("X-API-Key", s.Lab.DNS.APIKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the provider's zone: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated && response.StatusCode != http.StatusConflict {
		return fmt.Errorf("the provider's zone: %s", response.Status)
	}
	return nil
}
