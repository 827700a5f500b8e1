package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
)

// readyMost bounds the wait for the recorder's own connection.
const readyMost = 10 * time.Second

// serveCommand runs the bundled broker, the shadow service and the recorder
// until ctx ends. It says ready when connections are accepted and recorded. A
// port in use is an error when the user named it; the default port gives way
// to a free one.
func serveCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := readOptions("serve", args, true)
	if err != nil {
		return err
	}
	w, err := openWorkbench(ctx, o, !o.listenGiven, stderr)
	if err != nil {
		return err
	}
	err = serve(ctx, w, stdout, stderr)
	return errors.Join(err, closeWorkbench(ctx, w))
}

func serve(ctx context.Context, w *engine.Workbench, stdout, stderr io.Writer) error {
	for _, notice := range w.Notices() {
		fmt.Fprintf(stderr, "thingdesk: %s\n", notice)
	}
	if err := w.StartBroker(ctx); err != nil {
		return err
	}
	st := w.Broker()
	if st.Moved {
		fmt.Fprintf(stderr, "thingdesk: %s is in use; listening on %s instead\n", st.Wanted, st.Addr)
	}
	if err := waitSubscribed(ctx, w.Session(broker.LocalID)); err != nil {
		return err
	}
	for _, also := range st.Listeners[1:] {
		fmt.Fprintf(stderr, "thingdesk: also listening: %s\n", url(also))
	}
	if _, err := fmt.Fprintf(stdout, "ready %s\n", url(st.Listeners[0])); err != nil {
		return fmt.Errorf("say ready: %w", err)
	}
	watchRecorder(ctx, w, stderr)
	return nil
}

// url turns the name of a listener, "tls 127.0.0.1:8883", into what clients are
// given.
func url(listener string) string {
	protocol, addr, _ := strings.Cut(listener, " ")
	schemes := map[string]string{"tcp": "mqtt", "tls": "mqtts"}
	return cmp.Or(schemes[protocol], protocol) + "://" + addr
}

// waitSubscribed returns when the Session records what the broker carries.
func waitSubscribed(ctx context.Context, s *engine.Session) error {
	ctx, cancel := context.WithTimeout(ctx, readyMost)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		answered := s.Status().State == broker.Connected
		for _, sub := range s.Subscriptions() {
			answered = answered && (sub.Answered || sub.Paused)
		}
		if answered {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("connect to the bundled broker: %s", s.Status().Reason)
			}
			return nil // told to stop
		}
	}
}

// watchRecorder waits for the end and says meanwhile, once each time it
// changes, what keeps messages and shadows from being stored.
func watchRecorder(ctx context.Context, w *engine.Workbench, stderr io.Writer) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var said, saidShadows, saidState string
	var lost uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if trouble := w.Broker().StoreTrouble; trouble != saidShadows {
			if saidShadows = trouble; trouble != "" {
				fmt.Fprintf(stderr, "thingdesk: shadows are not stored, their updates are refused: %s\n", trouble)
			} else {
				fmt.Fprintln(stderr, "thingdesk: shadows are stored again")
			}
		}
		if trouble := w.Broker().StateTrouble; trouble != saidState {
			if saidState = trouble; trouble != "" {
				fmt.Fprintf(stderr, "thingdesk: sessions and retained messages are not stored, their acknowledgements wait: %s\n", trouble)
			} else {
				fmt.Fprintln(stderr, "thingdesk: sessions and retained messages are stored again")
			}
		}
		st := w.RecorderStats()
		if st.Trouble == "" && said == "" && st.Dropped > lost {
			fmt.Fprintf(stderr, "thingdesk: messages come faster than they can be stored: %d not recorded so far; send more slowly\n", st.Dropped)
		}
		lost = st.Dropped
		if st.Trouble == said {
			continue
		}
		if said = st.Trouble; said != "" {
			fmt.Fprintf(stderr, "thingdesk: recording: %s (%d messages dropped so far)\n", said, st.Dropped)
		} else {
			fmt.Fprintf(stderr, "thingdesk: recording goes on (%d messages dropped)\n", st.Dropped)
		}
	}
}
