package pve

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"time"
)

// Options configure a Server. The zero value of each field means its default.
type Options struct {
	Dir    string // the folder that holds all state; required
	Listen string // address of the API; "127.0.0.1:0" by default
	Plain  bool   // HTTP instead of HTTPS
	Node   string // the node's name; "pve1" by default

	TokenName  string // root's API token is root@pam!<TokenName>; "ci" by default
	TokenValue string // its secret; random by default, and kept in Dir
	Password   string // root@pam's password for POST /access/ticket; random by default, and kept in Dir

	LXC  Runtime // runs containers; Simulated by default
	QEMU Runtime // runs virtual machines; Simulated by default

	Memory  int64 // the node's memory in bytes; 64 GiB by default
	Cores   int   // the node's processors; 16 by default
	Storage int64 // capacity of storage "local" in bytes; 1 TiB by default

	LockWait     time.Duration // how long a change waits for a worker's lock; 10 s as on a real node
	AuthDelay    time.Duration // how late a 401 comes; 3 s as on a real node
	AgentDelay   time.Duration // how long a ping of an absent guest agent takes; 3 s as on a real node
	VNCWait      time.Duration // how long a console waits for its viewer; 10 s as on a real node
	ResourcesLag time.Duration // how far cluster/resources is behind; 10 s as on a real node
	WorkerDelay  time.Duration // how long each copy of a disk takes in a task; 50 ms by default
	Grace        time.Duration // how long Close waits for running tasks before it kills them; 5 s by default

	Log *slog.Logger // the server's own log; slog.Default by default
}

// Negative durations mean "none", so that a test can switch a delay off.
func (o *Options) defaults() {
	text := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	wait := func(t *time.Duration, d time.Duration) {
		if *t == 0 {
			*t = d
		}
		*t = max(*t, 0)
	}
	text(&o.Listen, "127.0.0.1:0")
	text(&o.Node, "pve1")
	text(&o.TokenName, "ci")
	wait(&o.LockWait, 10*time.Second)
	wait(&o.AuthDelay, 3*time.Second)
	wait(&o.AgentDelay, 3*time.Second)
	wait(&o.VNCWait, 10*time.Second)
	wait(&o.ResourcesLag, 10*time.Second)
	wait(&o.WorkerDelay, 50*time.Millisecond)
	wait(&o.Grace, 5*time.Second)
	o.sizes()
	if o.LXC == nil {
		o.LXC = NewSimulated(0)
	}
	if o.QEMU == nil {
		o.QEMU = NewSimulated(0)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

func (o *Options) sizes() {
	if o.Memory == 0 {
		o.Memory = 64 << 30
	}
	if o.Cores == 0 {
		o.Cores = 16
	}
	if o.Storage == 0 {
		o.Storage = 1 << 40
	}
}

// randomHex returns n random bytes in hexadecimal.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}

// randomUUID returns a UUID of version 4.
func randomUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
