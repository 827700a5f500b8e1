package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thingdesk/thingdesk/storage"
)

// progressStep is how many messages pass between two reports of progress.
const progressStep = 500

// FileExporter returns an ExportFunc that reads from h. It writes beside the
// file and gives it its name at the end, so that there is never half a file.
func FileExporter(h storage.History) ExportFunc {
	return func(ctx context.Context, q storage.Query, format storage.Format, path string, progress func(int64)) (n int64, err error) {
		f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
		if err != nil {
			return 0, fmt.Errorf("write %q: %w", path, err)
		}
		n, err = storage.Export(ctx, counted{h, progress}, q, format, f)
		if closed := f.Close(); err == nil && closed != nil {
			err = fmt.Errorf("write %q: %w", path, closed)
		}
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			return n, errors.Join(err, os.Remove(f.Name()))
		}
		return n, nil
	}
}

// counted is a History that tells how far a scan is.
type counted struct {
	storage.History
	progress func(int64)
}

// Scan calls f for each row that matches q.
func (c counted) Scan(ctx context.Context, q storage.Query, f func(storage.Row) bool) error {
	n := int64(0)
	return c.History.Scan(ctx, q, func(r storage.Row) bool {
		if n++; n%progressStep == 0 {
			c.progress(n)
			if ctx.Err() != nil {
				return false
			}
		}
		return f(r)
	})
}
