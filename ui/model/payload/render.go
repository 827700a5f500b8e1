package payload

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/thingdesk/thingdesk/ui/model"
)

// View is the way a payload is looked at.
type View uint8

// The views.
const (
	Auto   View = iota // what changed, else what Detect takes it for
	AsJSON             // pretty JSON
	AsText             // UTF-8 text
	AsHex              // hex dump
	AsDiff             // compared with an earlier message
)

// Views lists the views in the order of the screen.
func Views() []View { return []View{Auto, AsJSON, AsText, AsHex, AsDiff} }

// String returns the name on the screen.
func (v View) String() string {
	switch v {
	case AsJSON:
		return "JSON"
	case AsText:
		return "Text"
	case AsHex:
		return "Hex"
	case AsDiff:
		return "Diff"
	default:
		return "Auto"
	}
}

// Limits that a view keeps to until it is asked to show all.
const (
	PrettyLimit = 1_000_000 // bytes of JSON made pretty unasked
	TextLimit   = 1_000_000 // bytes of text
	HexLimit    = 64_000    // bytes in a hex dump
	DiffLimit   = 1_000_000 // bytes on each side of a comparison
	foldContext = 5         // equal lines around a change
	foldLeast   = 40        // shorter runs of equal lines are not folded
)

// Request says what to show.
type Request struct {
	Payload []byte
	View    View
	// Before is the earlier payload to compare with; Compare tells that there
	// is one.
	Before  []byte
	Compare bool
	// All lifts every limit.
	All bool
}

// Form is the form in which the screen shows a payload.
type Form uint8

// The forms.
const (
	Plain  Form = iota // Text as it is
	Tinted             // Text, coloured as JSON
	Dump               // Bytes, dumped as hex
	Diff               // Lines
)

// Shown is a payload ready for the screen.
type Shown struct {
	Form  Form
	Text  string // for Plain and Tinted
	Bytes []byte // for Dump: what to dump, cut by the limit
	Lines []Line // for Diff
	// Took says what the payload was taken for, and why when it was a guess.
	Took string
	// Note says what is shown differently from what was received; "" when nothing.
	Note string
	// Limit names a limit that took effect and what it hid; "" when everything
	// is shown. Lift says what lifting it would do: the words for a button.
	Limit, Lift string
	// Fault says why the view asked for is not possible; then the nearest
	// possible one is shown.
	Fault string
}

// Equal tells whether both look the same on the screen.
func (s Shown) Equal(o Shown) bool {
	return s.Form == o.Form && s.Text == o.Text && s.Took == o.Took && s.Note == o.Note && s.Limit == o.Limit &&
		s.Lift == o.Lift && s.Fault == o.Fault && bytes.Equal(s.Bytes, o.Bytes) && slices.Equal(s.Lines, o.Lines)
}

// Render makes a payload ready for the screen. It is pure and may run on any
// goroutine; a large payload takes tens of milliseconds.
func Render(r Request) Shown {
	switch r.View {
	case AsJSON:
		return renderJSON(r)
	case AsText:
		return renderText(r)
	case AsHex:
		return renderHex(r)
	case AsDiff:
		return renderDiff(r)
	default:
		return renderAuto(r)
	}
}

func renderAuto(r Request) Shown {
	if r.Compare && !bytes.Equal(r.Before, r.Payload) && len(r.Payload) <= DiffLimit && len(r.Before) <= DiffLimit {
		return renderDiff(r)
	}
	kind, why := Detect(r.Payload)
	s := renderKind(kind, r)
	s.Took = "Auto: " + why
	return s
}

func renderKind(kind Kind, r Request) Shown {
	switch kind {
	case JSON:
		return renderJSON(r)
	case Binary:
		return renderHex(r)
	case Empty:
		return Shown{}
	default:
		return renderText(r)
	}
}

func renderJSON(r Request) Shown {
	if len(r.Payload) == 0 {
		return Shown{Took: "empty payload"}
	}
	if len(r.Payload) > PrettyLimit && !r.All {
		s := renderText(r)
		s.Took = "JSON as received"
		s.Limit = fmt.Sprintf("JSON over %s is not checked or laid out unasked; ", model.Bytes(PrettyLimit)) + s.Limit
		s.Lift = "Lay out all " + model.Bytes(int64(len(r.Payload)))
		return s
	}
	pretty, fault := Pretty(r.Payload)
	if fault != nil {
		s := renderText(r)
		s.Fault = "Not JSON: " + fault.Error()
		return s
	}
	text, note := readable(pretty)
	return Shown{Form: Tinted, Text: text, Took: "JSON " + jsonType(r.Payload), Note: note}
}

