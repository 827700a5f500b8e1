package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"github.com/thingdesk/thingdesk/assets"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/ui"
	_ "github.com/thingdesk/thingdesk/ui/look/cachefirst" // bounds Fyne's texture cache before Fyne reads the bound
)

// appID is the program's name for the operating system, as in FyneApp.toml.
const appID = "io.thingdesk.app"

// windowCommand opens the window over a Workbench and runs until it is closed
// or ctx ends.
func windowCommand(ctx context.Context, args []string, _, stderr io.Writer) error {
	o, err := readOptions("thingdesk", args, false)
	if err != nil {
		return err
	}
	if err := findDisplay(ctx); err != nil {
		return err
	}
	bench, err := openWorkbench(ctx, o, true, stderr)
	if err != nil {
		showFailure(err, stderr)
		return err
	}
	// A broker that cannot start is shown in the window and no reason to end.
	if err := bench.StartBroker(ctx); err != nil {
		fmt.Fprintf(stderr, "thingdesk: %v\n", err)
	}
	return runWindow(ctx, bench, stderr)
}

// quitMost bounds how long Fyne may take to end after everything is stored.
const quitMost = 3 * time.Second

// runWindow shows the window until it is closed and closes the Workbench. The
// window ends in one of two ways: by the user, then everything is stored before
// Fyne is told to quit, for Fyne's own end may hang; or by SIGINT or SIGTERM,
// which Fyne itself takes as the order to end, then it is stored afterwards.
func runWindow(ctx context.Context, bench *engine.Workbench, stderr io.Writer) error {
	a := app.NewWithID(appID)
	a.SetIcon(fyne.NewStaticResource("icon.png", assets.Icon))
	ended := make(chan struct{})
	closed := make(chan error, 1)
	var w *ui.Window
	var quitting atomic.Bool
	quit := func() {
		if !quitting.CompareAndSwap(false, true) {
			return
		}
		w.Close(context.WithoutCancel(ctx))
		w.Fyne().Hide()
		go func() {
			closed <- closeWorkbench(ctx, bench)
			endFyne(a, ended)
		}()
	}
	w = ui.New(ctx, ui.Config{App: a, Bench: bench, Post: fyne.Do, Quit: quit, Log: newLog(stderr), Version: version})
	w.Fyne().SetCloseIntercept(quit)
	w.Fyne().Show()
	a.Run()
	close(ended)
	if quitting.CompareAndSwap(false, true) {
		w.Close(context.WithoutCancel(ctx))
		return closeWorkbench(ctx, bench)
	}
	return <-closed
}

// endFyne tells Fyne to quit. It ends the program when Fyne does not, which
// has been seen; by then nothing is left to lose.
func endFyne(a fyne.App, ended <-chan struct{}) {
	// When a signal has ended Fyne meanwhile, it runs Quit right here, on a
	// library that is closed.
	defer func() { _ = recover() }()
	select {
	case <-ended:
		return
	default:
	}
	fyne.Do(a.Quit)
	select {
	case <-ended:
	case <-time.After(quitMost):
		os.Exit(exitOK)
	}
}

// errNoDisplay tells that there is nowhere to open a window.
var errNoDisplay = errors.New("there is no display to open a window on; run 'thingdesk serve' for the broker, the shadow service and the recorder without a window")

// findDisplay returns an error in words when no window can be opened. It asks
// before Fyne does, which would end the program.
func findDisplay(ctx context.Context) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil
	}
	display := os.Getenv("DISPLAY")
	if display == "" {
		return errNoDisplay
	}
	host, number, ok := strings.Cut(display, ":")
	if !ok || host != "" && host != "unix" { // over the network: let X11 find out
		return nil
	}
	number, _, _ = strings.Cut(number, ".")
	socket := "/tmp/.X11-unix/X" + number
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var d net.Dialer
	for _, address := range []string{socket, "@" + socket} {
		if conn, err := d.DialContext(ctx, "unix", address); err == nil {
			return conn.Close()
		}
	}
	return fmt.Errorf("the display %q does not answer: %w", display, errNoDisplay)
}
