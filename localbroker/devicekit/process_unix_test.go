//go:build unix

package devicekit_test

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the program into a process group, with what it will start.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup ends the process group.
func endGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
