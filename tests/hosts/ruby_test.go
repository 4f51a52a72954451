package hosts

import "testing"

func TestPuma(t *testing.T) {
	needRuby(t)
	s := startServer(t, need(t, "puma"), func(address string) []string {
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
`, needRuby(t), "-w", "fork.rb")
}

func TestSettingFromRuby(t *testing.T) {
	wantSetting(t, "lz4=portable", needRuby(t), "-w", "setting.rb")
}
