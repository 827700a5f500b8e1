// Package widgets holds Fyne widgets that know nothing of Thingdesk: virtual
// tree and table whose cost does not grow with their length, a read-only code
// view, a badge.
package widgets
