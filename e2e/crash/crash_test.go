package crash

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"allotment/app"
)

// TestCrashAtEveryStep kills the worker before and after every step of an order, of a change of plan, and of a removal, and starts a new one each time.
// In the end everything is there once, or nothing is left.
func TestCrashAtEveryStep(t *testing.T) {
	w := theWorld(t)
	var services []service
	for _, appID := range appsToTry() {
		services = append(services, w.order(t, appID, "steps-"+appID))
	}
	w.killAtEveryStep(t, app.ServiceActive, services)
	w.bill(t, time.Now())
	for _, s := range services {
		w.wantWhole(t, s)
		w.wantDocuments(t, s, 0)
		w.enlarge(t, s)
	}
	w.killAtEveryStep(t, app.ServiceActive, services)
	for _, s := range services {
		w.wantLarger(t, s)
		w.wantDocuments(t, s, 1)
		w.terminate(t, s)
	}
	w.killAtEveryStep(t, app.ServiceTerminated, services)
	for _, s := range services {
		w.wantGone(t, s)
	}
	w.wantQuiet(t)
}

func appsToTry() []string {
	if testing.Short() {
		return []string{"roundcube"}
	}
	return []string{"redmine", "roundcube"}
}

// killAtEveryStep runs workers, each of which ends itself at a point where none ended before, until the services are as wanted.
func (w *world) killAtEveryStep(t *testing.T, wanted app.ServiceState, services []service) {
	t.Helper()
	var points []point
	for _, s := range services {
		for _, step := range w.detail(t, s).Operation.Steps {
			for _, side := range []string{"before", "after"} {
				points = append(points, point{s.Service, step.Action, step.Kind, side})
			}
		}
	}
	begin, planned := time.Now(), len(points)
	for len(points) > 0 {
		c := w.start(t, points)
		limit := time.AfterFunc(time.Minute, c.kill)
		said := c.last()
		limit.Stop()
		i := slices.IndexFunc(points, func(p point) bool { return p.String() == said })
		if i < 0 {
			w.describe(t, services...)
			t.Fatalf("a worker ended otherwise than by a planned kill; it said %q, and %d of %d kills have not happened: %v\n%s",
				said, len(points), planned, points, tail(c.log))
		}
		points = slices.Delete(points, i, i+1)
	}
	c := w.start(t, nil)
	w.untilAll(t, time.Minute, wanted, services...)
	c.stop(t)
	t.Logf("%d kills, every one that was planned, in %v", planned, time.Since(begin).Round(time.Millisecond))
	for _, s := range services {
		for _, step := range w.detail(t, s).Operation.Steps {
			if step.State != app.StepDone || step.Attempts < 3 {
				t.Errorf("%s: step %s is %s after %d attempts, want done after three or more: two kills and one that went through",
					s.label, fmt.Sprint(step.Action, " ", step.Kind), step.State, step.Attempts)
			}
		}
	}
}
