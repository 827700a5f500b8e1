package payload

import (
	"slices"
	"strings"
)

// Op is what became of a line.
type Op uint8

// The operations.
const (
	Same Op = iota // in both
	Gone           // only in the earlier text
	New            // only in the present text
	Fold           // stands for equal lines that are not shown
)

// Line is one line of a comparison.
type Line struct {
	Op   Op
	Text string
	N    int // for Fold: how many lines are not shown
}

// Bounds of a comparison, so that it always ends soon.
const (
	mostLines = 50_000 // lines per side after equal beginnings and ends
	mostEdits = 1_500  // changed lines
)

// Compare returns the lines of before and now as the shortest way from one to
// the other; removed lines stand before added ones. ok is false when the texts
// are too long or too different to be compared in a moment. equal tells when
// two lines count as the same; nil means ==. Of equal lines now's is returned.
func Compare(before, now []string, key func(string) string) (lines []Line, ok bool) {
	if key == nil {
		key = func(s string) string { return s }
	}
	a, b := intern(before, now, key)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	a, b = a[start:len(a)-end], b[start:len(b)-end]
	if len(a) > mostLines || len(b) > mostLines {
		return nil, false
	}
	ops, ok := shortestEdit(a, b)
	if !ok {
		return nil, false
	}
	lines = make([]Line, 0, start+len(ops)+end)
	for _, s := range now[:start] {
		lines = append(lines, Line{Op: Same, Text: s})
	}
	i, j := start, start
	for _, op := range ops {
		switch op {
		case Gone:
			lines = append(lines, Line{Op: Gone, Text: before[i]})
			i++
		case New:
			lines = append(lines, Line{Op: New, Text: now[j]})
			j++
		default:
			lines = append(lines, Line{Op: Same, Text: now[j]})
			i, j = i+1, j+1
		}
	}
	for _, s := range now[len(now)-end:] {
		lines = append(lines, Line{Op: Same, Text: s})
	}
	goneFirst(lines)
	return lines, true
}

// intern gives each distinct line a number, so that lines compare quickly.
func intern(before, now []string, key func(string) string) (a, b []int32) {
	ids := make(map[string]int32)
	number := func(lines []string) []int32 {
		out := make([]int32, len(lines))
		for i, s := range lines {
			k := key(s)
			id, ok := ids[k]
			if !ok {
				id = int32(len(ids))
				ids[k] = id
			}
			out[i] = id
		}
		return out
	}
	return number(before), number(now)
}

// shortestEdit is Myers' greedy algorithm (1986): for each number of edits d it
// keeps the furthest point on every diagonal, and walks back from the end.
func shortestEdit(a, b []int32) ([]Op, bool) {
	n, m := len(a), len(b)
	most := min(n+m, mostEdits)
	v := make([]int32, 2*most+3)
	at := func(k int) *int32 { return &v[k+most+1] }
	var trace [][]int32
	for d := 0; d <= most; d++ {
		for k := -d; k <= d; k += 2 {
			var x int32
			if k == -d || k != d && *at(k - 1) < *at(k + 1) {
				x = *at(k + 1)
			} else {
				x = *at(k - 1) + 1
			}
			y := int(x) - k
			for int(x) < n && y < m && a[x] == b[y] {
				x, y = x+1, y+1
			}
			*at(k) = x
			if int(x) >= n && y >= m {
				return walkBack(trace, n, m, d), true
			}
		}
		trace = append(trace, append([]int32(nil), v[most+1-d:most+1+d+1]...))
	}
	return nil, false
}

// walkBack reads the edits off the trace; trace[d] holds the furthest x of the
// diagonals -d..d after d edits.
func walkBack(trace [][]int32, x, y, edits int) []Op {
	ops := make([]Op, 0, max(x, y)+edits)
	for d := edits; d > 0; d-- {
		k := x - y
		row := trace[d-1]
		furthest := func(k int) int32 { // on the diagonal k after d-1 edits
			if k < -(d-1) || k > d-1 {
				return -1
			}
			return row[k+d-1]
		}
		added := k == -d || k != d && furthest(k-1) < furthest(k+1)
		prevK := k - 1
		if added {
			prevK = k + 1
		}
		prevX := int(furthest(prevK))
		prevY := prevX - prevK
		begin := prevX // where the equal lines after the edit begin
		if !added {
			begin++
		}
		for ; x > begin; x-- {
			ops = append(ops, Same)
		}
		if added {
			ops = append(ops, New)
		} else {
			ops = append(ops, Gone)
		}
		x, y = prevX, prevY
	}
	for ; x > 0; x-- {
		ops = append(ops, Same)
	}
	slices.Reverse(ops)
	return ops
}

// goneFirst orders each run of changes so that removed lines stand first.
func goneFirst(lines []Line) {
	for i := 0; i < len(lines); {
		if lines[i].Op == Same {
			i++
			continue
		}
		j := i
		var gone, added []Line
		for ; j < len(lines) && lines[j].Op != Same; j++ {
			if lines[j].Op == Gone {
				gone = append(gone, lines[j])
			} else {
				added = append(added, lines[j])
			}
		}
		copy(lines[i:], gone)
		copy(lines[i+len(gone):], added)
		i = j
	}
}

// FoldSame replaces runs of equal lines that are further than context lines
// from any change, and longer than least, by one Fold line each.
func FoldSame(lines []Line, context, least int) []Line {
	var out []Line
	for i := 0; i < len(lines); {
		if lines[i].Op != Same {
			out = append(out, lines[i])
			i++
			continue
		}
		j := i
		for j < len(lines) && lines[j].Op == Same {
			j++
		}
		from, to := i+context, j-context
		if i == 0 {
			from = 0
		}
		if j == len(lines) {
			to = j
		}
		if to-from <= least {
			out = append(out, lines[i:j]...)
		} else {
			out = append(out, lines[i:from]...)
			out = append(out, Line{Op: Fold, Text: "⋯ " + plural(to-from, "equal line"), N: to - from})
			out = append(out, lines[to:j]...)
		}
		i = j
	}
	return out
}

// Changed counts the removed and added lines.
func Changed(lines []Line) (gone, added int) {
	for _, l := range lines {
		switch l.Op {
		case Gone:
			gone++
		case New:
			added++
		default:
		}
	}
	return gone, added
}

// jsonKey compares lines of pretty JSON: a comma at the end is no difference.
func jsonKey(s string) string { return strings.TrimSuffix(s, ",") }
