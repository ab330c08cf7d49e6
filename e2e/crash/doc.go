// Package crash holds the campaigns that kill workers and disturb servers while orders are carried out. Its tests run a whole
// provider (e2e/site) with simulated guests; the worker is a process of its own, so that it can be killed for good, and what
// counts afterwards is what the remote servers themselves hold.
package crash
