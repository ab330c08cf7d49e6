package browser

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := end(); err != nil {
		fmt.Fprintln(os.Stderr, "the site does not end well:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}
