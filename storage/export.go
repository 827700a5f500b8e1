package storage

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// Format is a file format of Export.
type Format string

// The formats.
const (
	// NDJSON is one JSON object a line.
	NDJSON Format = "ndjson"
	// CSV is RFC 4180 with a header line.
	CSV Format = "csv"
)

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case NDJSON, CSV:
		return f, nil
	}
	return "", fmt.Errorf("read export format %q: use ndjson or csv", name)
}

// exportTime is RFC 3339 with microseconds.
const exportTime = "2006-01-02T15:04:05.000000Z"

// Export writes the rows that match q to w, oldest first, and returns how many
// they were. It does not close w.
//
// A row has these members, or columns, in this order: time (RFC 3339, UTC,
// microseconds), connection, direction (in or out), topic, qos, retained, size
// (bytes of the payload), and payload when it is valid UTF-8 or else
// payload_base64. In NDJSON a topic that is not valid UTF-8, which MQTT forbids,
// is written as topic_base64; in CSV it is written as it is.
func Export(ctx context.Context, h History, q Query, format Format, w io.Writer) (n int64, err error) {
	if _, err := ParseFormat(string(format)); err != nil {
		return 0, err
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	write, flush := exportLines(buf), func() error { return nil }
	if format == CSV {
		if write, flush, err = exportRecords(buf); err != nil {
			return 0, fmt.Errorf("export history: %w", err)
		}
	}
	var failed error
	err = h.Scan(ctx, q, func(r Row) bool {
		if failed = write(&r); failed != nil {
			return false
		}
		n++
		return true
	})
	for _, next := range []error{failed, flush(), buf.Flush()} {
		if err == nil {
			err = next
		}
	}
	if err != nil {
		return n, fmt.Errorf("export history: %w", classify(err))
	}
	return n, nil
}

// exportLines writes rows as NDJSON.
func exportLines(w io.Writer) func(*Row) error {
	var line []byte
	return func(r *Row) error {
		line = append(appendRow(line[:0], r), '\n')
		_, err := w.Write(line)
		if cap(line) > 1<<20 { // after a large payload
			line = nil
		}
		return err
	}
}

// appendRow appends a row as a JSON object.
func appendRow(b []byte, r *Row) []byte {
	m := &r.Message
	b = append(b, `{"time":"`...)
	b = time.UnixMicro(m.Time).UTC().AppendFormat(b, exportTime)
	b = append(b, `","connection":`...)
	b = appendString(b, r.SourceName)
	b = append(b, `,"direction":"`...)
	b = append(b, m.Direction.String()...)
	b = append(b, '"')
	b = appendBytes(b, "topic", []byte(m.Topic))
	b = append(b, `,"qos":`...)
	b = strconv.AppendUint(b, uint64(m.QoS), 10)
	b = append(b, `,"retained":`...)
	b = strconv.AppendBool(b, m.Retained)
	b = append(b, `,"size":`...)
	b = strconv.AppendInt(b, int64(len(m.Payload)), 10)
	b = appendBytes(b, "payload", m.Payload)
	return append(b, '}')
}

// appendBytes appends a member that is text when it is valid UTF-8 and base64,
// under a name that says so, when not.
func appendBytes(b []byte, name string, value []byte) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	if utf8.Valid(value) {
		b = append(b, `":`...)
		return appendString(b, value)
	}
	b = append(b, `_base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, value)
	return append(b, '"')
}

// appendString appends a JSON string. Only what JSON asks for is escaped; bytes
// that are not UTF-8 become U+FFFD, so check before.
func appendString[T string | []byte](b []byte, s T) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			end := min(i+utf8.UTFMax, len(s))
			r, size := utf8.DecodeRuneInString(string(s[i:end]))
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[done:i]...), "\ufffd"...)
				done = i + 1
			}
			i += size
			continue
		}
		b = append(b, s[done:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		done = i
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}

// exportRecords writes a header and rows as CSV.
func exportRecords(w io.Writer) (write func(*Row) error, flush func() error, err error) {
	c := csv.NewWriter(w)
	err = c.Write([]string{"time", "connection", "direction", "topic", "qos", "retained", "size", "payload", "payload_base64"})
	record := make([]string, 9)
	write = func(r *Row) error {
		m := &r.Message
		text, coded := string(m.Payload), ""
		if !utf8.Valid(m.Payload) {
			text, coded = "", base64.StdEncoding.EncodeToString(m.Payload)
		}
		record = append(record[:0], time.UnixMicro(m.Time).UTC().Format(exportTime), r.SourceName, m.Direction.String(), m.Topic,
			strconv.Itoa(int(m.QoS)), strconv.FormatBool(m.Retained), strconv.Itoa(len(m.Payload)), text, coded)
		return c.Write(record)
	}
	flush = func() error {
		c.Flush()
		return c.Error()
	}
	return write, flush, err
}
