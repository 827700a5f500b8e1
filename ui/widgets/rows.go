package widgets

// Tone is what a colour means; the theme says which colour that is.
type Tone uint8

// The tones.
const (
	ToneNormal Tone = iota
	ToneDim         // secondary text
	ToneAccent      // the user's own: edited, selected
	ToneGood        // in sync, online
	ToneWarn        // pending, slow
	ToneBad         // refused, lost
)

// Column describes a column of a Table.
type Column struct {
	Title string
	Width float32 // fixed width, for text of size 13 and scaled with it; 0 shares what is left
	Right bool    // right-aligned
	Mono  bool    // monospace
}

// Cell is what one cell of a Table shows.
type Cell struct {
	Text string
	Tone Tone
	Bold bool // has no effect in a Mono column
}

// TableSource gives a Table its rows. It is only asked on Fyne's goroutine and
// only for visible rows.
type TableSource interface {
	Len() int
	// Cells fills out, which has one Cell per column and is zeroed before.
	Cells(row int, out []Cell)
}

// TreeRow is what one row of a Tree shows.
type TreeRow struct {
	Depth     int
	Branch    bool // has a disclosure triangle
	Open      bool
	Mark      string // one or two characters before the text, such as ● or ○
	MarkTone  Tone
	Text      string
	TextTone  Tone
	Bold      bool
	Value     string // after the text, dim, monospace, cut at the right edge
	Note      string // right-aligned: counts, rates
	NoteTone  Tone
	Highlight bool // tint the row: just updated
}

// TreeSource gives a Tree its flattened rows, under the same rules as
// TableSource.
type TreeSource interface {
	Len() int
	Row(i int) TreeRow
}
