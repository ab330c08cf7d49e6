package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// victimEnv makes the re-executed test binary a program that starts a whole lab and waits to be killed.
const victimEnv = "ALLOTMENT_LAB_VICTIM"

func TestKillLeavesNothingBehind(t *testing.T) {
	if os.Getenv(victimEnv) != "" {
		victim(t)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillLeavesNothingBehind$", "-test.v")
	cmd.Env = append(os.Environ(), victimEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir := ""
	lines := bufio.NewScanner(out)
	for dir == "" && lines.Scan() {
		if _, dir, _ = strings.Cut(lines.Text(), "victim runs in "); dir == "" {
			t.Log(lines.Text())
		}
	}
	if dir == "" {
		cmd.Wait() //nolint:errcheck // its own words are above
		t.Fatal("the victim did not start its lab")
	}
	family := descendants(t, cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // it was killed

	wanted := []string{"postgres", "pdns_server", "slapd"}
	if os.Geteuid() == 0 && len(Check()) == 0 {
		wanted = append(wanted, "master", "smtpd", "imapd", "saslauthd")
	}
	t.Logf("the lab is %d processes", len(family))
	for _, want := range wanted {
		if !strings.Contains(fmt.Sprint(family), want) {
			t.Errorf("%s was not among the lab's processes: %v", want, family)
		}
	}
	var left []string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if left = survivors(family); left == nil && gone(dir) {
			return
		}
	}
	t.Errorf("after kill -9: processes %v are left; folder %s removed: %v", left, dir, gone(dir))
}

func victim(t *testing.T) {
	l, err := Start(t.Context(), Options{}.All())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("victim runs in " + l.Dir())
	time.Sleep(time.Minute) // the test kills us long before
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return os.IsNotExist(err)
}

// birth tells one process from a later one with the same number.
type birth struct {
	pid   int
	start string // field 22 of /proc/<pid>/stat (proc(5))
	name  string
}

// stat reads what we need of /proc/<pid>/stat; a zombie counts as gone.
func stat(pid int) (b birth, parent int, alive bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return birth{}, 0, false
	}
	text := string(data)
	name := text[strings.Index(text, "(")+1 : strings.LastIndex(text, ")")]
	f := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	parent, _ = strconv.Atoi(f[1])
	return birth{pid: pid, start: f[19], name: name}, parent, f[0] != "Z"
}

// descendants lists every live process below root, in whatever namespace.
func descendants(t *testing.T, root int) []birth {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]birth{}
	for _, e := range entries {
		pid, _ := strconv.Atoi(filepath.Base(e))
		if b, parent, alive := stat(pid); alive {
			children[parent] = append(children[parent], b)
		}
	}
	var all []birth
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, c := range children[queue[0]] {
			all = append(all, c)
			queue = append(queue, c.pid)
		}
	}
	return all
}

func survivors(family []birth) []string {
	var left []string
	for _, b := range family {
		if now, _, alive := stat(b.pid); alive && now == b {
			left = append(left, fmt.Sprintf("%s (%d)", b.name, b.pid))
		}
	}
	return left
}
