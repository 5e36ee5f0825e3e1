package measure

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"openmosix/internal/linux/speed"
	"openmosix/internal/model/load"
)

// kept is what stands in the cache: a speed is that of one start of the machine,
// because the machine may be another one after the next.
type kept struct {
	Boot  string `json:"boot"`
	Speed int    `json:"speed"`
}

// measuredSpeed takes the speed from the cache, or measures it.
func (m *Measurer) measuredSpeed() (int, error) {
	boot := m.proc.BootID()
	if text, err := os.ReadFile(m.cache); err == nil {
		var k kept
		if json.Unmarshal(text, &k) == nil && k.Boot == boot && boot != "" && k.Speed >= load.MinSpeed && k.Speed <= load.MaxSpeed {
			return k.Speed, nil
		}
	}
	rounds, err := speed.Measure()
	if err != nil {
		return 0, err
	}
	k := kept{Boot: boot, Speed: load.Speed(rounds)}
	if err := k.write(m.cache); err != nil {
		m.log.Warn("the measured speed is not kept", "error", err) // it will be measured again
	}
	return k.Speed, nil
}

func (k kept) write(path string) error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep speed: %w", err)
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, 0o644); err != nil {
		return fmt.Errorf("keep speed: %w", err)
	}
	return os.Rename(fresh, path)
}
