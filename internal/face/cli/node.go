package cli

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/linux/gowatcher"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/daemon"
	"openmosix/internal/node/keyfile"
	"openmosix/internal/node/logging"
)

// nodeFlags stand over the configuration file.
type nodeFlags struct {
	file, runDir, stateDir, listen, key, log string
	number                                   int
	peers                                    []string
	check                                    bool
}

func newNode() *cobra.Command {
	f := &nodeFlags{}
	c := &cobra.Command{
		Use:   "node",
		Short: "Run the node daemon",
		Args:  noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&f.file, "config", config.DefaultFile, "configuration file")
	flags.StringVar(&f.runDir, "run-dir", "", "directory of the control socket (default "+config.DefaultRunDir+")")
	flags.StringVar(&f.stateDir, "state-dir", "", "directory for caches (default "+config.DefaultStateDir+")")
	flags.StringVar(&f.listen, "listen", "", "ADDRESS:PORT for the other nodes")
	flags.StringVar(&f.key, "key", "", "cluster key file (default "+config.DefaultKey+")")
	flags.StringVar(&f.log, "log", "", "log level: debug, info, warn or error")
	flags.IntVar(&f.number, "number", 0, "number of this node")
	flags.StringArrayVar(&f.peers, "peer", nil, "NUMBER=ADDRESS of another node (may be repeated; replaces those of the file)")
	flags.BoolVar(&f.check, "check", false, "read and check the configuration and the cluster key, start nothing")
	c.RunE = func(c *cobra.Command, _ []string) error {
		full, err := f.config()
		if err != nil {
			return err
		}
		if f.check {
			_, err = keyfile.Load(full.Key)
			return err
		}
		return runNode(c.Context(), f, full, c.Root().Version)
	}
	return c
}

func (f *nodeFlags) config() (config.Config, error) {
	c, err := config.Load(f.file)
	if err != nil {
		return c, err
	}
	for to, value := range map[*string]string{&c.RunDir: f.runDir, &c.StateDir: f.stateDir, &c.Listen: f.listen, &c.Key: f.key, &c.Log: f.log} {
		if value != "" {
			*to = value
		}
	}
	if level := os.Getenv(logVariable); level != "" {
		c.Log = level
	}
	if f.number != 0 {
		c.Number = f.number
	}
	if len(f.peers) > 0 {
		c.Peers = nil
	}
	for _, text := range f.peers {
		p, err := config.ParsePeer(text)
		if err != nil {
			return c, usageError("%v", err)
		}
		c.Peers = append(c.Peers, p)
	}
	if c, err = c.Complete(); err != nil {
		return c, err
	}
	return c, c.Check()
}

// logVariable overrides the log level of the configuration.
const logVariable = "OPENMOSIX_LOG"

// The Go runtime's watcher makes up most of what an idle daemon uses. It may sleep longer, and
// there are processors to spare, so that nobody waits for it to take one from a
// goroutine that stands in the kernel (docs/design/0016-cpu-of-supervisors.md). By how many
// percent its heap grows until it is collected: there is 1 MB of it, and while a build places
// programs that was a third of what the daemon used.
const (
	watchEvery = 2 * time.Millisecond
	processors = 4
	collectAt  = 300
)

func runNode(ctx context.Context, f *nodeFlags, c config.Config, version string) error {
	var level slog.LevelVar
	if err := setLevel(&level, c.Log); err != nil {
		return err
	}
	log := logging.New(os.Stderr, logging.Options{Format: c.LogFormat, Level: &level, Journal: logging.ToJournal(os.Stderr, os.Getenv("JOURNAL_STREAM"))})
	runtime.GOMAXPROCS(max(processors, runtime.NumCPU()))
	debug.SetGCPercent(collectAt)
	if err := gowatcher.Calm(watchEvery); err != nil {
		log.Warn("this daemon uses more CPU time than it need", "error", err)
	}
	keys, err := keyfile.Load(c.Key)
	if err != nil {
		return err
	}
	warn(log, c)
	d, err := daemon.New(c, keys, daemon.JudgeHere, daemon.NewThisMachine(), log)
	if err != nil {
		return err
	}
	d.Called(version)
	d.Reloads(func() (config.Config, trust.Ring, error) {
		fresh, err := f.config()
		if err != nil {
			return fresh, nil, err
		}
		keys, err := keyfile.Load(fresh.Key)
		if err != nil {
			return fresh, nil, err
		}
		warn(log, fresh)
		return fresh, keys, setLevel(&level, fresh.Log)
	})
	// Who stops a node does not know how its caller had this signal.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				_, _ = d.Reload() // it logs how that went
			}
		}
	}()
	return d.Run(ctx)
}

// warn logs what the configuration may say and hardly means.
func warn(log *slog.Logger, c config.Config) {
	for _, doubt := range c.Doubts() {
		log.Warn("the configuration is doubtful", "doubt", doubt)
	}
}

func setLevel(to *slog.LevelVar, text string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return err
	}
	to.Set(level)
	return nil
}
