package app

import "slices"

// ServiceState is where a service is in its life.
type ServiceState string

// The states of a service.
const (
	ServiceCreating    ServiceState = "creating"    // ordered; being made
	ServiceActive      ServiceState = "active"      // answered its health check from outside
	ServiceChanging    ServiceState = "changing"    // active, and being changed
	ServiceSuspending  ServiceState = "suspending"  // being stopped because of a hold
	ServiceSuspended   ServiceState = "suspended"   // stopped, nothing removed
	ServiceResuming    ServiceState = "resuming"    // being started again
	ServiceFailed      ServiceState = "failed"      // could not be made; can be tried again or removed
	ServiceTerminating ServiceState = "terminating" // being removed
	ServiceTerminated  ServiceState = "terminated"  // everything removed
)

// OperationState is how far an operation is.
type OperationState string

// The states of an operation.
const (
	OperationRunning    OperationState = "running"
	OperationFailed     OperationState = "failed"      // a step failed; it can be tried again or cancelled
	OperationUndoing    OperationState = "undoing"     // what it made is being removed again
	OperationDone       OperationState = "done"        // every step is done
	OperationCancelled  OperationState = "cancelled"   // a person stopped it
	OperationRolledBack OperationState = "rolled_back" // nothing of it is left; it can be tried again
)

// StepState is how far a step is.
type StepState string

// The states of a step.
const (
	StepPending   StepState = "pending"   // waits for the steps that it depends on
	StepQueued    StepState = "queued"    // its job is due
	StepRunning   StepState = "running"   // a worker has it
	StepWaiting   StepState = "waiting"   // it tries again by itself later
	StepDone      StepState = "done"      // its effect was observed
	StepFailed    StepState = "failed"    // it will not succeed by itself
	StepCancelled StepState = "cancelled" // no longer wanted; it was not begun, or its effect is being removed
)

// ResourceState says what is known of a remote object.
type ResourceState string

// The states of a resource.
const (
	ResourceWanted   ResourceState = "wanted"   // nothing was begun
	ResourceMaking   ResourceState = "making"   // a call that makes it was begun: it may exist
	ResourcePresent  ResourceState = "present"  // observed
	ResourceRemoving ResourceState = "removing" // a call that removes it was begun: it may be gone
	ResourceRemoved  ResourceState = "removed"  // observed to be gone
)

// The state machines: every allowed step from one state to another. What is not here is refused.
var (
	serviceMoves = map[ServiceState][]ServiceState{
		ServiceCreating:    {ServiceActive, ServiceFailed, ServiceTerminating},
		ServiceActive:      {ServiceChanging, ServiceSuspending, ServiceTerminating},
		ServiceChanging:    {ServiceActive, ServiceSuspending, ServiceTerminating},
		ServiceSuspending:  {ServiceSuspended, ServiceTerminating},
		ServiceSuspended:   {ServiceResuming, ServiceTerminating},
		ServiceResuming:    {ServiceActive, ServiceTerminating},
		ServiceFailed:      {ServiceCreating, ServiceTerminating},
		ServiceTerminating: {ServiceTerminated},
		ServiceTerminated:  {},
	}
	operationMoves = map[OperationState][]OperationState{
		OperationRunning:   {OperationDone, OperationFailed, OperationCancelled},
		OperationFailed:    {OperationRunning, OperationCancelled},
		OperationDone:      {},
		OperationCancelled: {},
	}
	stepMoves = map[StepState][]StepState{
		StepPending:   {StepQueued, StepCancelled},
		StepQueued:    {StepRunning, StepCancelled},
		StepRunning:   {StepRunning, StepDone, StepWaiting, StepFailed, StepCancelled},
		StepWaiting:   {StepQueued, StepRunning, StepCancelled},
		StepFailed:    {StepQueued, StepCancelled},
		StepDone:      {},
		StepCancelled: {},
	}
	organizationMoves = map[OrganizationState][]OrganizationState{
		OrganizationActive:    {OrganizationSuspended, OrganizationClosed},
		OrganizationSuspended: {OrganizationActive, OrganizationClosed},
		OrganizationClosed:    {},
	}
	resourceMoves = map[ResourceState][]ResourceState{
		ResourceWanted:   {ResourceMaking, ResourceRemoving, ResourceRemoved},
		ResourceMaking:   {ResourceMaking, ResourcePresent, ResourceRemoving},
		ResourcePresent:  {ResourceMaking, ResourcePresent, ResourceRemoving},
		ResourceRemoving: {ResourceRemoving, ResourceRemoved},
		ResourceRemoved:  {ResourceMaking, ResourceRemoving},
	}
)

// To reports whether a service may go from s to next.
func (s ServiceState) To(next ServiceState) error { return move(serviceMoves, s, next) }

// To reports whether an operation may go from s to next.
func (s OperationState) To(next OperationState) error { return move(operationMoves, s, next) }

// To reports whether a step may go from s to next.
func (s StepState) To(next StepState) error { return move(stepMoves, s, next) }

// To reports whether a resource may go from s to next.
func (s ResourceState) To(next ResourceState) error { return move(resourceMoves, s, next) }

// To reports whether an organization may go from s to next.
func (s OrganizationState) To(next OrganizationState) error { return move(organizationMoves, s, next) }

// Ended reports whether nothing will happen to the step by itself any more.
func (s StepState) Ended() bool { return s == StepDone || s == StepCancelled }

// Ended reports whether the operation is over and cannot be taken up again.
func (s OperationState) Ended() bool { return s == OperationDone || s == OperationCancelled }

func move[S ~string](moves map[S][]S, from, to S) error {
	if slices.Contains(moves[from], to) {
		return nil
	}
	return Errorf(Conflict, "This is %s now, so it cannot become %s.", string(from), string(to))
}
