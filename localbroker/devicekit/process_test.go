package devicekit_test

import (
	"os/exec"
	"runtime"
	"testing"
)

// run starts a program and ends it, with what it started, when the test ends.
func run(t *testing.T, c *exec.Cmd, said *output) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: the programs of the kit are tested on Unix only")
	}
	c.Stdout, c.Stderr = said, said
	ownGroup(c)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endGroup(c)
		_ = c.Wait()
	})
}
