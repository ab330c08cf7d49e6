package program

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app/portal/portaltest"
)

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	p := &Program{Store: w.Store, Portal: w.Portal}
	command := &AuditVerifyCommand{Anchor: filepath.Join(t.TempDir(), "anchor")}
	run := func() (string, error) {
		var out, progress bytes.Buffer
		err := command.verify(t.Context(), p, &out, &progress)
		return out.String(), err
	}
	for range 2 { // the first writes the anchor, the second compares with it
		if out, err := run(); err != nil || !strings.Contains(out, "The audit log is in order: ") {
			t.Fatalf("%q, %v", out, err)
		}
	}
	anchor, err := os.ReadFile(command.Anchor)
	if err != nil || !strings.Contains(string(anchor), w.Operator.Organization.String()) {
		t.Fatalf("the anchor is %q (%v)", anchor, err)
	}

	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	sql := `SET session_replication_role = replica; DELETE FROM audit WHERE seq = 1 AND organization_id = '` + w.Operator.Organization.String() + `'`
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	out, err := run()
	var tampered Tampered
	if !errors.As(err, &tampered) || tampered.ExitCode() != 2 || !strings.Contains(out, "row 1 is missing") {
		t.Errorf("a row is gone: %q, %v", out, err)
	}
	if now, _ := os.ReadFile(command.Anchor); !bytes.Equal(now, anchor) {
		t.Error("the anchor was written although the log is not in order")
	}
	if err := os.WriteFile(command.Anchor, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(); err == nil || !strings.Contains(err.Error(), "no file that this command wrote") {
		t.Errorf("a damaged anchor: %v", err)
	}
}
