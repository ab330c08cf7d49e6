package app

// ResourceState says how far a resource is.
type ResourceState string
