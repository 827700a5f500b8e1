package conformance

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A pattern is bytes, some of which may be anything or are captured: the packet
// identifiers that the broker chooses.
type pattern struct {
	bytes []byte
	open  []bool         // bytes that may be anything
	names map[int]string // captures of two bytes, by offset
}

// The language of bytes, tokens between spaces:
//
//	10 003C       hex
//	'MQTT'        the bytes of the text; ~ stands for the prefix of the case
//	"~/a"         the same after its length in two bytes
//	( ... )       the length of what is inside as a variable byte integer, then that
//	[ ... ]       the same with a length of two bytes
//	??            any byte
//	$p            two bytes, captured when first received and then the same
//	61*300        a hex or text token repeated
type compiler struct {
	prefix string
	stack  []*pattern
	kinds  []byte
}

// compile reads one pattern.
func compile(prefix, text string) (*pattern, error) {
	c := &compiler{prefix: prefix, stack: []*pattern{{}}}
	for _, token := range tokens(text) {
		if err := c.token(token); err != nil {
			return nil, fmt.Errorf("token %q: %w", token, err)
		}
	}
	if len(c.stack) != 1 {
		return nil, fmt.Errorf("%q: a bracket is not closed", text)
	}
	return c.stack[0], nil
}

// tokens splits at spaces that are not in quotes.
func tokens(text string) []string {
	var out []string
	var b strings.Builder
	quote := rune(0)
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for _, r := range text {
		switch {
		case quote != 0:
			b.WriteRune(r)
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
			b.WriteRune(r)
		case r == ' ' || r == '\t':
			flush()
		case strings.ContainsRune("()[]", r):
			flush()
			out = append(out, string(r))
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return out
}

// items is tokens with each bracket and all in it as one.
func items(text string) []string {
	var out []string
	depth := 0
	for _, token := range tokens(text) {
		if depth > 0 {
			out[len(out)-1] += " " + token
		} else {
			out = append(out, token)
		}
		switch token {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		}
	}
	return out
}

func (c *compiler) token(token string) error {
	top := c.stack[len(c.stack)-1]
	switch {
	case token == "(" || token == "[":
		c.stack = append(c.stack, &pattern{})
		c.kinds = append(c.kinds, token[0])
		return nil
	case token == ")" || token == "]":
		return c.closeGroup(token[0])
	case token == "??":
		top.open = append(top.pad(), true)
		top.bytes = append(top.bytes, 0)
		return nil
	case strings.HasPrefix(token, "$"):
		if top.names == nil {
			top.names = map[int]string{}
		}
		top.names[len(top.bytes)] = token[1:]
		top.bytes = append(top.bytes, 0, 0)
		return nil
	}
	b, err := c.literal(token)
	top.bytes = append(top.bytes, b...)
	return err
}

func (c *compiler) literal(token string) ([]byte, error) {
	count := 1
	if i := strings.LastIndexByte(token, '*'); i > 0 && !strings.ContainsAny(token[i:], `"'`) {
		n, err := strconv.Atoi(token[i+1:])
		if err != nil {
			return nil, fmt.Errorf("repeat count: %w", err)
		}
		token, count = token[:i], n
	}
	if len(token) >= 2 && (token[0] == '"' || token[0] == '\'') {
		text := strings.ReplaceAll(token[1:len(token)-1], "~", c.prefix)
		b := []byte(strings.Repeat(text, count))
		if token[0] == '"' {
			b = append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
		}
		return b, nil
	}
	b, err := hex.DecodeString(token)
	if err != nil {
		return nil, fmt.Errorf("read hex: %w", err)
	}
	return slices.Repeat(b, count), nil
}

func (c *compiler) closeGroup(end byte) error {
	if len(c.kinds) == 0 || c.kinds[len(c.kinds)-1] != map[byte]byte{')': '(', ']': '['}[end] {
		return fmt.Errorf("%c closes nothing", end)
	}
	n := len(c.stack) - 1
	inner := c.stack[n]
	c.stack, c.kinds = c.stack[:n], c.kinds[:len(c.kinds)-1]
	length := varint(len(inner.bytes))
	if end == ']' {
		length = []byte{byte(len(inner.bytes) >> 8), byte(len(inner.bytes))}
	}
	outer := c.stack[n-1]
	outer.bytes = append(outer.bytes, length...)
	outer.open = append(outer.pad(), inner.pad()...)
	for off, name := range inner.names {
		if outer.names == nil {
			outer.names = map[int]string{}
		}
		outer.names[off+len(outer.bytes)] = name
	}
	outer.bytes = append(outer.bytes, inner.bytes...)
	return nil
}

// pad returns open as long as bytes.
func (p *pattern) pad() []bool {
	for len(p.open) < len(p.bytes) {
		p.open = append(p.open, false)
	}
	return p.open
}

// fill puts in the captures; all must be known.
func (p *pattern) fill(ids map[string][]byte) ([]byte, error) {
	out := slices.Clone(p.bytes)
	for off, name := range p.names {
		id, ok := ids[name]
		if !ok {
			return nil, fmt.Errorf("$%s was never received", name)
		}
		copy(out[off:], id)
	}
	return out, nil
}

// match compares b; when it fits, new captures are put into ids.
func (p *pattern) match(b []byte, ids map[string][]byte) bool {
	if len(b) != len(p.bytes) {
		return false
	}
	free := p.pad()
	got := map[string][]byte{}
	for off, name := range p.names {
		id := b[off : off+2]
		if known, ok := ids[name]; ok && !slices.Equal(known, id) || id[0]|id[1] == 0 {
			return false
		}
		got[name] = id
	}
	for i, x := range b {
		_, here := p.names[i]
		_, before := p.names[i-1]
		if !here && !before && !free[i] && x != p.bytes[i] {
			return false
		}
	}
	for name, id := range got {
		ids[name] = slices.Clone(id)
	}
	return true
}

// varint encodes n as a variable byte integer.
func varint(n int) []byte {
	var out []byte
	for {
		b := byte(n & 0x7F)
		n >>= 7
		if n == 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
