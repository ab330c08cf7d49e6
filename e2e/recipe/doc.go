// Package recipe holds the proof of the catalog's recipes: each app's template is baked, a guest boots from it with an order, and the
// tests do what a tenant would do next. There is no program in it.
package recipe
