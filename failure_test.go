package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestIsRead(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	closed, err := os.Create(filepath.Join(t.TempDir(), "c"))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.UnixListener).File() //nolint:errcheck // a unix listener
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, c := range map[string]struct {
		f    *os.File
		want bool
	}{"file": {file, true}, "pipe": {pipe, true}, "null": {null, false}, "closed": {closed, false}, "socket": {socket, false}} {
		if got := isRead(c.f); got != c.want {
			t.Errorf("isRead(%s) = %v, want %v", name, got, c.want)
		}
	}
}
