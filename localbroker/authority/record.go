package authority

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// record is what was issued and revoked.
type record struct {
	issued   []Issued
	bySerial map[string]int // in issued
	size     int64          // of the file, without an interrupted last line
	disk     int64          // of the file as it is
	open     bool           // the last line has no line end
}

// line is one line of the record: a certificate that was issued, or only its
// serial number and when it was revoked.
type line struct {
	Serial  string    `json:"serial"`
	Name    string    `json:"name,omitzero"`
	Key     KeyKind   `json:"key,omitzero"`
	Issued  time.Time `json:"issued,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// loadRecord reads the record.
func (a *Authority) loadRecord() error {
	data, err := readFile(a.path(RecordFile))
	if err != nil {
		return err
	}
	r, torn, err := parseRecord(data)
	if err != nil {
		return fmt.Errorf("%s is damaged in %w: mend the line or put a copy of the file back, for it says which certificates were revoked", RecordFile, err)
	}
	if torn {
		a.notices = append(a.notices, fmt.Sprintf("the last line of %q is incomplete, after a crash perhaps, and was left out", a.path(RecordFile)))
	}
	r.disk = int64(len(data))
	a.record = r
	return nil
}

// parseRecord reads lines. torn tells that the last one is incomplete: then
// what it was to tell was never confirmed to anybody.
func parseRecord(data []byte) (r record, torn bool, err error) {
	r.bySerial = map[string]int{}
	for number := 1; len(data) > 0; number++ {
		text, rest, whole := bytes.Cut(data, []byte{'\n'})
		length := int64(len(data) - len(rest))
		data = rest
		if len(bytes.TrimSpace(text)) > 0 {
			var l line
			err := json.Unmarshal(text, &l)
			if err == nil {
				err = r.add(l)
			}
			if err != nil && !whole {
				return r, true, nil
			}
			if err != nil {
				return r, false, fmt.Errorf("line %d (%w)", number, err)
			}
		}
		r.size += length
		r.open = !whole
	}
	return r, false, nil
}

// add takes one line in.
func (r *record) add(l line) error {
	if b, err := hex.DecodeString(l.Serial); err != nil || len(b) == 0 || len(b) > 20 || hex.EncodeToString(b) != l.Serial {
		return fmt.Errorf("serial number %q: want up to 40 small hexadecimal digits", l.Serial)
	}
	i, known := r.bySerial[l.Serial]
	if !known {
		if err := CheckName(l.Name); err != nil {
			return err
		}
		if l.Issued.IsZero() || l.Expires.IsZero() {
			return errors.New("it lacks issued or expires")
		}
		i = len(r.issued)
		r.issued = append(r.issued, Issued{Serial: l.Serial, Name: l.Name, Kind: l.Key, Issued: l.Issued, Expires: l.Expires})
		r.bySerial[l.Serial] = i
	} else if l.Revoked.IsZero() {
		return fmt.Errorf("serial number %s was issued already", l.Serial)
	}
	if r.issued[i].Revoked.IsZero() {
		r.issued[i].Revoked = l.Revoked
	}
	return nil
}

// appendLocked writes a line to the record and takes it in. It is stored when
// appendLocked returns; after an error it is in neither, and the next line takes
// the place of what the failed one left.
func (a *Authority) appendLocked(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write %s: %w", RecordFile, err)
	}
	text = append(text, '\n')
	if a.record.open {
		text = append([]byte{'\n'}, text...)
	}
	if err := a.writeLocked(text); err != nil {
		return fmt.Errorf("write %s: %w", RecordFile, cause(err))
	}
	a.record.size += int64(len(text))
	a.record.disk, a.record.open = a.record.size, false
	return a.record.add(l)
}

// writeLocked puts text at the end of the record, in place of an incomplete
// line. What a failed write left is cut off.
func (a *Authority) writeLocked(text []byte) error {
	f, err := os.OpenFile(a.path(RecordFile), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != a.record.disk {
		return errors.Join(errors.New("another program changed the file: start this one again"), f.Close())
	}
	if err == nil {
		err = f.Truncate(a.record.size)
	}
	if err == nil {
		_, err = f.WriteAt(text, a.record.size)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil && f.Truncate(a.record.size) == nil {
		a.record.disk = a.record.size
	}
	return errors.Join(err, f.Close())
}
