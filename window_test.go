package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// screen is a private X display with a window manager.
type screen struct{ display string }

// newScreen starts Xvfb and openbox, or skips where they are not installed.
func newScreen(t *testing.T) *screen {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the window is driven under Xvfb on Linux only")
	}
	for _, name := range []string{"Xvfb", "openbox", "xdotool", "import"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("LOUD: %s is not installed; `make test` installs it", name)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	start(t, x)
	w.Close()
	var number int
	if _, err := fmt.Fscan(r, &number); err != nil {
		t.Fatalf("Xvfb did not say its display: %v", err)
	}
	s := &screen{display: fmt.Sprintf(":%d", number)}
	start(t, s.command(context.Background(), "openbox"))
	return s
}

// start starts a command that ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
}

func (s *screen) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display, "WAYLAND_DISPLAY=")
	return cmd
}

func (s *screen) xdotool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(t.Context(), "xdotool", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("xdotool %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// colours counts the colours on the screen.
func (s *screen) colours(t *testing.T) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "screen.png")
	if out, err := s.command(t.Context(), "import", "-window", "root", file).CombinedOutput(); err != nil {
		t.Fatalf("screenshot: %v\n%s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[[4]uint32]bool)
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			r, g, b, a := img.At(x, y).RGBA()
			seen[[4]uint32{r, g, b, a}] = true
		}
	}
	return len(seen)
}

// The real window opens, shows something, refuses a second start on its data
// directory, and ends cleanly with everything stored: on SIGTERM, and when the
// user quits.
func TestWindow(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	t.Run("SIGTERM", func(t *testing.T) {
		t.Parallel()
		windowEnds(t, s, func(cmd *exec.Cmd) {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("Ctrl+Q", func(t *testing.T) {
		t.Parallel()
		s := newScreen(t)
		windowEnds(t, s, func(*exec.Cmd) { s.xdotool(t, "key", "ctrl+q") })
	})
}

func windowEnds(t *testing.T, s *screen, quit func(*exec.Cmd)) {
	t.Helper()
	dir := t.TempDir()
	var stderr bytes.Buffer
	cmd := s.command(context.Background(), binary, "--data", dir, "--listen", "127.0.0.1:0")
	cmd.Stderr = &stderr
	start(t, cmd)
	s.xdotool(t, "search", "--sync", "--onlyvisible", "--name", "^Thingdesk$")
	eventually(t, "the window to draw", func() bool { return s.colours(t) > 50 })
	if _, second, code := execute(t, "serve", "--data", dir, "--listen", "127.0.0.1:0"); code != 1 || !strings.Contains(second, "already open") {
		t.Errorf("second start: exit %d, %s", code, second)
	}
	quit(cmd)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("window ended with %v: %s", err, &stderr)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the window did not end within 30 s")
	}
	if _, e, code := execute(t, "export", "--data", dir); code != 0 {
		t.Errorf("export after the window: exit %d, %s", code, e)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// No widget is touched off Fyne's goroutine: without the tag migrated_fynedo
// Fyne looks at each call and complains. Everything that is live is shown once.
func TestNoCallsOffFynesGoroutine(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	checked := filepath.Join(t.TempDir(), "thingdesk")
	if out, err := exec.Command("go", "build", "-tags", "x11", "-o", checked, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var stderr bytes.Buffer
	cmd := s.command(context.Background(), checked, "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	cmd.Stderr = &stderr
	start(t, cmd)
	s.xdotool(t, "search", "--sync", "--onlyvisible", "--name", "^Thingdesk$")
	eventually(t, "the window to draw", func() bool { return s.colours(t) > 50 })
	for _, key := range []string{"ctrl+d", "ctrl+p", "ctrl+Return", "ctrl+n", "ctrl+k", "ctrl+shift+p", "ctrl+shift+p", "ctrl+equal"} {
		s.xdotool(t, "key", key)
		time.Sleep(500 * time.Millisecond) // several samples
	}
	s.xdotool(t, "key", "ctrl+q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("window ended with %v", err)
	}
	if strings.Contains(stderr.String(), "call thread") {
		t.Errorf("a widget was touched off Fyne's goroutine:\n%s", &stderr)
	}
}
