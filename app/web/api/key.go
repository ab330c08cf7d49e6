package api

import (
	"context"

	"allotment/app"
)

// Caller is who a key acts for.
type caller struct {
	Key          app.ID    `json:"key" format:"uuid" doc:"The key."`
	Name         string    `json:"name" doc:"What the key is called in the audit log." example:"key deploy robot"`
	Role         app.Role  `json:"role" doc:"Its role." example:"customer_developer"`
	Permissions  []string  `json:"permissions" nullable:"false" doc:"What the role allows at this moment."`
	Organization actingFor `json:"organization" doc:"For whom it acts."`
}

type actingFor struct {
	ID   app.ID `json:"id" format:"uuid"`
	Name string `json:"name"`
	Slug string `json:"slug" doc:"Its short name."`
	Kind string `json:"kind" enum:"operator,reseller,customer"`
}

func (a *API) addKey() {
	add(a, line{id: "getKey", method: get, path: "/key", tag: "Key", permission: app.SeeAccount, summary: "Who this key is",
		description: "To see that a key works, and what it may do."}, a.key)
}

func (a *API) key(_ context.Context, actor app.Actor, _ *struct{}) (*one[caller], error) {
	c := caller{
		Key: actor.Key, Name: actor.Name, Role: actor.Role, Permissions: []string{},
		Organization: actingFor{actor.Organization, actor.OrganizationName, actor.OrganizationSlug, string(actor.Kind)},
	}
	for _, p := range app.Permissions() {
		if actor.May(p) == nil {
			c.Permissions = append(c.Permissions, string(p))
		}
	}
	return &one[caller]{c}, nil
}
