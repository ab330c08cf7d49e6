// Allotment is a self-service hosting portal. This is its one program; see 'allotment --help'.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"allotment/cmd/allotment/program"
)

func main() {
	var commands program.Commands
	k := kong.Parse(&commands, kong.Name("allotment"), kong.UsageOnError(),
		kong.Description("A self-service hosting portal: tenants order apps, and get them."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(&commands.Global); err != nil {
		fmt.Fprintln(os.Stderr, "allotment:", err)
		stop()
		os.Exit(status(err))
	}
}

// status is what the program ends with: the error's own, or 1.
func status(err error) int {
	var own interface{ ExitCode() int }
	if errors.As(err, &own) {
		return own.ExitCode()
	}
	return 1
}
