// Package assets holds the bytes that are built into the program.
package assets

import _ "embed"

// Icon is the program's icon, a PNG of 256×256 pixels.
//
//go:embed icon.png
var Icon []byte
