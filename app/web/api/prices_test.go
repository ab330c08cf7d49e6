package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"allotment/app"
)

// TestOrderForAYear: an app says what it costs for each interval, the preview has the first invoice, and the order is at the price of the interval
// that it asked for; an interval or a code that nobody has is refused at its field.
func TestOrderForAYear(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	var offered struct {
		Plans []struct {
			ID     string
			Prices []struct {
				Interval string
				Price    struct{ Minor int64 }
			}
		}
	}
	got := robot.get("/apps/redmine")
	if err := json.Unmarshal(got.body, &offered); err != nil || got.status != http.StatusOK || len(offered.Plans) == 0 {
		t.Fatalf("%d %s (%v)", got.status, got.body, err)
	}
	prices := offered.Plans[0].Prices
	if len(prices) != 2 || prices[0].Interval != "month" || prices[1].Interval != "year" || prices[1].Price.Minor != 10200 {
		t.Fatalf("%+v", prices)
	}
	year := order("team")
	year["interval"] = "year"
	var preview struct {
		First struct {
			Net struct{ Minor int64 }
		} `json:"first_invoice"`
	}
	if got = robot.post("/orders/preview", year); got.status != http.StatusOK || json.Unmarshal(got.body, &preview) != nil || preview.First.Net.Minor != 10200 {
		t.Errorf("the preview: %d %s", got.status, got.body)
	}
	for field, value := range map[string]string{"interval": "quarter", "coupon": "NOBODYS"} {
		wrong := order("wrong")
		wrong[field] = value
		if got := robot.post("/orders", wrong); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s: %d %s", field, value, got.status, got.body)
		}
	}
	var placed struct {
		Price    struct{ Minor int64 }
		Interval string
	}
	if got = robot.post("/orders", year); got.status != http.StatusCreated || json.Unmarshal(got.body, &placed) != nil || placed.Price.Minor != 10200 || placed.Interval != "year" {
		t.Errorf("the order: %d %s", got.status, got.body)
	}
}

// TestAppsSayWhatUseCosts: a size that is paid by the hour says so, with what a whole month comes to; the others say that nothing is measured.
func TestAppsSayWhatUseCosts(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	var listed struct {
		Items []struct {
			ID    string
			Plans []struct {
				ID    string
				Usage []struct {
					Meter, Price, Currency string
					WholeMonth             struct{ Minor int64 } `json:"whole_month"`
				}
			}
		}
	}
	got := robot.get("/apps")
	if err := json.Unmarshal(got.body, &listed); err != nil || got.status != http.StatusOK {
		t.Fatalf("%d %s (%v)", got.status, got.body, err)
	}
	measured := 0
	for _, offered := range listed.Items {
		for _, plan := range offered.Plans {
			if plan.Usage == nil {
				t.Errorf("%s/%s says nothing of use", offered.ID, plan.ID)
			}
			if offered.ID+"/"+plan.ID != "redmine/hourly" {
				measured += len(plan.Usage)
				continue
			}
			if len(plan.Usage) != 1 || plan.Usage[0].Meter != "guest_hours" || plan.Usage[0].Price != "0.02" || plan.Usage[0].Currency != "EUR" || plan.Usage[0].WholeMonth.Minor != 1488 {
				t.Errorf("by the hour: %+v", plan.Usage)
			}
		}
	}
	if measured > 0 {
		t.Errorf("%d prices of use at other sizes", measured)
	}
}
