// Package billing computes with money. It is pure: no clock, no floating point, no SQL, no HTTP.
package billing
