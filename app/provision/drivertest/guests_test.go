package drivertest_test

import (
	"testing"

	"allotment/app/provision/drivertest"
)

func TestFakeGuests(t *testing.T) {
	t.Parallel()
	drivertest.Guests(t, func(*testing.T) drivertest.GuestsHarness { return drivertest.NewGuests().GuestsHarness() })
}
