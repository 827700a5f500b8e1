package shadow

import "fmt"

// What a Service allows unless its Limits say otherwise.
const (
	// DefaultMaxDocument is the size of both sections in bytes, as compact JSON
	// with braces, without metadata, version and token (U9: AWS does not say
	// what exactly its 8 KB are; Greengrass counts so).
	DefaultMaxDocument = 8192
	// DefaultMaxDepth is the levels of nesting in a section (U8: AWS's error
	// text says 6, its quotas say 8; that empty objects do not count is how
	// Greengrass sees it).
	DefaultMaxDepth = 8
)

// What the limits can be raised to.
const (
	// GreatestMaxDocument is the most that AWS grants an account.
	GreatestMaxDocument = 30 * 1024
	// GreatestMaxDepth is far beyond what AWS grants.
	GreatestMaxDepth = 64
)

// AWSInFlight is how many unanswered shadow requests AWS allows a connection
// before it answers 429.
const AWSInFlight = 10

// Limits bounds what a Service accepts. Zero fields mean the defaults. The
// number of named shadows of a Thing is not limited, as on AWS.
type Limits struct {
	// Document is the bytes of both sections of a document after merging, as
	// compact JSON. More is refused with 413.
	Document int
	// Depth is the levels of objects and arrays in a section, the section being
	// the first; empty ones do not count. The text of the 400 names it.
	Depth int
	// InFlight is how many unanswered requests a connection may have; 0 is no
	// limit (U24: AWS's documents disagree on whether it counts per connection
	// or per Thing). The service knows no connections: who takes the requests
	// counts, and answers one too many with Refuse and CodeThrottled.
	InFlight int
}

// Check tells which limit is out of range.
func (l Limits) Check() error {
	for _, c := range []struct {
		name       string
		value, top int
	}{
		{"document size", l.Document, GreatestMaxDocument},
		{"depth", l.Depth, GreatestMaxDepth},
		{"requests in flight", l.InFlight, 65536},
	} {
		if c.value < 0 || c.value > c.top {
			return fmt.Errorf("check shadow limits: %s %d is not within 0 and %d", c.name, c.value, c.top)
		}
	}
	return nil
}

func (l Limits) document() int {
	if l.Document > 0 {
		return l.Document
	}
	return DefaultMaxDocument
}

func (l Limits) depth() int {
	if l.Depth > 0 {
		return l.Depth
	}
	return DefaultMaxDepth
}
