package hosts

import (
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

func TestPuma(t *testing.T) {
	need.Ruby(t)
	s := startServer(t, need.Program(t, "puma"), func(address string) []string {
		return []string{"--config", "puma.rb", "--bind", "tcp://" + address, "config.ru"}
	})
	s.wantWorkers(t)
}

// TestForkInRuby proves the same as TestPool.
func TestForkInRuby(t *testing.T) {
	wantOutput(t, `children before the parent: 0 0 0
the parent, after its children: 0
a child after the parent: 18
the parent, after all: 0
`, need.Ruby(t), "-w", "fork.rb")
}

func TestSettingFromRuby(t *testing.T) {
	wantSetting(t, "lz4=portable", need.Ruby(t), "-w", "setting.rb")
}
