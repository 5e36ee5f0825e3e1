package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/model/refusal"
)

// The process that tune moves to and fro is this program under the name
// refusal.Probe. It does what it is told line by line on standard input.
const (
	probeCalls   = "calls"   // N: make N calls that home does, answer with the nanoseconds they took
	probeRewrite = "rewrite" // write all memory anew
)

func newProbe() *cobra.Command {
	return &cobra.Command{
		Use:    refusal.Probe + " MIB",
		Short:  "Be moved and measured by tune",
		Hidden: true,
		Args:   arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			mib, err := strconv.Atoi(args[0])
			if err != nil || mib < 1 || mib > 1<<16 {
				return usageError("%s: not a number of MiB", args[0])
			}
			// Started by way of /proc/self/exe it would be called exe in events and by ps. Only looks depend on it.
			_ = os.WriteFile("/proc/self/comm", []byte(refusal.Probe), 0)
			return probeMain(c.InOrStdin(), c.OutOrStdout(), make([]byte, mib<<20))
		},
	}
}

func probeMain(in io.Reader, out io.Writer, memory []byte) error {
	source := rand.NewChaCha8([32]byte{})
	refill := func() { _, _ = source.Read(memory) } // it never fails
	refill()
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		verb, number, _ := strings.Cut(lines.Text(), " ")
		answer := int64(0)
		switch verb {
		case probeRewrite:
			refill()
		case probeCalls:
			n, err := strconv.Atoi(number)
			if err != nil {
				return usageError("%s: not a number of calls", number)
			}
			begun := time.Now()
			for range n {
				syscall.Getppid()
			}
			answer = time.Since(begun).Nanoseconds()
		default:
			return usageError("%q: not known", verb)
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// probe is such a process as its parent has it.
type probe struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startProbe starts one. It ends with this process, however that ends.
func startProbe(ctx context.Context, mib int) (*probe, error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", refusal.Probe, strconv.Itoa(mib))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// Its collector must not move memory about while it is measured.
	cmd.Env = append(os.Environ(), "GOGC=off")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the process to measure with: %w", err)
	}
	p := &probe{cmd: cmd, in: in, out: bufio.NewReader(out)}
	if line, err := p.out.ReadString('\n'); err != nil || line != "ready\n" {
		p.end()
		return nil, errors.Join(fmt.Errorf("the process to measure with does not begin: %q", line), err)
	}
	return p, nil
}

func (p *probe) pid() int { return p.cmd.Process.Pid }

// end is also for one that is away: what its parent kills at home ends there too.
func (p *probe) end() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *probe) do(line string) (int64, error) {
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		return 0, fmt.Errorf("tell the process to measure with: %w", err)
	}
	answer, err := p.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("hear from the process to measure with: %w", err)
	}
	return strconv.ParseInt(strings.TrimSpace(answer), 10, 64)
}

// calls gives microseconds for one.
func (p *probe) calls(n int) (float64, error) {
	nanos, err := p.do(probeCalls + " " + strconv.Itoa(n))
	return float64(nanos) / float64(n) / 1000, err
}

func (p *probe) rewrite() error {
	_, err := p.do(probeRewrite)
	return err
}
