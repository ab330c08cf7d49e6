package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"allotment/app"
)

// TestKillsAtRandomMoments keeps two workers busy with six services at a time, from order to removal, and kills one or the other at
// random moments. ALLOTMENT_CAMPAIGN is the number of kills, for a long run; ALLOTMENT_SEED repeats an earlier one.
func TestKillsAtRandomMoments(t *testing.T) {
	kills, seed := number(t, "ALLOTMENT_CAMPAIGN", 30), number(t, "ALLOTMENT_SEED", time.Now().UnixNano()%1_000_000)
	if testing.Short() {
		kills = min(kills, 8)
	}
	t.Logf("ALLOTMENT_SEED=%d ALLOTMENT_CAMPAIGN=%d", seed, kills)
	w := theWorld(t)
	c := &campaign{world: w, random: rand.New(rand.NewPCG(uint64(seed), 0)), left: int(kills)}
	for round := 1; c.left > 0; round++ {
		c.round(t, round)
		if t.Failed() {
			return
		}
	}
}

func number(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is not a number of 1 or more", name, text)
	}
	return n
}

// campaign is a number of kills to spend.
type campaign struct {
	*world
	random  *rand.Rand
	left    int
	workers [2]*worker
}

// round takes six services from their orders to their end.
func (c *campaign) round(t *testing.T, round int) {
	t.Helper()
	apps := appsToTry()
	var services []service
	for i := range 6 {
		services = append(services, c.order(t, apps[i%len(apps)], fmt.Sprintf("random%d", round)))
	}
	most := (c.left + 1) / 2 // the other half is for the removals
	c.killUntil(t, app.ServiceActive, most, services)
	for _, s := range services {
		c.wantWhole(t, s)
		c.terminate(t, s)
	}
	c.killUntil(t, app.ServiceTerminated, c.left, services)
	for _, s := range services {
		c.wantGone(t, s)
	}
	c.wantQuiet(t)
}

// killUntil kills workers, and starts others, as long as there is something to do and at most so often. A worker that idles is not
// worth a kill.
func (c *campaign) killUntil(t *testing.T, wanted app.ServiceState, most int, services []service) {
	t.Helper()
	for i := range c.workers {
		c.workers[i] = c.start(t, nil)
	}
	kills := 0
	for kills < most {
		time.Sleep(time.Duration(50+c.random.IntN(350)) * time.Millisecond)
		if c.are(t, wanted, services...) {
			break
		}
		i := c.random.IntN(len(c.workers))
		c.workers[i].kill()
		c.workers[i] = c.start(t, nil)
		kills++
	}
	c.untilAll(t, time.Minute, wanted, services...)
	for _, worker := range c.workers {
		worker.stop(t)
	}
	if kills == 0 && most > 0 {
		t.Errorf("every service was %s before the first kill", wanted)
	}
	c.left -= kills
	t.Logf("%d kills in the middle of things until every service was %s", kills, wanted)
}
