package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"allotment/app"
	"allotment/app/provision"
	"allotment/cmd/allotment/program"
)

// workerEnv names the file with a worker's orders; set, it makes this binary a worker.
const workerEnv = "ALLOTMENT_CRASH_WORKER"

// orders is what a worker is told.
type orders struct {
	Config program.Config
	Kills  []point // it kills itself at the first that it reaches
}

// point is a moment in a step: before its call, or after a call that worked and before the result is stored. Steps run side by
// side, so that a moment has no number.
type point struct {
	Service app.ID
	Action  app.Action
	Kind    app.Kind
	Side    string // before or after
}

// String is a line of text without spaces at its ends, to be read back.
func (p point) String() string {
	return fmt.Sprintf("%s %s %s %s", p.Side, p.Action, p.Kind, p.Service)
}

// work is the worker: the program itself, with a hand on the switch.
func work(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var o orders
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	p, err := program.Open(ctx, o.Config, program.Logger(program.Log{Level: "info", Format: "text"}, os.Stderr))
	if err != nil {
		return err
	}
	defer p.Close()
	p.OnEngine = o.arm
	return p.Work(ctx)
}

// arm makes the engine end the process at each of the points.
func (o orders) arm(e *provision.Engine) {
	armed := map[point]bool{}
	for _, p := range o.Kills {
		armed[p] = true
	}
	var once sync.Mutex
	at := func(s app.Step, side string) {
		p := point{s.Service, s.Action, s.Kind, side}
		if !armed[p] {
			return
		}
		once.Lock() // and never unlocked: nobody reports a second point
		fmt.Println(p)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	e.Before = func(s app.Step) { at(s, "before") }
	e.After = func(s app.Step, err error) {
		if err == nil {
			at(s, "after")
		}
	}
	fmt.Println("working")
}
