package app

import "time"

// OperationKind is what an operation wants of a service.
type OperationKind string

// The kinds of operation.
const (
	OperationCreate    OperationKind = "create"
	OperationUndo      OperationKind = "undo"   // removes what a failed create made, and keeps the order
	OperationChange    OperationKind = "change" // to another plan: the same server in another size
	OperationSuspend   OperationKind = "suspend"
	OperationResume    OperationKind = "resume"
	OperationTerminate OperationKind = "terminate"
	OperationRepair    OperationKind = "repair"
	OperationAccess    OperationKind = "access" // brings those who may use it to the directory and the mail system
)

// Operation is one wanted change of a service.
type Operation struct {
	ID               ID
	Organization     ID
	OrganizationName string // for the operator's queue
	Service          ID
	ServiceName      string // for lists
	ServiceHost      string
	App              string
	Kind             OperationKind
	State            OperationState
	Steps            []Step
	CreatedAt        time.Time
	EndedAt          time.Time // zero while it goes on
}

// Action is what a step does with its resource.
type Action string

// The actions of a step.
const (
	ActionEnsure    Action = "ensure"    // make the resource as wanted
	ActionRemove    Action = "remove"    // take the resource away
	ActionConfigure Action = "configure" // wait until the guest has fetched its configuration and reports that it is done
	ActionSeal      Action = "seal"      // take the spent enrolment off the guest
	ActionCheck     Action = "check"     // ask the service from outside whether it answers
)

// Step is one idempotent action of an operation on one resource.
type Step struct {
	ID           ID
	Organization ID
	Operation    ID
	Service      ID
	Position     int // 1 is first; also the order of display
	Action       Action
	Kind         Kind // of Resource
	Resource     ID
	DependsOn    []int // positions that must be done first
	State        StepState
	Attempts     int
	Message      string // for the tenant: what it does, waits for, or why it failed
	RawError     string // for the operator only
	StartedAt    time.Time
	EndedAt      time.Time
	NextAt       time.Time // when a waiting step tries again
	UnderWay     bool      // a waiting step whose remote side is at work: nothing is wrong
	Progress     []string  // the guest's own lines, newest last (ActionConfigure)
}

// Shown is the state as people see it: a step whose remote side is at work is running to them, whoever asks it how far it is.
func (s Step) Shown() StepState {
	if s.State == StepWaiting && s.UnderWay {
		return StepRunning
	}
	return s.State
}

// Progress returns how many of the steps are done, and how many there are.
func (o Operation) Progress() (done, all int) {
	for _, s := range o.Steps {
		if s.State == StepDone {
			done++
		}
	}
	return done, len(o.Steps)
}
