package portal_test

import (
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// TestUseIsKeptByDays: long after its invoice, what was used is there by days instead of by events, to the last decimal; nothing that was not billed
// goes, nobody can drop more, and a report that comes again then is still not counted twice.
func TestUseIsKeptByDays(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx := t.Context()
	for meter, price := range map[billing.Meter]string{billing.GuestHours: "0.0125", billing.DiskHours: "0.0001", billing.Traffic: "0.05"} {
		if _, err := d.Portal.SetUsagePrice(ctx, d.Operator, usageRequest(meter, price)); err != nil {
			t.Fatal(err)
		}
	}
	order, err := d.Portal.PlaceOrder(ctx, d.Tenant, request("metered"))
	if err != nil {
		t.Fatal(err)
	}
	d.settled("create", "active")
	d.exec(`UPDATE services SET active_at = $1`, d.today)
	d.exec(`UPDATE subscriptions SET starts_at = $2 WHERE service_id = $1`, order.Service, d.today)
	d.today = d.today.Add(30 * time.Hour)
	if n, err := d.Portal.MeasureUse(ctx, &hypervisor{state: app.GuestState{Running: true, UpFor: 30 * time.Hour, DiskGiB: 10}}); err != nil || n != 60 {
		t.Fatalf("%d uses were noted (%v)", n, err)
	}
	robot := app.Actor{Organization: d.Operator.Organization, Kind: app.Operator, Role: app.RoleOperator, State: app.OrganizationActive, Key: app.NewID(), Name: "Meter"}
	traffic := portal.UseReport{ID: "router:1", Meter: billing.Traffic, At: d.today.Add(-time.Hour), Quantity: "12.345678"}
	if _, err := d.Portal.ReportUsage(ctx, robot, order.Service, []portal.UseReport{traffic}); err != nil {
		t.Fatal(err)
	}
	d.on("2026-02-28")
	later := portal.UseReport{ID: "router:2", Meter: billing.Traffic, At: d.today, Quantity: "3"} // of a month that is never invoiced here
	if _, err := d.Portal.ReportUsage(ctx, robot, order.Service, []portal.UseReport{later}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		days, gone, events, rows int
	}{
		{90, 0, 62, 0},
		{20, 60, 2, 4}, // hours and disk of two days each
		{0, 0, 2, 4},
		{280, 0, 2, 4},
		{30, 1, 1, 5}, // what a program reported
		{1000, 0, 1, 5},
	} {
		d.today = d.today.AddDate(0, 0, step.days)
		gone, err := d.Portal.SumUpUses(ctx)
		if err != nil || gone != step.gone || d.count(`SELECT count(*) FROM usage_events`) != step.events || d.count(`SELECT count(*) FROM usage_days`) != step.rows {
			t.Fatalf("on %s %d events have gone, %d are there beside %d days (%v)", d.today.Format(time.DateOnly), gone,
				d.count(`SELECT count(*) FROM usage_events`), d.count(`SELECT count(*) FROM usage_days`), err)
		}
	}
	var kept string
	err = d.conn.QueryRow(ctx, `SELECT string_agg(meter || ' ' || quantity || ' ' || events, ', ' ORDER BY meter)
		FROM (SELECT meter, trim_scale(sum(quantity)) AS quantity, sum(events) AS events FROM usage_days GROUP BY 1) m`).Scan(&kept)
	if err != nil || kept != "disk_gib_hours 300 30, guest_hours 30 30, traffic_gib 12.345678 1" {
		t.Errorf("kept is %q (%v)", kept, err)
	}
	if _, err := d.Portal.ReportUsage(ctx, robot, order.Service, []portal.UseReport{traffic}); wrongFields(err)["events[0].at"] == "" {
		t.Errorf("the first report again: %v", err)
	}
	for _, sql := range []string{`DELETE FROM usage_events`, `DELETE FROM usage_days`, `UPDATE usage_days SET events = 7`, `TRUNCATE usage_events`} {
		if _, err := d.conn.Exec(ctx, sql); err == nil {
			t.Errorf("%s is possible", sql)
		}
	}
	d.sound()
	d.exec(`SET session_replication_role = replica`)
	d.exec(`DELETE FROM usage_days WHERE meter = 'guest_hours' AND used_on = '2026-02-01'`)
	off, err := d.biller.Verify(ctx)
	if err != nil || !strings.Contains(strings.Join(off, " "), "asks for 30 x HUR, and 11 was used") {
		t.Errorf("without a day: %q, %v", off, err)
	}
}
