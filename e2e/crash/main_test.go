package crash

import (
	"fmt"
	"os"
	"testing"
)

// TestMain runs the tests, or is a worker when a test has started this binary as one.
func TestMain(m *testing.M) {
	if path := os.Getenv(workerEnv); path != "" {
		if err := work(path); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if err := endWorld(); err != nil {
		fmt.Fprintln(os.Stderr, "the end of the site:", err)
	}
	os.Exit(code)
}
