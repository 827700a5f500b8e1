//go:build !race

package core

// underRace tells whether the race detector is at work.
const underRace = false
