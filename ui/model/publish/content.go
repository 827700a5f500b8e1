package publish

import (
	"fmt"
	"unicode/utf8"

	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/model/payload"
)

// EditorLimit is the most text that is edited in place. A larger payload is
// kept aside whole and sent as it is.
const EditorLimit = 10_000

// Format is how the text of the editor becomes bytes.
type Format uint8

// The formats.
const (
	JSON   Format = iota // checked, then sent exactly as typed
	Text                 // sent as typed, in UTF-8
	Hex                  // pairs of digits
	Base64               // standard or URL alphabet
)

// Formats lists the formats in the order of the screen.
func Formats() []Format { return []Format{JSON, Text, Hex, Base64} }

// String returns the name on the screen.
func (f Format) String() string {
	switch f {
	case Text:
		return "Text"
	case Hex:
		return "Hex"
	case Base64:
		return "Base64"
	default:
		return "JSON"
	}
}

// content is the payload being made: text in a format, or bytes kept aside.
type content struct {
	format Format
	text   string
	aside  bool
	bytes  []byte
	origin string // where the bytes kept aside come from

	decoded bool // p and err are those of format and text
	p       []byte
	err     error
}

// contentOf puts bytes into the format that shows them best.
func contentOf(p []byte) content {
	f := Text
	switch kind, _ := payload.Detect(p); kind {
	case payload.JSON, payload.Empty:
		f = JSON
	case payload.Binary:
		f = Hex
	default:
	}
	c := content{format: f}
	if c.text = encode(f, p); len(c.text) > EditorLimit {
		return content{format: f, aside: true, bytes: p, origin: "a message"}
	}
	return c
}

func encode(f Format, p []byte) string {
	switch f {
	case Hex:
		return payload.FormatHex(p)
	case Base64:
		return payload.FormatBase64(p)
	default:
		return string(p)
	}
}

func decode(f Format, text string) ([]byte, error) {
	switch f {
	case Hex:
		return payload.ParseHex(text)
	case Base64:
		return payload.ParseBase64(text)
	case JSON:
		if text == "" {
			return nil, nil
		}
		if fault := payload.CheckJSON([]byte(text)); fault != nil {
			return nil, fmt.Errorf("not JSON at %w (choose Text to send it as it is)", fault)
		}
		return []byte(text), nil
	default:
		return []byte(text), nil
	}
}

func (c *content) decode() ([]byte, error) {
	if c.aside {
		return c.bytes, nil
	}
	if !c.decoded {
		c.p, c.err = decode(c.format, c.text)
		c.decoded = true
	}
	return c.p, c.err
}

// Payload returns the bytes to be sent; the error says what is wrong with the
// text.
func (d *Drawer) Payload() ([]byte, error) { return d.content.decode() }

// Format returns the format of the text.
func (d *Drawer) Format() Format { return d.content.format }

// SetFormat chooses another format. The payload stays the same bytes, so the
// text is written anew; text that is not finished stays as typed. It is refused
// with words when the bytes can not be written in that format.
func (d *Drawer) SetFormat(f Format) (refused string) {
	if d.content.format == f {
		return ""
	}
	if d.content.aside {
		d.content.format = f
		d.revision++
		return ""
	}
	text := d.content.text
	asTyped := (d.content.format == JSON || d.content.format == Text) && (f == JSON || f == Text)
	if p, err := d.Payload(); err == nil && !asTyped {
		if (f == JSON || f == Text) && !utf8.Valid(p) {
			return fmt.Sprintf("These bytes are no UTF-8 text, so they can not be edited as %s.", f)
		}
		text = encode(f, p)
	}
	d.content = content{format: f, text: text}
	d.revision++
	return ""
}

// Text returns the text of the editor; "" while a payload is kept aside.
func (d *Drawer) Text() string { return d.content.text }

// SetText takes what the user typed. Text over EditorLimit is kept aside, for
// the editor would become slow; then kept is true and the editor is to be
// emptied.
func (d *Drawer) SetText(text string) (kept bool) {
	if d.content.aside && text == "" || text == d.content.text && !d.content.aside {
		return false
	}
	d.revision++
	c := content{format: d.content.format, text: text}
	if len(text) > EditorLimit {
		if p, err := c.decode(); err == nil {
			d.content = content{format: c.format, aside: true, bytes: p, origin: "pasted text"}
			return true
		}
	}
	d.content = c
	return false
}

// SetFile makes the content of a file the payload.
func (d *Drawer) SetFile(name string, data []byte) {
	d.content = content{format: d.content.format, aside: true, bytes: data, origin: name}
	d.revision++
}

// Aside tells that the payload is not edited in place, and in words what is
// kept instead: "a.bin, 1.2 MB".
func (d *Drawer) Aside() (words string, ok bool) {
	if !d.content.aside {
		return "", false
	}
	kind, why := payload.Detect(d.content.bytes)
	if kind == payload.Text {
		why = "text"
	}
	return fmt.Sprintf("%s, %s, %s", d.content.origin, model.Bytes(int64(len(d.content.bytes))), why), true
}

// Discard empties the payload.
func (d *Drawer) Discard() {
	d.content = content{format: d.content.format}
	d.revision++
}

// CanTidy tells whether Tidy would do something.
func (d *Drawer) CanTidy() bool {
	if d.content.aside || d.content.format != JSON || d.content.text == "" {
		return false
	}
	_, err := d.Payload()
	return err == nil
}

// Tidy lays JSON out over several lines; literals and order stay as typed.
func (d *Drawer) Tidy() {
	if !d.CanTidy() {
		return
	}
	if pretty, fault := payload.Pretty([]byte(d.content.text)); fault == nil && len(pretty) <= EditorLimit {
		d.SetText(string(pretty))
	}
}
