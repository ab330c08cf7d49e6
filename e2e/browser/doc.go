// Package browser holds the tests that a person would do by hand: a whole provider (e2e/site) with real servers and, where the
// machine allows it, real guests, and real Chromiums that click and type. ALLOTMENT_SCREENSHOTS=1 also takes the pictures in docs.
package browser
