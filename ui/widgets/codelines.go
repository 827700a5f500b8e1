package widgets

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// codeSource is what a CodeView can show: it makes lines when they are asked
// for.
type codeSource interface {
	count() int
	// line returns line i as it was given, and what is known of it.
	line(i int) (text string, about codeLine)
	// longest returns the columns of the longest line, as grid measures them.
	longest(g *grid) int
	// all returns everything as text, for copying.
	all() string
}

// codeLine is what is known of a line beside its text.
type codeLine struct {
	kind   DiffKind
	diff   bool // has a sign column
	number int  // 0 shows none
	lang   Lang
}

// textLines is a text, split where its lines begin.
type textLines struct {
	text   string
	starts []int
	lang   Lang
}

func newTextLines(text string, lang Lang) *textLines {
	starts := make([]int, 1, strings.Count(text, "\n")+1)
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		starts = append(starts, i)
	}
	return &textLines{text: text, starts: starts, lang: lang}
}

func (t *textLines) count() int  { return len(t.starts) }
func (t *textLines) all() string { return t.text }

func (t *textLines) raw(i int) string {
	if i+1 < len(t.starts) {
		return t.text[t.starts[i] : t.starts[i+1]-1]
	}
	return t.text[t.starts[i]:]
}

func (t *textLines) line(i int) (string, codeLine) {
	return t.raw(i), codeLine{number: i + 1, lang: t.lang}
}

func (t *textLines) longest(g *grid) int {
	most := 0
	for i := range t.starts {
		if line := t.raw(i); len(line)*tabWidth > most { // else it cannot be longer
			most = max(most, g.columns(line))
		}
	}
	return most
}

// diffLines is a diff. Line numbers are those of the new text.
type diffLines struct {
	lines   []DiffLine
	numbers []int
}

func newDiffLines(lines []DiffLine) *diffLines {
	d := &diffLines{lines: lines, numbers: make([]int, len(lines))}
	n := 0
	for i, l := range lines {
		if l.Kind != Removed {
			n++
			d.numbers[i] = n
		}
	}
	return d
}

func (d *diffLines) count() int { return len(d.lines) }

func (d *diffLines) line(i int) (string, codeLine) {
	return d.lines[i].Text, codeLine{kind: d.lines[i].Kind, diff: true, number: d.numbers[i], lang: JSON}
}

func (d *diffLines) longest(g *grid) int {
	most := 0
	for _, l := range d.lines {
		most = max(most, g.columns(l.Text))
	}
	return most + signColumns
}

func (d *diffLines) all() string {
	var b strings.Builder
	for _, l := range d.lines {
		b.WriteString(diffSign(l.Kind))
		b.WriteByte(' ')
		b.WriteString(l.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// signColumns is the room for the sign of a diff line.
const signColumns = 2

func diffSign(k DiffKind) string {
	switch k {
	case Added:
		return "+"
	case Removed:
		return "-"
	default:
		return " "
	}
}

// hexLines is a hex dump, made line by line.
type hexLines struct{ data []byte }

const hexRow = 16 // bytes in a line

func (h *hexLines) count() int { return max(1, (len(h.data)+hexRow-1)/hexRow) }

func (h *hexLines) line(i int) (string, codeLine) {
	return string(h.dump(nil, i)), codeLine{}
}

// dump appends line i: offset, two groups of eight bytes, and the same as ASCII.
func (h *hexLines) dump(b []byte, i int) []byte {
	from := i * hexRow
	part := h.data[min(from, len(h.data)):min(from+hexRow, len(h.data))]
	b = fmt.Appendf(b, "%08x ", from)
	for k := range hexRow {
		if k == hexRow/2 {
			b = append(b, ' ')
		}
		if k < len(part) {
			b = fmt.Appendf(b, " %02x", part[k])
		} else {
			b = append(b, "   "...)
		}
	}
	b = append(b, "  "...)
	for _, c := range part {
		if c < ' ' || c > '~' {
			c = '.'
		}
		b = append(b, c)
	}
	return b
}

func (h *hexLines) longest(*grid) int { return 8 + 1 + 3*hexRow + 1 + 2 + hexRow }

func (h *hexLines) all() string {
	var b []byte
	for i := range h.count() {
		b = append(h.dump(b, i), '\n')
	}
	return string(b)
}

// tabWidth is how many columns a tab goes to the next multiple of.
const tabWidth = 4

// grid places runes in columns of one width, as the monospaced font has them; a
// rune from a fallback font may take more than one.
type grid struct {
	m    *meter
	cell float32
}

func newGrid(m *meter) *grid { return &grid{m: m, cell: m.advance('0')} }

// width returns how many columns r takes and whether it fills them exactly.
func (g *grid) width(r rune) (columns int, exact bool) {
	if r < utf8.RuneSelf {
		return 1, true
	}
	w := g.m.advance(r) / g.cell
	columns = max(1, int(w+0.8))
	return columns, w > 0.99 && w < 1.01
}

// columns returns how many columns line takes.
func (g *grid) columns(line string) int {
	n := 0
	for _, r := range line {
		if r == '\t' {
			n += tabWidth - n%tabWidth
			continue
		}
		w, _ := g.width(printable(r))
		n += w
	}
	return n
}

// filler stands in the columns after the first of a wide rune.
const filler = rune(-1)

// cells lays line out: a rune for each column.
func (g *grid) cells(line string) []rune {
	out := make([]rune, 0, len(line))
	for _, r := range line {
		if r == '\t' {
			for range tabWidth - len(out)%tabWidth {
				out = append(out, ' ')
			}
			continue
		}
		r = printable(r)
		out = append(out, r)
		w, _ := g.width(r)
		for range w - 1 {
			out = append(out, filler)
		}
	}
	return out
}
