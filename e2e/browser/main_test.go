package browser

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if code != 0 && shared.world != nil {
		fmt.Fprintf(os.Stderr, "the portal's log:\n%s", &shared.world.log)
	}
	if err := end(); err != nil {
		fmt.Fprintln(os.Stderr, "the site does not end well:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}