func renderText(r Request) Shown {
	p := r.Payload
	s := Shown{}
	if len(p) > TextLimit && !r.All {
		p = cutAtRune(p, TextLimit)
		s.Limit = fmt.Sprintf("showing the first %s of %s", model.Bytes(int64(len(p))), model.Bytes(int64(len(r.Payload))))
		s.Lift = "Show all " + model.Bytes(int64(len(r.Payload)))
	}
	s.Text, s.Note = readable(p)
	s.Took = "text"
	if len(p) == 0 {
		s.Took = "empty payload"
	}
	return s
}

// cutAtRune returns at most n bytes of p without cutting a character in two.
func cutAtRune(p []byte, n int) []byte {
	for back := range 4 {
		if n-back > 0 && p[n-back]&0xC0 != 0x80 {
			return p[:n-back]
		}
	}
	return p[:n]
}

func renderHex(r Request) Shown {
	s := Shown{Form: Dump, Bytes: r.Payload, Took: plural(len(r.Payload), "byte")}
	if len(r.Payload) == 0 {
		return Shown{Took: "empty payload"}
	}
	if len(r.Payload) > HexLimit && !r.All {
		s.Bytes = r.Payload[:HexLimit]
		s.Limit = fmt.Sprintf("showing the first %s of %s", model.Bytes(HexLimit), model.Bytes(int64(len(r.Payload))))
		s.Lift = "Dump all " + model.Bytes(int64(len(r.Payload)))
	}
	return s
}

func renderDiff(r Request) Shown {
	if !r.Compare {
		s := renderAuto(r)
		s.Fault = "There is no earlier message to compare with"
		return s
	}
	if bytes.Equal(r.Before, r.Payload) {
		kind, why := Detect(r.Payload)
		s := renderKind(kind, r)
		s.Took = "no difference; " + why
		return s
	}
	if (len(r.Payload) > DiffLimit || len(r.Before) > DiffLimit) && !r.All {
		kind, _ := Detect(r.Payload)
		s := renderKind(kind, r)
		s.Limit = joinNotes(fmt.Sprintf("payloads over %s are not compared unasked", model.Bytes(DiffLimit)), s.Limit)
		s.Lift = "Compare"
		return s
	}
	before, now, key, as := sameForm(r.Before, r.Payload)
	lines, ok := Compare(before, now, key)
	if !ok {
		s := Render(Request{Payload: r.Payload, All: r.All})
		s.Fault = fmt.Sprintf("Too different to compare line by line: %s before, %s now",
			plural(len(before), "line"), plural(len(now), "line"))
		return s
	}
	gone, added := Changed(lines)
	s := Shown{Form: Diff, Lines: lines, Took: fmt.Sprintf("changes as %s: −%d +%d lines", as, gone, added)}
	if gone+added == 0 {
		s.Took = "same " + as + ", written differently"
	}
	if !r.All {
		s.Lines = FoldSame(lines, foldContext, foldLeast)
		if len(s.Lines) < len(lines) {
			s.Limit = "long runs of equal lines are folded"
			s.Lift = "Show all lines"
		}
	}
	return s
}

// sameForm brings two payloads into lines of the same form: JSON when both
// are, hex when either is binary, text otherwise.
func sameForm(before, now []byte) (a, b []string, key func(string) string, as string) {
	ka, _ := Detect(before)
	kb, _ := Detect(now)
	switch {
	case ka == Binary || kb == Binary:
		return HexLines(before), HexLines(now), nil, "bytes"
	case (ka == JSON || ka == Empty) && (kb == JSON || kb == Empty):
		pa, _ := Pretty(before)
		pb, _ := Pretty(now)
		return splitLines(string(pa)), splitLines(string(pb)), jsonKey, "JSON"
	default:
		ta, _ := readable(before)
		tb, _ := readable(now)
		return splitLines(ta), splitLines(tb), nil, "text"
	}
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
