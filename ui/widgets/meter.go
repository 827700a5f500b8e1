package widgets

import (
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
)

const (
	ellipsis = '…'
	// longestCut bounds how many runes of a text are looked at, whatever their
	// widths: no row shows more.
	longestCut = 4096
)

// meter measures text of one size and style. It sums the advances of single
// runes, which it remembers, so that a new text costs no shaping. The sum may
// be a little more than the drawn width, where runes are kerned.
type meter struct {
	size   float32
	style  fyne.TextStyle
	ascii  [utf8.RuneSelf]float32 // 0 when not known yet
	others map[rune]float32
	buf    []byte
}

func newMeter(size float32, style fyne.TextStyle) *meter {
	return &meter{size: size, style: style, others: map[rune]float32{}}
}

func (m *meter) advance(r rune) float32 {
	if r < utf8.RuneSelf {
		if m.ascii[r] == 0 {
			m.ascii[r] = m.measure(r)
		}
		return m.ascii[r]
	}
	w, ok := m.others[r]
	if !ok {
		w = m.measure(r)
		m.others[r] = w
	}
	return w
}

func (m *meter) measure(r rune) float32 {
	return fyne.MeasureText(string(r), m.size, m.style).Width
}

// cut returns text as one line no wider than room, with "…" where it was cut,
// and its width. Control characters are shown as signs. Text that fits as it is
// comes back uncopied.
func (m *meter) cut(text string, room float32) (shown string, width float32) {
	tail := m.advance(ellipsis)
	m.buf = m.buf[:0]
	var (
		changed bool
		kept    int     // bytes of buf that fit with the ellipsis behind them
		keptW   float32 // their width
		runes   int
	)
	for i := 0; i < len(text); runes++ {
		r, n := utf8.DecodeRuneInString(text[i:])
		shown := printable(r)
		w := m.advance(shown)
		if width+w > room || runes == longestCut {
			if keptW+tail > room {
				return "", 0
			}
			return string(utf8.AppendRune(m.buf[:kept], ellipsis)), keptW + tail
		}
		changed = changed || shown != r || (r == utf8.RuneError && n == 1)
		m.buf = utf8.AppendRune(m.buf, shown)
		width += w
		if width+tail <= room {
			kept, keptW = len(m.buf), width
		}
		i += n
	}
	if changed {
		return string(m.buf), width
	}
	return text, width
}

// printable returns the sign that stands for r in a row, which keeps the row
// one line and the reader unfooled by direction marks. The fonts that come with
// Fyne have them all.
func printable(r rune) rune {
	const joiner, variation = '\u200d', '\ufe0f' // parts of emoji
	switch {
	case r >= ' ' && r < 0x7f, r == joiner, r == variation:
		return r
	case r == '\n', r == '\u2028', r == '\u2029':
		return '↵'
	case r == '\t':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return '·'
	default:
		return r
	}
}
