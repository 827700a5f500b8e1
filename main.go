// Thingdesk is a desktop workbench for IoT engineers: a bundled MQTT broker
// with a Device Shadow service, Things with reported and desired state side by
// side, every topic live, every message kept.
//
// This file is the composition root: it reads the command line and builds the
// parts. One small file beside it for each subcommand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// version is the program's version; FyneApp.toml says the same.
const version = "0.1.0"

const usage = `Thingdesk, the workbench for MQTT Things

usage:
  thingdesk [--data DIR] [LISTENERS]
        open the window
  thingdesk serve [--data DIR] [LISTENERS] [--history=off]
        run broker, shadow service and recorder without a window
  thingdesk export [--data DIR] [--filter TOPICFILTER] [--since T] [--until T]
                   [--format ndjson|csv] [-o FILE]
        write the message history, oldest first
  thingdesk device NAME [--data DIR] [--host HOST] [--port PORT] [--key p256|rsa]
                   [--days N] [-o FILE.zip]
        issue a certificate to a device, with programs to start from
  thingdesk hash
        read a password and print its hash for a user in broker.json
  thingdesk version
        say which version this is

  --data DIR         data directory; default %s
  --listen HOST:PORT where the bundled broker listens; default 127.0.0.1:1883, or
                     what broker.json in the data directory says; port 0 picks a
                     free one
  --listen-tls HOST:PORT, --listen-ws HOST:PORT, --listen-wss HOST:PORT
                     also listen with TLS, WebSocket, secure WebSocket; beyond
                     this computer devices need a certificate (thingdesk device)
  --http HOST:PORT   also offer the data plane of AWS IoT Core over HTTP: shadows,
                     retained messages, publishing; without password, so keep it
                     on 127.0.0.1
  --history=off      record nothing
  --filter FILTER    MQTT topic filter, for example 'factory/+/temperature';
                     may be given several times
  --since T          from this time on: RFC 3339 (2026-11-21T10:00:00Z), a local
                     date or date and time (2026-11-21, '2026-11-21 10:00'), or a
                     span before now (90m, 24h, 7d)
  --until T          before this time; same forms
  -o FILE            write to FILE instead of standard output
`

// Exit codes.
const (
	exitOK    = 0
	exitError = 1 // it could not be done; standard error says why
	exitUsage = 2 // the command line was not understood
)

// errUsage is wrapped by errors that are faults of the command line.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the command line says and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := "window"
	if len(args) > 0 && len(args[0]) > 0 && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	commands := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"window": windowCommand, "serve": serveCommand, "export": exportCommand, "device": deviceCommand, "hash": hashCommand, "version": versionCommand, "help": helpCommand,
	}
	do, ok := commands[command]
	if !ok {
		fmt.Fprintf(stderr, "thingdesk: unknown command %q\n\n", command)
		fmt.Fprintf(stderr, usage, defaultDataDir())
		return exitUsage
	}
	err := do(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, usage, defaultDataDir())
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "thingdesk: %v\n\n", err)
		fmt.Fprintf(stderr, usage, defaultDataDir())
		return exitUsage
	default:
		fmt.Fprintf(stderr, "thingdesk: %v\n", err)
		return exitError
	}
}

func versionCommand(_ context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: version takes no arguments", errUsage)
	}
	_, err := fmt.Fprintf(stdout, "thingdesk %s\n", version)
	return err
}

func helpCommand(context.Context, []string, io.Writer, io.Writer) error { return flag.ErrHelp }

// newFlags returns a quiet flag set: run says what is wrong.
func newFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// parse reads flags; every fault, left-over words too, is a usage error.
func parse(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("%w: unknown word %q", errUsage, fs.Arg(0))
	}
	return nil
}

// newLog writes what only a developer needs to standard error when
// THINGDESK_LOG is set, at its level (debug, info, warn), and nothing
// otherwise.
func newLog(stderr io.Writer) *slog.Logger {
	var level slog.Level
	if os.Getenv("THINGDESK_LOG") == "" || level.UnmarshalText([]byte(os.Getenv("THINGDESK_LOG"))) != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
}
