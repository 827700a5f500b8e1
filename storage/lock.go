package storage

import "errors"

// errLocked is what lock returns when another process (or another Dir of this
// one) holds the lock. The lock goes with the file: the system gives it back
// when the process ends, however it ends.
var errLocked = errors.New("locked")
