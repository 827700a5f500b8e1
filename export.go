package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
)

// exportCommand writes history, oldest first, also while another Thingdesk has
// the data directory open.
func exportCommand(ctx context.Context, args []string, stdout, _ io.Writer) (err error) {
	fs := newFlags("export")
	data := fs.String("data", defaultDataDir(), "")
	since := fs.String("since", "", "")
	until := fs.String("until", "", "")
	format := fs.String("format", "ndjson", "")
	file := fs.String("o", "", "")
	var q storage.Query
	fs.Func("filter", "", func(s string) error {
		q.Filters = append(q.Filters, s)
		return topic.ValidateFilter(s)
	})
	if err := parse(fs, args); err != nil {
		return err
	}
	now := time.Now()
	if q.From, err = moment(*since, now); err != nil {
		return fmt.Errorf("%w: --since: %w", errUsage, err)
	}
	if q.To, err = moment(*until, now); err != nil {
		return fmt.Errorf("%w: --until: %w", errUsage, err)
	}
	f := storage.Format(*format)
	if f != storage.NDJSON && f != storage.CSV {
		return fmt.Errorf("%w: --format must be ndjson or csv, not %q", errUsage, *format)
	}
	if err := spareData(*data, *file); err != nil {
		return err
	}
	h, err := storage.OpenHistoryReadOnly(ctx, *data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return writeExport(ctx, h, q, f, *file, stdout)
}

// spareData refuses a target that is a file of the data directory, which
// writing would destroy, whatever name leads to it.
func spareData(data, target string) error {
	written, err := os.Stat(target)
	if err != nil {
		return nil //nolint:nilerr // nothing is there to destroy
	}
	files, err := os.ReadDir(data)
	if err != nil {
		return nil //nolint:nilerr // opening the history says what is wrong
	}
	for _, f := range files {
		own, err := os.Stat(filepath.Join(data, f.Name()))
		if err == nil && os.SameFile(own, written) && (f.Name() == "lock" || strings.Contains(f.Name(), ".db")) {
			return fmt.Errorf("export to %q: Thingdesk keeps its own data in that file: choose another file with -o", target)
		}
	}
	return nil
}

// writeExport writes to standard output, to what is no ordinary file (a pipe),
// or to a file: beside it first, so that an older one is only replaced by a
// whole one.
func writeExport(ctx context.Context, h storage.History, q storage.Query, f storage.Format, file string, stdout io.Writer) (err error) {
	if file == "" || file == "-" {
		return writeBuffered(ctx, h, q, f, stdout)
	}
	hint := func(err error) error { return fmt.Errorf("export to %q: %w: choose another file with -o", file, err) }
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		dst, err := os.OpenFile(file, os.O_WRONLY, 0) //nolint:gosec // the user names the file
		if err != nil {
			return hint(err)
		}
		return errors.Join(writeBuffered(ctx, h, q, f, dst), dst.Close())
	}
	dst, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return hint(err)
	}
	if err := errors.Join(writeBuffered(ctx, h, q, f, dst), dst.Close()); err != nil {
		return errors.Join(err, os.Remove(dst.Name()))
	}
	if err := os.Rename(dst.Name(), file); err != nil {
		return errors.Join(hint(err), os.Remove(dst.Name()))
	}
	return nil
}

func writeBuffered(ctx context.Context, h storage.History, q storage.Query, f storage.Format, w io.Writer) error {
	buf := bufio.NewWriterSize(w, 1<<16)
	if _, err := storage.Export(ctx, h, q, f, buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// moment reads a time: RFC 3339, local date with or without time, or a span
// before now. It returns microseconds since 1970 UTC, 0 for an empty s.
func moment(s string, now time.Time) (int64, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 1e5 {
			return now.Add(-time.Duration(n * 24 * float64(time.Hour))).UnixMicro(), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d).UnixMicro(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UnixMicro(), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t.UnixMicro(), nil
		}
	}
	return 0, fmt.Errorf("%q is no time; use for example 2026-11-21T10:00:00Z, '2026-11-21 10:00' or 24h", s)
}
