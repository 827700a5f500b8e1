// Package things is the domain: what a Thing is, whether it is present, and
// what its shadows are known to hold. It learns from messages and knows no
// client library, database or screen.
package things

import (
	"errors"
	"fmt"
	"strings"
)

// Thing is a device as the user knows it. It is kept in storage.
type Thing struct {
	// Connection is the ID of the connection profile the Thing belongs to.
	Connection string
	// Name is the thing name in topics; unique in its connection.
	Name string
	// Display is what the user calls it; Name when empty.
	Display string
	// Group is the path of groups it stands in, "floor-1/line-2"; may be empty.
	Group string
	// Filters are the topic filters of the Thing's own topics; {thing} stands
	// for Name.
	Filters []string
	// Created is when it was found or added, microseconds since 1970 UTC.
	Created int64
}

// Title returns the name to show.
func (t Thing) Title() string {
	if t.Display != "" {
		return t.Display
	}
	return t.Name
}

// TopicFilters returns the Thing's filters with {thing} replaced by Name.
func (t Thing) TopicFilters() []string {
	filters := make([]string, 0, len(t.Filters))
	for _, f := range t.Filters {
		filters = append(filters, strings.ReplaceAll(f, "{thing}", t.Name))
	}
	return filters
}

// MaxName is the longest thing name (AWS IoT API, CreateThing).
const MaxName = 128

// nameRunes are the characters of a thing name.
const nameRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-"

// ValidateName returns an error in words when name is no thing name: 1 to 128
// letters, digits, colons, underscores and hyphens (AWS IoT API, CreateThing).
func ValidateName(name string) error {
	switch {
	case name == "":
		return errors.New("give the Thing a name")
	case len(name) > MaxName:
		return fmt.Errorf("the name is %d characters long: at most %d are allowed", len(name), MaxName)
	case strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune(nameRunes, r)
	}):
		return fmt.Errorf("the name %q may only hold letters, digits, : _ and -", name)
	}
	return nil
}
