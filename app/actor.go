package app

import "time"

// Actor is who acts in a call. It is an argument of every verb and of every tenant transaction.
type Actor struct {
	User             ID // the zero ID for the engine itself
	Name             string
	Email            string
	Language         string
	Organization     ID // the acting organization: the tenant of the transaction
	OrganizationName string
	OrganizationSlug string
	Kind             OrganizationKind
	Role             Role
	State            OrganizationState // of the acting organization; "" for the engine
	Session          ID                // the zero ID without a browser
	Key              ID                // the API key that acts; the zero ID for a person in a browser
	Address          string            // where the call came from
	ConfirmedAt      time.Time         // when the person last proved who they are in this session
	Enrol            bool              // must set up a second factor before anything else
	Impersonation    *Impersonation    // set while a seller's staff acts in the organization's name
	Visited          bool              // a seller's staff acts in the organization's name at this moment
	Several          bool              // the person belongs to other organizations, too
}

// Impersonation is a member of a seller's staff who acts in a customer's name, with a reason and for a limited time.
type Impersonation struct {
	ID         ID
	SellerName string
	Reason     string
	EndsAt     time.Time
}

// May returns nil when the actor has the permission, and a Forbidden error that says so otherwise.
func (a Actor) May(p Permission) error {
	if a.Organization == (ID{}) {
		return Errorf(Unauthenticated, "Please sign in first.")
	}
	if !a.Role.Allows(p) {
		return Errorf(Forbidden, "Your role does not allow this.")
	}
	if a.Impersonation != nil && p == SeeSecrets {
		return Errorf(Forbidden, "Whoever acts in a customer's name does not see what is secret.")
	}
	if a.Enrol && p != SeeAccount {
		return Errorf(Forbidden, "Please set up a second factor first. Your organization asks for one.")
	}
	if a.State == OrganizationSuspended && !p.keeps() {
		return Errorf(Forbidden, "%s is suspended: nothing can be changed until it is resumed.", a.OrganizationName)
	}
	return nil
}

// Staff reports whether the actor works for the operator and so sees every organization.
func (a Actor) Staff() bool { return a.Kind == Operator }

// System returns the engine as the actor for one organization: what a job acts as.
func System(organization ID) Actor {
	return Actor{Organization: organization, Role: roleSystem, Kind: Customer, State: OrganizationActive, Name: "Allotment"}
}

// SystemStaff returns the engine as the actor for the operator, and so for every organization: what a chore looks for its work as.
func SystemStaff(operator ID) Actor {
	return Actor{Organization: operator, Kind: Operator, Role: RoleOperatorAdmin, State: OrganizationActive, Name: "Allotment"}
}
