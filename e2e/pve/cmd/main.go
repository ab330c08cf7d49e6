// Command cmd runs the Proxmox VE emulator by itself:
//
//	go run ./e2e/pve/cmd -dir ./pve -listen 127.0.0.1:8006
//
// It prints its address, the fingerprint of its certificate and root's API token, and runs until it is interrupted.
// Its guests are simulated, or with -real its containers are real ones (as root, with Debian's lxc). A control endpoint on an
// address of its own takes faults, see pve.Control.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
)

func main() {
	var o pve.Options
	control := flag.String("control", "127.0.0.1:0", "address of the control endpoint; blank for none")
	delay := flag.Duration("delay", 200*time.Millisecond, "how long starting and stopping a simulated guest takes")
	flag.StringVar(&o.Dir, "dir", "", "folder for the state (required)")
	flag.StringVar(&o.Listen, "listen", "127.0.0.1:8006", "address of the API")
	flag.BoolVar(&o.Plain, "plain", false, "HTTP instead of HTTPS")
	flag.StringVar(&o.Node, "node", "pve1", "name of the node")
	flag.StringVar(&o.TokenName, "token-name", "ci", "name of root's API token")
	flag.StringVar(&o.TokenValue, "token-value", "", "secret of root's API token; made up and kept when blank")
	flag.DurationVar(&o.ResourcesLag, "lag", 10*time.Second, "how far cluster/resources is behind")
	flag.DurationVar(&o.WorkerDelay, "worker-delay", 50*time.Millisecond, "how long copying a disk takes")
	real := flag.Bool("real", false, "run containers for real")
	flag.Parse()
	o.LXC, o.QEMU = pve.NewSimulated(*delay), pve.NewSimulated(*delay)
	if *real {
		containers, err := lxc.New(lxc.Options{Dir: filepath.Join(o.Dir, "lxc"), CacheDir: filepath.Join(o.Dir, "unpacked")})
		if err != nil {
			log.Fatal(err)
		}
		defer containers.Close()
		o.LXC = containers
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, *control); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o pve.Options, control string) error {
	s, err := pve.Start(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("address      %s\nnode         %s\nfingerprint  %s\ntoken        %s=%s\npassword     root@pam %s\n",
		s.URL(), s.Node(), s.Fingerprint(), s.TokenID(), s.TokenSecret(), s.Password())
	if control != "" {
		address, err := serveControl(ctx, s, control)
		if err != nil {
			return errors.Join(err, s.Close())
		}
		fmt.Printf("control      http://%s/faults\n", address)
	}
	<-ctx.Done()
	return s.Close()
}

// serveControl opens the control endpoint and returns its address.
func serveControl(ctx context.Context, s *pve.Server, address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: pve.Control(s), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), nil
}
