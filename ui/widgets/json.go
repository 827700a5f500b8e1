package widgets

// Classes of JSON tokens; what lies between tokens is plain.
const (
	classPlain = iota
	classKey
	classString
	classNumber
	classLiteral
	classCount
)

// token is a coloured stretch of a line, in runes.
type token struct {
	start, end int
	class      uint8
}

// lexJSON finds the tokens of one line of JSON. Strings of JSON do not span
// lines, so a line needs nothing of the lines before it. Of what is not JSON it
// makes the best.
func lexJSON(line []rune) []token {
	var tokens []token
	for i := 0; i < len(line); {
		start := i
		switch r := line[i]; {
		case r == '"':
			i = stringEnd(line, i)
			class := uint8(classString)
			if colonFollows(line, i) {
				class = classKey
			}
			tokens = append(tokens, token{start, i, class})
		case r == '-' || isDigit(r):
			for i++; i < len(line) && isNumberPart(line[i]); i++ {
			}
			tokens = append(tokens, token{start, i, classNumber})
		case isLetter(r):
			for i++; i < len(line) && isLetter(line[i]); i++ {
			}
			switch string(line[start:i]) {
			case "true", "false", "null":
				tokens = append(tokens, token{start, i, classLiteral})
			}
		default:
			i++
		}
	}
	return tokens
}

// stringEnd returns the index after the string that begins at i.
func stringEnd(line []rune, i int) int {
	for i++; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(line)
}

func colonFollows(line []rune, i int) bool {
	for ; i < len(line); i++ {
		if line[i] != ' ' {
			return line[i] == ':'
		}
	}
	return false
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isNumberPart(r rune) bool {
	return isDigit(r) || r == '.' || r == 'e' || r == 'E' || r == '+' || r == '-'
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
