// Package access knows who may use a listener of the bundled broker, and for
// what: users with hashed passwords, and rules over topics. It holds no
// connection and reads no file.
package access

import "fmt"

// Error says which of the users or rules is wrong, and why.
type Error struct {
	List  string // "users" or "rules"
	Index int    // in that list, from 0
	Field string // "name", "hash", "actions", "filter", ...
	Why   string // what is wrong and what to do
}

// Error returns the place and what is wrong there.
func (e *Error) Error() string {
	return fmt.Sprintf("%s[%d].%s %s", e.List, e.Index, e.Field, e.Why)
}
