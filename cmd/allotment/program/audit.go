package program

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"allotment/app"
)

// AuditCommand is about the audit log.
type AuditCommand struct {
	Verify AuditVerifyCommand `cmd:"" help:"Check that no row of the audit log was changed, removed, put in or moved."`
}

// AuditVerifyCommand checks the log.
type AuditVerifyCommand struct {
	Anchor string `type:"path" help:"A file that notes the ends of the chains: compared with the log when it is there, and written anew when all is in order. Keep it on another machine: it finds what a superuser of the database wrote anew from the beginning."`
}

// Tampered says that the audit log is not as it was written. The program ends with the status 2.
type Tampered int64

// Error implements error.
func (n Tampered) Error() string {
	return fmt.Sprintf("the audit log is not as it was written: %d findings", int64(n))
}

// ExitCode tells a script a log that was tampered with from a check that could not be made.
func (Tampered) ExitCode() int { return 2 }

// Run prints each finding on standard output, and fails when there is one.
func (c *AuditVerifyCommand) Run(ctx context.Context, g *Global) error {
	p, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return c.verify(ctx, p, os.Stdout, os.Stderr)
}

func (c *AuditVerifyCommand) verify(ctx context.Context, p *Program, out, progress io.Writer) error {
	anchors, err := readAnchors(c.Anchor)
	if err != nil {
		return err
	}
	report, err := p.Portal.VerifyAudit(ctx, anchors, func(f app.AuditFault) {
		fmt.Fprintf(out, "organization %s: %s\n", f.Organization, f.What)
	}, func(rows int64) {
		fmt.Fprintf(progress, "%d rows so far …\n", rows)
	})
	if err != nil {
		return err
	}
	if report.Faults > 0 {
		return Tampered(report.Faults)
	}
	fmt.Fprintf(out, "The audit log is in order: %d rows of %d organizations.\n", report.Rows, report.Organizations)
	return writeAnchors(c.Anchor, report.Heads)
}

// readAnchors reads what an earlier check noted; no file is no anchor.
func readAnchors(path string) ([]app.AuditHead, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("anchor: %w", err)
	}
	defer file.Close()
	var anchors []app.AuditHead
	lines := json.NewDecoder(bufio.NewReader(file))
	for {
		var head app.AuditHead
		err := lines.Decode(&head)
		if errors.Is(err, io.EOF) {
			return anchors, nil
		}
		if err != nil || head.Seq < 0 || len(head.Hash) > 32 {
			return nil, fmt.Errorf("anchor: %s is no file that this command wrote, or it was damaged: %w", path, errors.Join(err))
		}
		anchors = append(anchors, head)
	}
}

// writeAnchors notes the ends of the chains, one line of JSON each. The old file stays until the new one is whole.
func writeAnchors(path string, heads []app.AuditHead) error {
	if path == "" {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".anchor-*")
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // it is gone when all went well
	lines := json.NewEncoder(file)
	for _, head := range heads {
		err = errors.Join(err, lines.Encode(head))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	return nil
}
