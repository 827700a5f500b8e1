// Package cachefirst bounds Fyne's texture cache. Import it for its side
// effect in package main.
//
// Fyne keeps each distinct drawn text as a texture for a minute unless
// FYNE_CACHE says otherwise, and live values fill the memory with them: in a
// minute of updates ten times a second the program grows by 700 MB. Fyne reads
// the variable in the init of its cache package, so it must be set before that.
//
// Go initialises, of all packages whose imports are ready, the one with the
// smallest import path. This package imports nothing but syscall, and its path
// (github.com/...) sorts before internal/..., which os needs; os is what Fyne
// reads the variable with. So this init runs before os is usable, on whichever
// path Fyne is imported. It must import nothing else, os included.
package cachefirst

import "syscall"

// lifetime is how long Fyne keeps a texture that is not drawn.
const lifetime = "5s"

func init() { //nolint:gochecknoinits // Fyne reads the variable in its own init, which must come later
	if _, set := syscall.Getenv("FYNE_CACHE"); !set {
		_ = syscall.Setenv("FYNE_CACHE", lifetime) // without it memory grows, nothing breaks
	}
}
