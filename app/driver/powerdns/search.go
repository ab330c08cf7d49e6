package powerdns

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/joeig/go-powerdns/v3"
)

// search is the API's search, which go-powerdns lacks (https://doc.powerdns.com/authoritative/http-api/search.html).
type search struct {
	client *http.Client
	url    *url.URL
	key    string
}

// zones returns the names of the zones that have an rrset with exactly this comment.
func (s *search) zones(ctx context.Context, comment string) ([]string, error) {
	at := *s.url
	query := url.Values{"q": {comment}, "object_type": {"comment"}, "max": {"1000"}}
	at.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // PowerDNS takes a + for a plus
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-API-Key", s.key)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return nil, &powerdns.Error{StatusCode: resp.StatusCode, Status: resp.Status, Message: string(text)}
	}
	var found []struct {
		Content string `json:"content"`
		Zone    string `json:"zone"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		return nil, err
	}
	var zones []string
	for _, hit := range found {
		if zone := canonical(hit.Zone); hit.Content == comment && !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	return zones, nil
}
