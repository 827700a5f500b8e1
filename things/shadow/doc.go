// Package shadow knows AWS-IoT-compatible Device Shadows: topics, documents,
// merging, the delta, metadata, versions and errors, and the service that
// answers requests as a pure function from a request to replies and a change.
//
// The rules the service keeps:
//
//   - Requests come on {prefix}/get, {prefix}/update and {prefix}/delete, where
//     the prefix is $aws/things/{thing}/shadow for the classic shadow and
//     $aws/things/{thing}/shadow/name/{shadow} for a named one. Any other topic,
//     the service's own answers included, is no request and gets no answer.
//   - An update names what changes: objects are merged, null removes, arrays and
//     scalars replace. It is applied whole or not at all.
//   - Metadata is a tree parallel to the state with the time of the last update
//     that named each leaf.
//   - The delta is what desired holds and reported does not hold equally. It is
//     computed, never stored, and sent after every update that leaves one.
//   - Every accepted update adds one to the version; a version in a request must
//     be the current one. A deleted shadow leaves a tombstone for 48 hours so
//     that its versions go on when it comes back.
//   - A client token is echoed in everything the request causes.
//
// Where public sources leave AWS's behaviour open, the choice made here is a
// constant in choices.go or a field of Limits, with the doubt in its comment;
// U and a number names the doubt wherever it plays a role. RULES.md lists all
// rules with the code that keeps them and the tests that prove it.
//
// The service works on trees of nodes (node.go), which are parsed for a request
// and gone after it; what it keeps of a shadow is the text of its document.
// Merge, Delta and Equal do the same on Objects for views; a fuzz target holds
// both to each other and to a slow model. All functions on documents are pure.
// Objects are read-only once made: results share those parts of their inputs
// that did not change.
package shadow
