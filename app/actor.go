package app

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
}

// May returns nil when the actor has the permission, and a Forbidden error that says so otherwise.
func (a Actor) May(p Permission) error {
	if a.Organization == (ID{}) {
		return Errorf(Unauthenticated, "Please sign in first.")
	}
	if !a.Role.Allows(p) {
		return Errorf(Forbidden, "Your role does not allow this.")
	}
	return nil
}

// Staff reports whether the actor works for the operator and so sees every organization.
func (a Actor) Staff() bool { return a.Kind == Operator }

// System returns the engine as the actor for one organization: what a job acts as.
func System(organization ID) Actor {
	return Actor{Organization: organization, Role: roleSystem, Kind: Customer, Name: "Allotment"}
}
