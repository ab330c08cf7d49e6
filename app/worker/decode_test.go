package worker_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"gopkg.in/yaml.v3"

	"allotment/catalog"
)

// guestOrder reads the order out of a guest's user-data, as the guest does.
func guestOrder(t *testing.T, data []byte) catalog.Order {
	var order catalog.Order
	var config struct {
		Files []struct {
			Path    string `yaml:"path"`
			Content string `yaml:"content"`
		} `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Errorf("user-data: %v", err)
	}
	for _, f := range config.Files {
		if f.Path != "/etc/allotment/order.json" {
			continue
		}
		content, err := base64.StdEncoding.DecodeString(f.Content)
		if err != nil {
			t.Errorf("user-data: %v", err)
		}
		if err := json.Unmarshal(content, &order); err != nil {
			t.Errorf("order: %v", err)
		}
	}
	return order
}
