package localbroker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"syscall"
)

// nearPorts is how many ports after the wanted one are tried before any free
// one: a device that was set to a port finds the broker there next time too.
const nearPorts = 10

// bind listens on address, or, when that is in use and anyPort is set, on a
// free port of the same host, which moved tells.
func bind(ctx context.Context, address string, anyPort bool) (l net.Listener, moved bool, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, false, fmt.Errorf("listen on %q: give HOST:PORT, for example %s: %w", address, DefaultListen, err)
	}
	var config net.ListenConfig
	l, err = config.Listen(ctx, "tcp", address)
	wanted, _ := strconv.Atoi(port) // a port by name has no neighbours
	for near := 1; anyPort && inUse(err) && near <= nearPorts+1; near++ {
		next := strconv.Itoa(wanted + near)
		if near > nearPorts || wanted == 0 || wanted+near > 65535 {
			next = "0"
		}
		l, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, next))
		moved = true
	}
	if err != nil {
		return nil, false, fmt.Errorf("listen on %q: %w", address, reason(err))
	}
	return l, moved, nil
}

// reason strips what net says of address and operation from err, and makes a
// port in use look the same everywhere.
func reason(err error) error {
	used := inUse(err)
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if used && !errors.Is(err, syscall.EADDRINUSE) {
		return errors.Join(err, syscall.EADDRINUSE)
	}
	return err
}

// inUse tells whether err means that something listens on the port already.
func inUse(err error) bool {
	const windowsInUse = syscall.Errno(10048) // WSAEADDRINUSE, which is not EADDRINUSE to package syscall
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, windowsInUse)
}
