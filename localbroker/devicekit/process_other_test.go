//go:build !unix

package devicekit_test

import "os/exec"

// ownGroup does nothing where there are no process groups.
func ownGroup(*exec.Cmd) {}

// endGroup ends the program.
func endGroup(c *exec.Cmd) { _ = c.Process.Kill() }
