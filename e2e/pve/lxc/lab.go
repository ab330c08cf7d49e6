package lxc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// lab is the keeper process and the namespaces that it holds.
type lab struct {
	keeper *exec.Cmd
	stdin  io.Closer     // closing it ends the keeper
	netns  *os.File      // the lab's network
	gone   chan struct{} // closed when the keeper has ended
}

// keep is the keeper: PID 1 of its process namespace, so that whatever runs in there ends with it. It tries an overlay
// mount at once, because a folder that cannot hold one (an overlay itself, say) would make every guest fail later.
// lxc looks for the bridge in /sys/class/net, so /sys is mounted anew, with the machine's cgroups put back into it.
// Forwarding is on for one thing: what asks for an outside address hears "unreachable" at once. There is no way out.
// The keeper waits for the end of its standard input: the second way, beside Pdeathsig, to end with its parent.
const keep = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mkdir -p "$2/lower" "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$2/lower,upperdir=$2/upper,workdir=$2/work" "$2/root"
umount "$2/root"
mount --rbind /sys/fs/cgroup "$2/root"
mount -t sysfs sysfs /sys
mount --rbind "$2/root" /sys/fs/cgroup
umount -l "$2/root"
ip link set lo up
ip link add br0 type bridge forward_delay 0
ip addr add "$1" dev br0
ip link set br0 up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
while read -r _; do :; done
`

// startLab starts the keeper and returns when its network is up.
func startLab(o Options) (*lab, error) {
	cmd := exec.Command("sh", "-c", keep, "keeper", o.Network.String(), filepath.Join(o.Dir, "probe"))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	var said strings.Builder
	cmd.Stderr = &said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l := &lab{keeper: cmd, stdin: stdin, gone: make(chan struct{})}
	ready := make(chan string, 1)
	if err := l.start(stdout, ready); err != nil {
		return nil, fmt.Errorf("real containers need namespaces, which this machine does not allow: %w", err)
	}
	if <-ready != "ready\n" {
		_ = l.close()
		return nil, fmt.Errorf("real containers cannot run in %s: %s", o.Dir, strings.TrimSpace(said.String()))
	}
	if l.netns, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", cmd.Process.Pid)); err != nil {
		_ = l.close()
		return nil, err
	}
	return l, nil
}

// start runs the keeper from an OS thread that lives as long as the keeper: Pdeathsig (prctl(2)) is sent when the
// *thread* that started the child ends, and Go ends threads as it likes.
func (l *lab) start(stdout io.Reader, ready chan<- string) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := l.keeper.Start()
		started <- err
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		ready <- line
		_ = l.keeper.Wait()
		close(l.gone)
	}()
	return <-started
}

// close kills the keeper, and with it all that runs in the lab, and waits for its end.
func (l *lab) close() error {
	_ = l.stdin.Close()
	_ = l.keeper.Process.Kill()
	<-l.gone
	if l.netns == nil {
		return nil
	}
	return l.netns.Close()
}

// command prepares a command inside all of the lab's namespaces.
func (l *lab) command(ctx context.Context, argv ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(l.keeper.Process.Pid), "--net", "--mount", "--pid", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, argv...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"}
	return cmd
}
