package planner

import (
	"slices"
	"time"

	"allotment/app"
	"allotment/catalog"
)

// node is one step before it has a position: what it does, and after which others.
type node struct {
	action app.Action
	kind   app.Kind
	after  []string // keys of other nodes; those that the service does not have are left out
}

func (n node) key() string { return string(n.action) + " " + string(n.kind) }

// createNodes is how a service comes about. Steps that do not wait for each other run side by side.
//
// The guest waits for the directory, the mail system and the OpenID provider, since what it fetches at first boot names entries there.
var createNodes = []node{
	{app.ActionEnsure, app.KindSecret, nil},
	{app.ActionEnsure, app.KindAddress, nil},
	{app.ActionEnsure, app.KindDirectory, []string{"ensure secret"}},
	{app.ActionEnsure, app.KindMail, []string{"ensure secret"}},
	{app.ActionEnsure, app.KindClient, []string{"ensure secret"}},
	{app.ActionEnsure, app.KindRecords, []string{"ensure address"}},
	{app.ActionEnsure, app.KindGuest, []string{"remove guest", "ensure secret", "ensure address", "ensure directory", "ensure mail", "ensure client"}},
	{app.ActionConfigure, app.KindGuest, []string{"ensure guest"}},
	{app.ActionSeal, app.KindGuest, []string{"configure guest"}},
	{app.ActionCheck, app.KindRecords, []string{"configure guest", "ensure records"}},
}

// removeNodes is how a service goes away: the reverse.
var removeNodes = []node{
	{app.ActionRemove, app.KindGuest, nil},
	{app.ActionRemove, app.KindRecords, nil},
	{app.ActionRemove, app.KindMail, []string{"remove guest"}},
	{app.ActionRemove, app.KindDirectory, []string{"remove guest"}},
	{app.ActionRemove, app.KindClient, []string{"remove guest"}},
	{app.ActionRemove, app.KindAddress, []string{"remove guest", "remove records"}},
	{app.ActionRemove, app.KindSecret, []string{"remove guest", "remove mail", "remove directory", "remove client"}},
}

var powerNodes = []node{{app.ActionEnsure, app.KindGuest, nil}}

var wakeNodes = []node{
	{app.ActionEnsure, app.KindGuest, nil},
	{app.ActionCheck, app.KindRecords, []string{"ensure guest"}},
}

// accessNodes is how the directory and the mail system learn who may use a service.
var accessNodes = []node{
	{app.ActionEnsure, app.KindDirectory, nil},
	{app.ActionEnsure, app.KindMail, []string{"ensure directory"}},
}

// nodesOf is the one table of what each kind of operation does.
var nodesOf = map[app.OperationKind][]node{
	app.OperationCreate:    createNodes,
	app.OperationUndo:      removeNodes,
	app.OperationTerminate: removeNodes,
	app.OperationChange:    wakeNodes,
	app.OperationSuspend:   powerNodes,
	app.OperationResume:    wakeNodes,
	app.OperationRepair:    createNodes,
	app.OperationAccess:    accessNodes,
}

// Operation plans an operation over a service's resources.
func Operation(kind app.OperationKind, s app.Service, resources []app.Resource, now time.Time) app.Operation {
	return build(kind, nodesOf[kind], s, resources, now)
}

// Access plans how a service's people come to the directory, and their mailboxes to the mail system where the app receives mail. It has
// no steps for an app that uses neither.
func Access(entry *catalog.App, s app.Service, resources []app.Resource, now time.Time) app.Operation {
	return build(app.OperationAccess, accessNodes, s, slices.DeleteFunc(slices.Clone(resources), func(r app.Resource) bool {
		return r.Kind == app.KindMail && !entry.Mail.Receive
	}), now)
}

// Recreate plans a create that first takes the guest away, for a guest whose own set-up failed: its enrolment is spent.
func Recreate(s app.Service, resources []app.Resource, now time.Time) app.Operation {
	nodes := slices.Concat([]node{{app.ActionRemove, app.KindGuest, nil}}, createNodes)
	return build(app.OperationCreate, nodes, s, resources, now)
}

func build(kind app.OperationKind, nodes []node, s app.Service, resources []app.Resource, now time.Time) app.Operation {
	o := app.Operation{
		ID: app.NewID(), Organization: s.Organization, OrganizationName: s.OrganizationName, Service: s.ID, ServiceName: s.Name,
		ServiceHost: s.Host, App: s.App, Kind: kind, State: app.OperationRunning, CreatedAt: now,
	}
	position := map[string]int{}
	for _, n := range nodes {
		r := slices.IndexFunc(resources, func(r app.Resource) bool { return r.Kind == n.kind })
		if r < 0 {
			continue
		}
		step := app.Step{
			ID: app.NewID(), Organization: s.Organization, Operation: o.ID, Service: s.ID, Position: len(o.Steps) + 1, Action: n.action,
			Kind: n.kind, Resource: resources[r].Resource, DependsOn: []int{}, State: app.StepQueued,
		}
		for _, key := range n.after {
			if p, ok := position[key]; ok {
				step.DependsOn = append(step.DependsOn, p)
				step.State = app.StepPending
			}
		}
		position[n.key()] = step.Position
		o.Steps = append(o.Steps, step)
	}
	return o
}

// Due returns the IDs of an operation's steps that wait for a worker.
func Due(o app.Operation) []app.ID {
	var due []app.ID
	for _, s := range o.Steps {
		if s.State == app.StepQueued {
			due = append(due, s.ID)
		}
	}
	return due
}

// Next returns the indexes of pending steps whose dependencies are all done.
func Next(o app.Operation) []int {
	done := map[int]bool{}
	for _, s := range o.Steps {
		done[s.Position] = s.State == app.StepDone
	}
	var next []int
	for i, s := range o.Steps {
		if s.State == app.StepPending && !slices.ContainsFunc(s.DependsOn, func(p int) bool { return !done[p] }) {
			next = append(next, i)
		}
	}
	return next
}
